"""What a refusal says about the declaration."""

import re
from pathlib import Path

from langcache.templating.advice import advice


def test_a_refusal_names_its_slot_and_what_to_declare() -> None:
    """The form decides where it tells more than the reason; what no declaration mends has no advice."""
    assert advice("pronoun", "who", "exact") == "slot 'who': pronouns='keep', and a feature that settles them"
    assert advice("leak", "firm", "acronym") == "slot 'firm': a slot of its own for the short name"
    assert str(advice("leak", "firm", "variant")).startswith("slot 'firm': a kind that knows this writing")
    assert advice("unresolved placeholder", None, None) == "aliases= with the names the model gives it"
    assert advice("round trip", None, None) is None


def test_every_reason_of_the_page_that_a_declaration_mends_has_advice() -> None:
    """The table of refusals in the documentation and the advice name the same reasons."""
    page = (Path(__file__).parents[2] / "docs" / "templating.md").read_text("utf-8")
    table = page.partition("| reason | what happened | what helps |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]+\| ([^|]*)\|", table, re.MULTILINE)
    mended = [
        reason
        for reasons, helps in rows
        if "=" in helps or "a " in helps
        for reason in re.findall(r"`([^`]+)`", reasons)
    ]
    assert len(mended) > 8
    assert not [reason for reason in mended if reason != "unsafe context" and advice(reason, "it", None) is None]
