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
    (re.compile("[\u4e00-\u9fff]"), "小 老 阿", "先生 女士 小姐 君 ちゃん"),
)

_HAN = re.compile("[\u4e00-\u9fff]+")
_HAN_TITLES = "先生 女士 小姐 老师 教授 医生 博士 律师 经理 总 さん 様 氏".split()  # noqa: SIM905
_HANGUL = re.compile("[\uac00-\ud7a3]")
_NEUTRAL = (
    "님 씨 님께 님께서 님의 님도 님에게 님은 님이 님을 씨의 씨께 씨에게 씨도 씨는 씨가 씨를 의 에게 께 께서 도 만"
)
"""What Koreans write onto any name alike, whatever letter it ends in."""
_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃吴吳徐孙孫朱郭何林罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹曾彭萧蕭蔡潘袁董苏蘇魏蒋蔣吕呂崔谭譚廖范汪"
)


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


def suffixed(name: str) -> Iterator[str]:
    """What may be written onto a name so that any other name may take its place."""
    if _HANGUL.search(name[-1:]):
        yield from _NEUTRAL.split()


def is_chinese(text: str) -> bool:
    """Whether two characters are a whole name, as most Chinese names are: a usual surname and another one."""
    return len(text) == 2 and text[0] in _SURNAMES and _HAN.fullmatch(text) is not None


def _characters(name: str) -> Iterator[str]:
    """The given name and the surname inside a name of Chinese characters, however it divides."""
    if not 2 <= len(name) <= 4 or not _HAN.fullmatch(name):
        return
    yield from (name[1:], name[2:], name[:2]) if len(name) > 2 else (f"{before}{name[1]}" for before in "小阿")
    yield from (before + name[0] for before in "小老")
    yield from (name[:length] + title for length in (1, 2)[: len(name) - 1] for title in _HAN_TITLES)
