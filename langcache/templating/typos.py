"""Words one slip away from a value's words, found through shared deletions instead of comparing all pairs."""

from collections.abc import Iterable, Iterator

_SHORTEST, _LONGEST = 5, 32


class Near:
    """Target words and, for each way to drop a letter from them, where that leads.

    A slip leaves a word its first letter, and either the two after it or the last one: by these nearly all
    words of a text are told apart from the targets before any letter is dropped.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._deletions: dict[str, list[str]] = {}
        self._heads: set[str] = set()
        self._ends: set[tuple[str, str]] = set()

    def add(self, name: str, targets: Iterable[str]) -> None:
        """Index a slot's words; short, very long and numeric ones are left to exact comparison."""
        for word in targets:
            if word in self._names or not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
                continue
            self._names[word] = name
            self._heads.add(word[:3])
            self._ends.add((word[0], word[-1]))
            for shape in _shapes(word):
                self._deletions.setdefault(shape, []).append(word)

    def among(self, words: Iterable[str]) -> dict[str, str]:
        """The words that are slips, and the slots they are slips of; the target words themselves are none."""
        heads, ends = self._heads, self._ends
        alike = (word for word in words if word[:3] in heads or (word[:1], word[-1:]) in ends)
        return {word: name for word in alike if (name := self._find(word)) is not None}

    def _find(self, word: str) -> str | None:
        if word in self._names or not _SHORTEST - 1 <= len(word) <= _LONGEST + 1 or not word.isalpha():
            return None
        for shape in _shapes(word):
            for target in self._deletions.get(shape, ()):
                if target[0] == word[0] and one_slip(word, target):
                    return self._names[target]
        return None


def _shapes(word: str) -> Iterator[str]:
    yield word
    yield from (word[:i] + word[i + 1 :] for i in range(1, len(word)))


def one_slip(a: str, b: str) -> bool:
    """Whether one letter is missing, added, changed, or two neighbours are swapped."""
    if len(a) > len(b):
        a, b = b, a
    at = next((i for i, c in enumerate(a) if c != b[i]), len(a))
    if len(a) < len(b):
        return len(b) - len(a) == 1 and a[at:] == b[at + 1 :]
    swapped = a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :]
    return swapped or a[at + 1 :] == b[at + 1 :]
