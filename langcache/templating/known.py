"""What the prompt and the features say before any value is put in: words there are no evidence of a value."""

from collections.abc import Iterable, Sequence

from langcache.templating.folding import folded_words


class Known:
    """Texts that everybody's request has, compiled.

    Args:
        texts: the literal texts of the prompt and the features.

    Attributes:
        words: their words, folded.
    """

    __slots__ = ("_phrases", "_texts", "words")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)
        folded = [folded_words(text) for text in self._texts]
        self._phrases = [f" {' '.join(words)} " for words in folded]
        self.words: frozenset[str] = frozenset().union(*folded)

    def also(self, texts: Iterable[str]) -> "Known":
        """This and more texts; the prompt is compiled once, the features of a request are few and short."""
        more = Known(texts)
        more._texts = self._texts + more._texts
        more._phrases = self._phrases + more._phrases
        more.words |= self.words
        return more

    def says(self, folded: Sequence[str]) -> bool:
        """Whether some text has these words, side by side."""
        if not self.words.issuperset(folded):
            return False
        phrase = f" {' '.join(folded)} "
        return any(phrase in text for text in self._phrases)

    def shows(self, signs: str) -> bool:
        """Whether some text has these signs, which are no words (an emoji)."""
        return any(signs in text for text in self._texts)
