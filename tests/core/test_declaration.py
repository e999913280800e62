"""A declaration that cannot work fails when the class is made, and the message names the field."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar, NewType

import pytest
from pydantic import AliasChoices, AliasPath, ConfigDict, Field
from support.callables import CALLABLES, digests
from typing_extensions import TypeAliasType

from langcache import Feature, Ignore, Profile, Slot
from langcache.core.code import describe_callable
from langcache.core.encoding import canonical
from langcache.errors import DeclarationError
from langcache.templating import Personal, kinds

Marked = Annotated[str, Slot()]


def declare(**fields: Any) -> type[Profile]:
    return type("Applicant", (Profile,), {"__annotations__": fields, "__module__": __name__})


def digest(**fields: Any) -> str:
    return declare(**fields).declaration.digest


@pytest.mark.parametrize(
    ("field", "says"),
    [
        (Annotated[float, Feature(buckets=[3.5, 3.0])], "ascend"),
        (Annotated[float, Feature(buckets=[3.0, 3.0])], "ascend"),
        (Annotated[float, Feature(buckets=[float("nan")])], "numbers"),
        (Annotated[float, Feature(buckets=[True])], "numbers"),
        (Annotated[float, Feature(buckets=["3"])], "numbers"),  # type: ignore[list-item]
        (Annotated[float, Feature(buckets=[])], "at least one"),
        (Annotated[float, Feature(buckets=3)], "list"),  # type: ignore[arg-type]
        (Annotated[str, Feature(synonyms={"a": ["x"], "b": ["X "]})], "two groups"),
        (Annotated[str, Feature(synonyms={"a": ["x"], "b": ["A"]})], "two groups"),
        (Annotated[str, Feature(synonyms={"a": "xyz"})], "list of words"),
        (Annotated[str, Feature(synonyms={"a": [1]})], "list of words"),  # type: ignore[list-item]
        (Annotated[str, Feature(synonyms=["a"])], "mapping"),  # type: ignore[arg-type]
        (Annotated[date, Feature(dates_by="week")], "'year' or 'month'"),  # type: ignore[arg-type]
        (Annotated[str, Feature(synonyms={}, normalize=str.lower)], "cannot both"),
        (Annotated[str, Feature(buckets=[1], dates_by="year")], "cannot both"),
        (Annotated[str, Feature(buckets=[1], exact=True)], "cannot both"),
        (Annotated[str, Feature(normalize="lower")], "callable"),  # type: ignore[arg-type]
        (Annotated[str, Feature(), Slot()], "more than one"),
        (Annotated[str, Slot(), Slot()], "more than one"),
        (Annotated[str, Slot()] | None, "outermost"),
        (list[Annotated[str, Feature()]], "outermost"),
        (Annotated[str, Slot(label="")], "label"),
        (Annotated[str, Slot(label=" ")], "label"),
        (Annotated[str, Slot(label="[x]")], "label"),
        (Annotated[str, Slot(label="a\nb")], "label"),
        (Annotated[str, Slot(aliases=["{x}"])], "label"),
        (Annotated[list[Annotated[str, Slot()]], Feature()], "outermost"),
        (TypeAliasType("Name", Annotated[str, Slot()]), "outermost"),
        (TypeAliasType("Names", "Annotated[str, Slot()]"), "outermost"),
        (NewType("Named", Annotated[str, Slot()]) | None, "outermost"),  # type: ignore[valid-newtype]
        (Slot, "beside its type"),
        (Slot(label="x"), "beside its type"),
        (Feature, "beside its type: Annotated[str, Feature(...)]"),
        (Feature(buckets=[1]), "beside its type: Annotated[str, Feature(...)]"),
        (Feature | None, "outermost"),
        (ClassVar[Annotated[str, Slot()]], "ClassVar"),
        ("ClassVar[Annotated[str, Slot()]]", "ClassVar"),
        ("ClassVar[Annotated[Unknown, Slot()]]", "ClassVar"),
        ("Annotated[Unknown, Slot()]", "TYPE_CHECKING"),
        (Annotated["Unknown", Slot()], "TYPE_CHECKING"),  # type: ignore[name-defined] # noqa: F821
        (Annotated[list["Unknown"] | None, Feature()], "TYPE_CHECKING"),  # type: ignore[name-defined] # noqa: F821
        (Annotated[str, Slot(label=5)], "label"),  # type: ignore[arg-type]
        (Annotated[str, Slot(label="\ud800")], "label"),
        (Annotated[str, Slot(label="a\0b")], "label"),
        (Annotated[str, Slot(aliases=[1])], "aliases"),  # type: ignore[list-item]
        (Annotated[str, Slot(aliases=None)], "aliases"),  # type: ignore[arg-type]
        (Annotated[date, Slot(locale="english")], "no locale is called 'english'"),
        (Annotated[str, Slot(kind=["text"])], "kind"),  # type: ignore[arg-type]
        (Annotated[str, Slot(locale=object())], "object"),  # type: ignore[arg-type]
        (Annotated[str, Feature(synonyms={"a": None})], "list of words"),  # type: ignore[dict-item]
        (Annotated[str, Feature(synonyms={"a": 1})], "list of words"),  # type: ignore[dict-item]
        (Annotated[float, Feature(buckets=range(3))], "list"),
        (Annotated[float, Feature(buckets="123")], "list"),  # type: ignore[arg-type]
        ("Unknown", "TYPE_CHECKING"),  # nobody can say what it is declared as
    ],
)
def test_what_cannot_work_names_the_field(field: Any, says: str) -> None:
    """The developer sees it at import, not the user at the first request."""
    with pytest.raises(DeclarationError, match=r"Applicant\.it: ") as caught:
        declare(fine=Annotated[str, Feature()], it=field)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("library", "slot"), [("nameparser", Slot(kind="person")), ("phonenumbers", Slot(kind="phone"))]
)
def test_a_kind_without_its_library_says_what_to_install(
    library: str, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer of such a chain would be refused, and nobody told why; a kind of one's own needs nothing."""
    monkeypatch.setattr(kinds, "_KINDS", {})
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(DeclarationError, match=rf"Applicant\.it: .* needs {library}: pip install .*\[kinds\]"):
        declare(it=Annotated[str, slot])
    kinds.register(str(slot.kind), kinds.kind_of(Personal("it", "it", "x", kind="text")))
    declare(it=Annotated[str, slot])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Slot(label="x y"), Slot(label="X  Y")),
        (Slot(label="it"), Slot()),
        (Slot(), Slot(aliases=["other "])),
        (Slot(aliases=["a"]), Slot(aliases=["A"])),
        (Slot(aliases="name"), Slot(label="Name")),
    ],
)
def test_two_slots_may_not_answer_to_one_label(one: Slot, other: Slot) -> None:
    """A placeholder must say whose it is."""
    with pytest.raises(DeclarationError, match=r"Applicant\.it: the label .* is already that of Applicant\.other"):
        declare(other=Annotated[str, one], it=Annotated[str, other])


