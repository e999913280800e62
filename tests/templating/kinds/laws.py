"""The laws that every typed kind keeps, for any two users."""

from collections.abc import Container
from contextlib import suppress

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal, fill
from langcache.templating.kinds import Form, kind_of


def slot(value: object, kind: str, **options: object) -> Personal:
    return Personal("it", "the thing", value, kind=kind, options=options)


def forms(found: Personal) -> list[Form]:
    return list(kind_of(found).recognise(found))


def rendered(found: Personal, style: str) -> str:
    """The value in a style, or the reason why not in angle brackets."""
    try:
        return kind_of(found).render(found, style) if style else str(found.value)
    except Refused as refused:
        return f"<{refused.reason}>"


def check_render(found: Personal) -> None:
    """Every form with a style is what `render` writes in that style."""
    for form in forms(found):
        if form.style:
            assert form.text == kind_of(found).render(found, form.style)


def check_exchange(own: Personal, other: Personal, constant: Container[str] = ()) -> None:
    """A text with any form of A's value gives the same text back, and for B only what B's forms are, or is refused.

    What a style writes of B may be a form of everybody's: the "one" of 1 is never taken for the number.
    """
    others, lexicon = {form.text for form in forms(other)}, Lexicon([own])
    for form in forms(own):
        text = f"It is: {form.text} (noted)."
        with suppress(Refused):
            template = lexicon.delexicalize(text)
            assert text == fill(template, {"it": own})
            filled = fill(template, {"it": other}).removeprefix("It is: ").removesuffix(" (noted).")
            assert filled in others or form.text in constant or filled == rendered(other, form.style or "")


def exchanged(text: str, own: Personal, other: Personal) -> str:
    """What B reads of an answer written for A, or the reason of the refusal in angle brackets."""
    try:
        return fill(Lexicon([own]).delexicalize(text), {other.name: other})
    except Refused as refused:
        return f"<{refused.reason}>"
