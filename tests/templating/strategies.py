"""Texts and values that try to break templates."""

from decimal import Decimal

from hypothesis import strategies as st

from langcache.templating import Personal

NASTY = [
    "[startup name]", "{{x}}", "${x}", "\\0", "\x00", '"', "'", "\\", "\\u0000", '{"a": 1}', "<b>", "](",
    "a|b*", "(?P<x>", "\u202eabc", "Path\u200bAI", "e\u0301", "\ufffc", "İstanbul", "ß", "ﬁ", "北京大学",
    "हिन्दी", "🚀", "the", "10", "Mark", "200,000", "3.42", "2019-03-01", "PathAI", "Path AI", "pathai",
    "MIT", "San Mateo", "Andes Cafe San Mateo", "\n", " ", "O'Brien", "[", "]", "[startup", "name]", "\ud800",
    "²²", "٣٠", "½", "1" * 40, "0." + "1" * 38,
]  # fmt: skip
pieces = st.one_of(st.sampled_from(NASTY), st.text(max_size=6))
texts = st.lists(pieces, max_size=8).map("".join)
values = st.one_of(
    texts,
    st.integers(-(10**7), 10**7),
    st.integers(-(10**60), 10**60),
    st.floats(allow_nan=True),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000),
    st.sampled_from([Decimal("1E+28"), Decimal("1E-1000000"), Decimal("0E+1000000"), Decimal("-0"), Decimal("sNaN")]),
    st.decimals(),
    st.dates(),
    st.lists(texts, max_size=4),
)
NAMES = ["startup", "school", "city"]


@st.composite
def users(draw: st.DrawFn) -> list[Personal]:
    """Up to three slots of one user."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    return [Personal(name, f"{name} name", draw(values)) for name in names]


@st.composite
def answers(draw: st.DrawFn, found: list[Personal]) -> str:
    """A text that holds some of the user's values among other things."""
    own = [str(item) for slot in found for item in (slot.value if isinstance(slot.value, list) else [slot.value])]
    parts = st.one_of(st.sampled_from([*own, " ", ", ", " and ", "'s "]), pieces)
    return "".join(draw(st.lists(parts, max_size=12)))