@pytest.mark.parametrize("name", ["_name", "model_config", "cache_directives"])
def test_a_name_that_would_be_dropped_in_silence(name: str) -> None:
    """Pydantic takes no field with a leading underscore: a slot of that name would be no slot, and leak."""
    with pytest.raises(DeclarationError, match=name):
        Profile.of(slots=[name])
    if name == "_name":  # of the others pydantic speaks itself
        with pytest.raises(DeclarationError, match=name):
            declare(**{name: Annotated[str, Slot()]})


@pytest.mark.parametrize("name", ["model_dump", "model_validate", "model_fields_set", "a\ud800", "a\0", "__class__"])
def test_a_name_that_cannot_be_a_field(name: str) -> None:
    """Each is told in our words; pydantic's speak of its insides."""
    for part in ("features", "slots", "ignore"):
        with pytest.raises(DeclarationError, match=r"rename|take it out"):
            Profile.of(**{part: [name]})


@pytest.mark.parametrize("given", [None, 5, "abc", [1], [None], {"a": 1}, {"a": Slot}])
def test_what_names_no_features(given: Any) -> None:
    """A list of names, or a mapping of name to marker."""
    with pytest.raises(DeclarationError):
        Profile.of(features=given)


@pytest.mark.parametrize("name", ["\ud800", "a\0b", None, 5])
def test_a_profile_is_called_what_a_class_can_be(name: Any) -> None:
    """It is shown in messages."""
    with pytest.raises(DeclarationError, match="name"):
        Profile.of(features=["a"], name=name)


