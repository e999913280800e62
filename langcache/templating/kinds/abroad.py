"""A day of the year in other languages than the slot's: recognised, so that it does not stay, but never filled.

A model may answer in the reader's language although the slot was declared without a locale. The names are CLDR's, as a
test holds them to; a table, since an English slot needs no babel, and its guard must not be weaker for lack of it.
"""

from collections.abc import Iterator

_MONTHS = {
    "{day} de {month}": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ),
    "{day} {month}": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    ),
    "{day}. {month}": ("Januar Februar März April Mai Juni Juli August September Oktober November Dezember",),
}
_DIGITS = "〇一二三四五六七八九"
_OWN_DIGITS = (str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), str.maketrans("0123456789", "०१२३४५६७८९"))


def abroad(month: int, day: int) -> Iterator[str]:
    """The day as Chinese, Japanese, Korean and the larger languages of Europe, Arabia and India write it."""
    yield f"{month}月{day}日"
    yield f"{_han(month)}月{_han(day)}日"
    yield from (f"{month}월 {day}일", f"{month}월{day}일")
    for pattern, languages in _MONTHS.items():
        for names in languages:
            written = pattern.format(day=day, month=names.split()[month - 1])
            yield written
            if not names.isascii():
                yield from (written.translate(digits) for digits in _OWN_DIGITS)


def _han(number: int) -> str:
    """A number below a hundred as Chinese is read: ``二十三``."""
    tens, ones = divmod(number, 10)
    head = (_DIGITS[tens] if tens > 1 else "") + "十" if tens else ""
    return head + (_DIGITS[ones] if ones or not tens else "")
