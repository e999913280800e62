"""Forms too long to be looked up letter by letter: found by their beginning, told apart in their order."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Generic, TypeVar

E = TypeVar("E")


@dataclass(slots=True)
class Heads(Generic[E]):
    """Long texts that begin alike, and what each stands for.

    Looking one up costs a few comparisons however many there are, and however alike: the texts are kept in
    order, and each knows the longest other one that it begins with.
    """

    found: dict[str, E] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _within: list[list[str]] = field(default_factory=list)
    _longest: int = 0

    def add(self, text: str, meaning: E) -> None:
        """Keep a text; the first meaning of equal texts stays."""
        if text not in self.found:
            self.found[text] = meaning
            self._order.clear()

    def longest_at(self, text: str, start: int) -> E | None:
        """The meaning of the longest kept text that stands at *start*."""
        if not self._order:
            self._sort()
        piece = text[start : start + self._longest]
        at = bisect_right(self._order, piece) - 1
        if at < 0:
            return None
        chain = self._within[at]
        fits = bisect_right(chain, False, key=lambda kept: not piece.startswith(kept))
        return self.found[chain[fits - 1]] if fits else None

    def _sort(self) -> None:
        self._order = sorted(self.found)
        self._longest = max(map(len, self._order))
        self._within = []
        chain: list[str] = []
        for text in self._order:
            while chain and not text.startswith(chain[-1]):
                chain.pop()
            chain.append(text)
            self._within.append(chain.copy())