def test_a_default_is_made_of_nothing_else() -> None:
    """A feature is read by itself: there are no other values to make its default of."""
    with pytest.raises(DeclarationError, match=r"Applicant\.it: .*default_factory"):
        type(
            "Applicant",
            (Profile,),
            {
                "__annotations__": {"it": Annotated[str, Feature()]},
                "it": Field(default_factory=lambda data: data["other"]),
            },
        )


@pytest.mark.parametrize("hint", ["Annotated[str, Slot()]", "Annotated[Unknown, Slot()]", "Marked", "Slot"])
def test_neither_would_one_whose_annotation_is_text(hint: str) -> None:
    """``from __future__ import annotations`` makes text of every annotation."""
    with pytest.raises(DeclarationError, match="_name"):
        declare(_name=hint)
    declare(_name="Unknown", _count="int")  # of no concern to anybody


@pytest.mark.parametrize("hint", [str, "str", Annotated[str, Slot()], ClassVar[str], "ClassVar[str]"])
@pytest.mark.parametrize("marker", [Slot(label="name"), Ignore(), Feature(), Slot])
@pytest.mark.parametrize("name", ["name", "_name"])
def test_a_marker_is_no_default(hint: Any, marker: Any, name: str) -> None:
    """Pydantic's own ``Field`` is written so; a marker there would be the value of whoever gives none."""
    if marker is Slot and "ClassVar" in str(hint):
        return  # a class may well be a constant of another
    with pytest.raises(DeclarationError, match=rf"Applicant\.{name}: .*(Annotated\[|underscore)"):
        type("Applicant", (Profile,), {"__annotations__": {name: hint}, name: marker, "__module__": __name__})


@pytest.mark.parametrize("alias", ["Name", AliasChoices("name", "Name"), AliasPath("user", 0)])
def test_an_alias_is_no_name_of_an_input(alias: Any) -> None:
    """The input would arrive under a name that nobody declared."""
    with pytest.raises(DeclarationError, match=r"Applicant\.name: .*alias"):
        type(
            "Applicant",
            (Profile,),
            {"__annotations__": {"name": Annotated[str, Slot()]}, "name": Field(validation_alias=alias)},
        )
    with pytest.raises(DeclarationError, match=r"Applicant\.name: .*'NAME'"):
        type(
            "Applicant",
            (Profile,),
            {
                "__annotations__": {"name": Annotated[str, Slot()]},
                "model_config": ConfigDict(alias_generator=str.upper),
            },
        )
    shown = type(
        "Applicant",
        (Profile,),
        {
            "__annotations__": {"name": Annotated[str, Slot()], "other": str},
            "name": Field(serialization_alias="Name"),
            "other": Field(alias="Other"),  # nobody declares it
        },
    )
    assert shown.declaration.names == {"name"}


def test_what_a_mixin_declares_counts_or_is_refused() -> None:
    """Pydantic takes fields of a base that is no model, but not those with an underscore, nor bare markers."""
    fine = type("Mixin", (), {"__annotations__": {"name": Annotated[str, Slot()]}})
    assert type("Applicant", (fine, Profile), {}).declaration.names == {"name"}  # type: ignore[attr-defined]
    for contents in ({"__annotations__": {"_name": Annotated[str, Slot()]}}, {"_name": Slot()}):
        with pytest.raises(DeclarationError, match="_name"):
            type("Applicant", (type("Mixin", (), contents), Profile), {})


def test_a_marker_of_a_derived_class_is_one() -> None:
    """With brackets or without."""

    class Person(Slot):
        pass

    assert declare(a=Annotated[str, Person], b=Annotated[str, Person()]).declaration.names == {"a", "b"}


def test_types_that_are_found_may_be_named_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the module, in the function around, or the class itself; with the future import all are text."""
    code = """
from __future__ import annotations
from enum import Enum
from typing import Annotated
from langcache import Feature, Profile, Slot

class Level(Enum):
    LOW = "low"

def made():
    class Field(Enum):
        ART = "art"

    class Applicant(Profile):
        level: Annotated[Level | None, Feature()] = None
        field: Annotated[Field, Feature()]
        name: Annotated[str, Slot()]
        friend: Applicant | None = None
    return Applicant
