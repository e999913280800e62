"""``name=value`` arguments."""

from collections.abc import Iterable

from langcache.cli.trouble import WRONGLY_CALLED, Trouble

__all__ = ["read_pairs"]


def read_pairs(texts: Iterable[str]) -> dict[str, str]:
    """Names to values; a name before its first ``=``.

    Raises:
        Trouble: a text has no ``=``, or a name comes twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise Trouble(f"{text!r} is no feature; write NAME=VALUE, such as field=biology", WRONGLY_CALLED)
        if name in pairs:
            raise Trouble(f"the feature {name!r} is given twice", WRONGLY_CALLED)
        pairs[name] = value.strip()
    return pairs
