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
        "januari februari maart april mei juni juli augustus september oktober november december",
        "januari februari mars april maj juni juli augusti september oktober november december",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
        "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου"
        " Δεκεμβρίου",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    ),
    "{day}. {month}": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "januar februar marts april maj juni juli august september oktober november december",
        "januar februar mars april mai juni juli august september oktober november desember",
        "ledna února března dubna května června července srpna září října listopadu prosince",
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta"
        " marraskuuta joulukuuta",
    ),
}
_DIGITS = "〇一二三四五六七八九"
_OWN_DIGITS = {
    "ي": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"),
    "ज": str.maketrans("0123456789", "०१२३४५६७८९"),
}
"""By the first letter of a language's January."""


def abroad(month: int, day: int) -> Iterator[str]:
    """The day as Chinese, Japanese, Korean and the larger languages of Europe, Arabia and India write it."""
    yield f"{month}月{day}日"
    yield f"{_han(month)}月{_han(day)}日"
    yield from (f"{month}월 {day}일", f"{month}월{day}일")
    for pattern, languages in _MONTHS.items():
        for names in languages:
            written = pattern.format(day=day, month=names.split()[month - 1])
            yield written
            if names[0] in _OWN_DIGITS:
                yield written.translate(_OWN_DIGITS[names[0]])


def _han(number: int) -> str:
    """A number below a hundred as Chinese is read: ``二十三``."""
    tens, ones = divmod(number, 10)
    head = (_DIGITS[tens] if tens > 1 else "") + "十" if tens else ""
    return head + (_DIGITS[ones] if ones or not tens else "")
