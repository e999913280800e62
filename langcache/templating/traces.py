"""What gives a number away in another notation, or nearly: ``34th``, ``XXXIV``, ``2e5``, ``3.420``, ``about 3.4``.

None of it can be filled for another user: which notation a writer chooses depends on the number.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from langcache.templating.kinds.numerals import MOST, ordinal, spell, spell_ordinal

_FEW = 13
"""Below it ordinals and Roman numerals stand in any text: a second step, Part II."""
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_TIMES = ("x10^", "×10^", "*10^", " x 10^", " × 10^", " * 10^")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_DIGITS = tuple(str.maketrans("0123456789", digits) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९"))
_INDIAN = ((10**7, ("crore", "crores", "cr")), (10**5, ("lakh", "lakhs", "lac", "lacs")))
_NEARLY = (
    "about ",
    "around ",
    "approximately ",
    "roughly ",
    "nearly ",
    "almost ",
    "over ",
    "under ",
    "than ",
    "to ",
    "~",
)
_YEARS = range(1800, 2101)
"""What is rather a year than a quantity, and so is not rounded."""


def notations(number: Decimal) -> Iterator[str]:
    """The same number in other notations."""
    whole = number == number.to_integral_value()
    yield from _longer(number, whole=whole)
    if whole and _FEW <= number < MOST:
        yield from _counting(int(number))
    if abs(number) >= 1000:
        yield from _powers(number)
    if not whole:
        yield from _spelled(number)
    yield from _halves(number)


def _longer(number: Decimal, *, whole: bool) -> Iterator[str]:
    """With zeros that say nothing."""
    plain = f"{number.normalize():f}"
    yield from (plain + zeros for zeros in ((".0", ".00") if whole else ("0", "00")))
    if whole and abs(number) >= 1000:
        yield f"{number:,.0f}.0"


def _counting(number: int) -> Iterator[str]:
    """Its ordinal, and its Roman numeral."""
    yield from (ordinal(number), f"{number}s", f"{number}ish", f"{number}yo", f"{number}-ish")
    yield from (str(number).translate(digits) for digits in _DIGITS)
    if number >= 1000:
        yield f"{number:,}{ordinal(number)[-2:]}"
    else:
        yield spell_ordinal(number)
    if number < 4000:
        yield roman(number)
    if 1000 < number < 10000 and number // 100 % 10:
        yield from _hundreds(number)


def _hundreds(number: int) -> Iterator[str]:
    """``twelve hundred thirty-four``, ``twelve thirty-four``."""
    hundreds, rest = spell(number // 100), number % 100
    yield f"{hundreds} hundred" + (f" {spell(rest)}" if rest else "")
    if rest:
        yield from (f"{hundreds} hundred and {spell(rest)}", f"{hundreds} {spell(rest)}")


def roman(number: int) -> str:
    """``XXXIV`` for 34."""
    out = ""
    for size, letters in _ROMAN:
        count, number = divmod(number, size)
        out += letters * count
    return out


def _powers(number: Decimal) -> Iterator[str]:
    """In powers of ten and in Indian units."""
    shift = number.adjusted()
    mantissa = f"{number.scaleb(-shift).normalize():f}"
    if len(mantissa) <= 5:
        heads = (mantissa,) if "." in mantissa else (mantissa, f"{mantissa}.0")
        yield from (f"{head}{e}{shift}" for head in heads for e in ("e", "e+", "e+0"))
        raised = str(shift).translate(_RAISED)
        yield from (f"{mantissa}{times}{shift}" for times in _TIMES)
        yield from (f"{mantissa}{times[:-1]}{raised}" for times in _TIMES)
    for size, names in _INDIAN:
        scaled = (number / size).normalize()
        if abs(scaled) >= 1 and len(f"{scaled:f}".partition(".")[2]) <= 2:
            yield from (f"{scaled:f} {name}" for name in names)
            if scaled == scaled.to_integral_value() and 0 < scaled < 1000:
                yield from (f"{spell(int(scaled))} {name}" for name in names[:2])


def _spelled(number: Decimal) -> Iterator[str]:
    """``three point four two``."""
    whole, _, places = f"{abs(number).normalize():f}".partition(".")
    if int(whole) >= MOST or len(places) > 4:
        return
    said = spell(int(whole))
    yield f"{said} point {' '.join(spell(int(digit)) for digit in places)}"
    yield f"{said} point {spell(int(places))}"
    yield f"{whole} point {places}"
    yield f"{whole}·{places}"


def _halves(number: Decimal) -> Iterator[str]:
    """``twelve and a half``, ``12½``, ``one and a half million``, ``a million and a half``."""
    if abs(number) >= MOST:
        return
    for scale, name in ((1, ""), (1000, " thousand"), (10**6, " million"), (10**9, " billion")):
        whole, rest = divmod(abs(number) / scale, 1)
        if rest != Decimal("0.5") or whole >= 1000:
            continue
        yield from (f"{said} and a half{name}" for said in (spell(int(whole)), f"{whole:f}") if whole)
        yield f"{whole:f}½{name}" if whole else f"half a{name or ' one'}"
        if whole == 1 and name:
            yield f"a{name} and a half"


def roundings(number: Decimal) -> Iterator[str]:
    """What a number becomes in the mouth of one who rounds it; coarsely only behind a word that says so."""
    if number != number.to_integral_value() and abs(number) < MOST:
        places = -int(number.normalize().as_tuple().exponent)
        for fewer in range(1, min(places, 4)):
            if rounded := number.quantize(Decimal(1).scaleb(-fewer), ROUND_HALF_UP):
                yield f"{rounded:f}"
    if not 100 <= abs(number) < MOST or number in _YEARS:
        return
    for digits in (1, 2, 3):
        rounded = _to_digits(number, digits)
        if rounded == number:
            continue
        for text in _figures(rounded):
            if digits > 1 and abs(number) >= 1000:
                yield text
            else:
                yield from (word + text for word in _NEARLY)


def _to_digits(number: Decimal, digits: int) -> Decimal:
    step = Decimal(1).scaleb(number.adjusted() - digits + 1)
    return (number / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def _figures(number: Decimal) -> Iterator[str]:
    yield f"{number:f}"
    if number > 0:
        yield spell(int(number))
        yield from _hundreds(int(number)) if 1000 < number < 10000 and number // 100 % 10 else ()
    if abs(number) >= 1000:
        yield f"{number:,f}"
        scale, names = next((s, n) for s, n in _SCALED if abs(number) >= s)
        yield from (f"{(number / scale).normalize():f}{name}" for name in names)


_SCALED = ((10**9, ("bn", " billion")), (10**6, ("m", " million")), (1000, ("k", " thousand")))


def digits_alone(number: Decimal) -> str:
    """The figures of a fraction without its sign, if they are enough to be telling: ``342`` for 3.42."""
    figures = f"{abs(number).normalize():f}".replace(".", "").lstrip("0")
    return figures if number != number.to_integral_value() and len(figures) > 2 else ""


def decades(number: Decimal) -> Iterator[str]:
    """An age as people veil it: ``mid-30s``, ``in your thirties``."""
    if number != number.to_integral_value() or not 20 <= number < 100:
        return
    tens, ones = divmod(int(number), 10)
    word = spell(tens * 10)[:-1] + "ies"
    parts = ("early", "mid") if ones < 4 else ("mid", "late")
    for decade in (f"{tens}0s", f"{tens}0's", word):
        yield from (f"{said}{join}{decade}" for said in parts for join in ("-", " "))
        yield from (f"in {whose} {decade}" for whose in ("your", "my", "his", "her", "their", "the"))
