"""The words of a text as one string of letters, so that it does not matter how a value's words are divided."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from langcache.templating.forms import Forms

_STEPS = 4
"""Words after which it is worth more to look for the end of a form than to go on word by word."""


class Joined:
    """The letters of all words of a text.

    Args:
        folded: the words, folded.
    """

    def __init__(self, folded: Sequence[str]) -> None:
        self._folded = folded

    @cached_property
    def _letters(self) -> str:
        return "".join(self._folded)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(map(len, self._folded)))

    def spelled_from(self, first: int, forms: Forms) -> Iterator[tuple[str, int]]:
        """The letters of every form that may be spelled by whole words from *first* on, and the last of the words.

        The longest beginning of a form is found by bisection, and forms within it are known beforehand: a text
        that nearly holds long values everywhere costs little more than one that does not.
        """
        letters = self._folded[first]
        for last in range(first, min(first + _STEPS, len(self._folded))):
            if last > first:
                letters += self._folded[last]
            if letters not in forms.prefixes:
                return
            if letters in forms.full or letters in forms.long:
                yield letters, last
        if len(letters) < forms.longest:
            yield from self._further(first, len(letters), forms)

    def _further(self, first: int, passed: int, forms: Forms) -> Iterator[tuple[str, int]]:
        start = self._ends[first] - len(self._folded[first])
        longest = range(passed, forms.longest + 1)
        cut = bisect_left(longest, True, key=lambda n: self._letters[start : start + n] not in forms.prefixes)
        for length in forms.within(self._letters[start : start + longest[cut - 1]]):
            last = bisect_right(self._ends, start + length) - 1
            if length > passed and self._ends[last] == start + length:
                yield self._letters[start : start + length], last