"""
    app = ModuleType("an_app")
    monkeypatch.setitem(sys.modules, "an_app", app)
    exec(code, vars(app))
    declaration = app.made().declaration
    assert declaration.names == {"level", "field", "name"}
    level, _ = declaration.features
    assert level.read(app.Level.LOW).key == level.read("Low").key


def test_words_may_repeat_inside_one_group_and_one_slot() -> None:
    """Nothing is ambiguous there."""
    declare(
        a=Annotated[str, Feature(synonyms={"x": ["X", "y", "y "]})],
        b=Annotated[str, Slot(label="b", aliases=["B", "c"])],
    )


def test_markers_need_no_brackets_and_bare_fields_stay_undeclared() -> None:
    """``Annotated[str, Feature]`` is ``Feature()``; a field without a marker is residue."""
    made = declare(a=Annotated[str, Feature], b=Annotated[str, Slot], c=Annotated[str, Ignore], d=str)
    declaration = made.declaration
    assert [feature.name for feature in declaration.features] == ["a"]
    assert [slot.name for slot in declaration.slots] == ["b"]
    assert declaration.ignored == ("c",)
    assert declaration.names == {"a", "b", "c"}


def test_a_label_is_the_name_with_spaces_unless_given() -> None:
    """What the model sees in its brackets."""
    made = declare(startup_name=Annotated[str, Slot()], who=Annotated[str, Slot(label="user", required=True)])
    labels = {slot.name: slot.label for slot in made.declaration.slots}
    assert labels == {"startup_name": "startup name", "who": "user"}
    assert made.declaration.required == {"who"}


@pytest.mark.parametrize(
    "field",
    [
        Annotated[int, Feature()],
        Annotated[str | None, Feature()],
        Annotated[str, Feature(exact=True)],
        Annotated[str, Feature(unordered=True)],
        Annotated[str, Feature(synonyms={"a": ["b"]})],
        Annotated[str, Feature(synonyms={"a": ["c"]})],
        Annotated[str, Feature(synonyms={"A": ["b"]})],
        Annotated[str, Feature(buckets=[1, 2])],
        Annotated[str, Feature(buckets=[1, 2.5])],
        Annotated[str, Feature(dates_by="year")],
        Annotated[str, Feature(normalize=str.lower)],
        Annotated[str, Feature(normalize=str.upper)],
        Annotated[str, Slot()],
        Annotated[str, Slot(label="x")],
        Annotated[str, Slot(aliases=["x"])],
        Annotated[str, Slot(kind="person")],
        Annotated[str, Slot(required=True)],
        Annotated[str, Slot(lookup_ok=True)],
        Annotated[str, Slot(pronouns="keep")],
        Annotated[str, Slot(reference_date=date(2024, 1, 1))],
        Annotated[str, Slot(locale="de")],
        Annotated[str, Ignore()],
    ],
)
def test_any_declared_difference_is_another_digest(field: Any) -> None:
    """Law 1: entries made under another declaration are never read."""
    assert digest(it=field) not in {digest(it=Annotated[str, Feature()]), digest(other=field)}


def test_who_declares_does_not_matter() -> None:
    """Only what is declared counts: a class renamed or given methods keeps its entries, `Profile.of` shares them."""
    given = digest(it=Annotated[Any, Feature(synonyms={"a": ["b"]})])
    renamed: Any = type(
        "Other", (Profile,), {"__annotations__": {"it": Annotated[Any, Feature(synonyms={"a": ["b"]})]}}
    )
    assert given == renamed.declaration.digest
    assert given == Profile.of(features={"it": Feature(synonyms={"a": ["b"]})}).declaration.digest


@pytest.mark.parametrize("case", CALLABLES)
def test_callables_that_differ_are_told_apart(case: str) -> None:
    """An edited normaliser is another declaration."""
    one, other = CALLABLES[case]
    assert canonical(describe_callable(one)) != canonical(describe_callable(other))
    assert canonical(describe_callable(one)) == canonical(describe_callable(one))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_digests_are_the_same_in_every_process(seed: str) -> None:
    """No address, hash or order of a set is in them."""
    script = "import json; from support.callables import digests; print(json.dumps(digests()))"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert digests() == json.loads(ran.stdout)
