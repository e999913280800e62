"""Words one slip away from a value's words, found through shared deletions instead of comparing all pairs."""

from collections.abc import Iterable, Iterator

_LONGEST = 32


class Near:
    """Target words and, for each way to drop a letter from them, where that leads."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._deletions: dict[str, list[str]] = {}

    def add(self, name: str, targets: Iterable[str]) -> None:
        """Index a slot's words; very long and numeric ones are left to exact comparison."""
        for word in targets:
            if word in self._names or len(word) > _LONGEST or not word.isalpha():
                continue
            self._names[word] = name
            for shape in _shapes(word):
                self._deletions.setdefault(shape, []).append(word)

    def find(self, word: str) -> str | None:
        """The slot that a word is a slip of; ``None`` also for the target words themselves."""
        if word in self._names or not 4 <= len(word) <= _LONGEST + 1 or not word.isalpha():
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
