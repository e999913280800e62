"""Whether a capitalised word that opens a sentence is somebody who does something there: ``Young joined in 1999``."""

import re

_DOES = re.compile(
    r"['’]s?\b"
    r"| (?:(?:also|then|later|now|first|soon|still|once|even|never|always|often|\w+ly) )?"
    r"(?:was|is|has|had|will|would|can|could|did|does|holds|began|became|won|lost|led|left|grew|went|came|made|wrote"
    r"|writes|spoke|taught|teaches|said|says|tells|told|met|took|takes|gave|gives|got|gets|put|built|builds|ran|runs|spent"
    r"|sold|bought|brought|held|kept|saw|sees|sang|sings|plays|lives|works|wants|needs|loves|likes|knows|knew|thinks|thought"
    r"|believes|leads|serves|makes|drew|draws|fought|died|et al|[a-z]{2,}ed)\b"
    r"|, (?:you|your|i|we|it|let|please|thank|thanks|here|this|who|whose|keep|start|then)\b",
    re.IGNORECASE,
)
# Words that open a sentence without an article, with the same verbs behind them.
_UNCOUNTED = frozenset(
    """
    april august art business cash church class color design duty education energy faith fame fashion food
    fortune friday gold grace health heat history home hope january joy july june justice land law life light
    love luck march may mercy money monday music nature news night oil one page paper park peace power price
    pride prime rain reason rice rock royal saturday school science silver snow song sport spring summer sun
    sunday time town trade trust truth tuesday virtue wall war water winter wood work
    """.split()  # noqa: SIM905 -- a list of words is read better than a list of strings
)
_SIGNED = re.compile(r",\s*\n[\s*_]*$")


def acts(text: str, start: int, end: int) -> bool:
    """Whether what stands around a capitalised word shows a person: a verb, an address, a signature."""
    word = text[start:end]
    if not word[:1].isupper() or word.isupper():
        return False
    if _SIGNED.search(text, max(0, start - 12), start) and not text[end : end + 12].strip(" *_").partition("\n")[0]:
        return True
    return word.lower() not in _UNCOUNTED and _DOES.match(text, end) is not None
