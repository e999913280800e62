"""What some languages write onto a name without a space, so that a search for whole words would miss it."""

import re
from collections.abc import Iterator

# A script, what comes before a name in it, and what comes after; a gap cannot stand there, because which
# ending follows depends on the name.
_AFFIXES = (
    (
        re.compile("[\uac00-\ud7a3]"),  # Korean particles and titles
        "",
        "은 는 이 가 을 를 의 에게 께 께서 와 과 도 만 로 으로 랑 이랑 야 아 씨 님 씨는 씨가 씨의 씨를 님은 님이 님의",
    ),
    (re.compile("[\u0600-\u06ff]"), "و ب ل ف ك وال لل يا", ""),
    (re.compile("[\u0590-\u05ff]"), "ו ב ל ה מ ש כ", ""),
    (re.compile("[\u0400-\u04ff]"), "", "а у е ы и о ю я ом ем ым им ой ей ою ому ему ого его ов ах ами"),
    (re.compile("[\u4e00-\u9fff]"), "小 老 阿", "先生 女士 小姐 老师 同学 总 さん 様 氏 先輩 君 ちゃん"),
)

_HAN_TITLES = ("先生", "女士", "小姐", "さん", "様", "氏")


def affixed(name: str) -> Iterator[str]:
    """A name with everything its script attaches to it; nothing for Latin names."""
    if name.isascii():
        return
    for script, before, after in _AFFIXES:
        if script.search(name):
            yield from (prefix + name for prefix in before.split())
            yield from (name + suffix for suffix in after.split())
            yield from (name[:-1] + suffix for suffix in after.split() if name[-1] in "аяйьы")
    yield from _characters(name)


def _characters(name: str) -> Iterator[str]:
    """The given name and the surname inside a name of Chinese characters, however it divides."""
    if 3 <= len(name) <= 4 and re.fullmatch("[\u4e00-\u9fff]+", name):
        yield from (name[1:], name[2:], name[:2])
        yield from (
            name[:length] + title for length in (1, 2) for title in ("先生", "女士", "小姐", "さん", "様", "氏")
        )
