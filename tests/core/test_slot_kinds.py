"""A slot's kind, inferred where its annotation is obvious."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AnyUrl, HttpUrl, create_model

from langcache import Profile, Slot
from langcache.errors import DeclarationError


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "text"),
        (int, "text"),
        (str | int, "text"),
        (Any, "text"),
        (date, "date"),
        (date | None, "date"),
        (datetime, "datetime"),
        (time, "time"),
        (timedelta, "duration"),
        (Decimal | None, "number"),
        (HttpUrl, "url"),
        (AnyUrl, "url"),
        (list[str], "list"),
        (list, "list"),
        (list[date], "date"),
        (tuple[str, ...] | None, "list"),
    ],
)
def test_the_obvious_kinds(annotation: Any, kind: str) -> None:
    """date, datetime, Decimal, URLs, lists; everything else is text; what is said outright wins."""
    made = create_model("P", __base__=Profile, x=(Annotated[annotation, Slot()], ...))
    assert made.declaration.slots[0].kind == kind
    said = create_model("P", __base__=Profile, x=(Annotated[annotation, Slot(kind="name")], ...))
    assert said.declaration.slots[0].kind == "name"


def test_a_kind_nobody_registered_fails_when_the_class_is_made() -> None:
    """With a message that names the field."""
    with pytest.raises(DeclarationError, match=r"\.x: no kind is called 'nope'"):
        Profile.of(slots={"x": Slot(kind="nope")})
