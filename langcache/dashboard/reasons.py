"""What the short reasons of refusals and bypasses mean, and what would help; from docs/templating.md."""

from dataclasses import dataclass
from typing import Final

__all__ = ["MEANINGS", "Meaning", "meaning_of"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A reason in words.

    Attributes:
        happened: what happened.
        helps: what a declaration could change; ``""`` where nothing need be done.
    """

    happened: str
    helps: str = ""


_PART = Meaning("Half of a date or time stood in the answer on its own.", "A feature for that half.")
_MANGLED = Meaning("A masked answer mangled a placeholder beyond reading.", "aliases= on the slot.")
_LIST = Meaning(
    "The answer names one item of many, or says how many there are.", "A feature for the number; single slots."
)
_CHUNKS = Meaning(
    "A stream's chunks could not be added up, or were of a shape nobody foresaw.", "invoke() instead of stream()."
)
_NOT_WHOLE = Meaning(
    "It was no whole answer: cut short, filtered, declined, empty or failed.", "Nothing: such answers are never kept."
)
_UNWRITTEN = Meaning("This user's value cannot be written where the template has its gap.", "Nothing: it is a miss.")

MEANINGS: Final = {
    "leak": Meaning(
        "Something of a user's value was left that no gap can stand for.",
        "A slot kind that knows this writing; a feature, if the value decides the answer.",
    ),
    "ambiguous slots": Meaning("Two slots have the same or crossing values.", "One slot for both."),
    "ambiguous value": Meaning(
        "A common word, a bare number or a very short value may mean something else in the answer.",
        "A slot kind; a label that the answer uses.",
    ),
    "ambiguous input": Meaning(
        "An undeclared input, or what was looked up, holds something like the value: the answer may mean either.",
        "mode='mask'; or declare the input.",
    ),
    "detail in a name or id": Meaning(
        "A user's value stood in the name of a tool, an id or a status, which programs read.",
        "A feature, if the value decides which tool that is; else a name that is everybody's.",
    ),
    "answer beside the content": Meaning(
        "A message answered in its additional_kwargs (a legacy function call, audio), which are not kept.",
        "Tool calls.",
    ),
    "reasoning of a tool call": Meaning(
        "An agent's model thought before it called a tool; the provider wants those signed thoughts back.",
        "Turning thinking off, where that will do.",
    ),
    "chunks that do not merge": _CHUNKS,
    "chunks that cannot be filled": _CHUNKS,
    "list item": _LIST,
    "list count": _LIST,
    "pronoun": Meaning("The answer says he or she about a person.", 'pronouns="keep" and a feature that settles it.'),
    "relative date": Meaning(
        "The answer says “tomorrow”, and no reference date settles it.", "reference_date= on the slot."
    ),
    "date part": _PART,
    "time part": _PART,
    "round trip": Meaning("The gaps would not give back the very same text.", "Nothing: it is rare and it is safe."),
    "unsafe context": Meaning(
        "A user's value stood inside a tag, script or comment.", "An answer without markup there."
    ),
    "empty slot": _UNWRITTEN,
    "unrenderable": _UNWRITTEN,
    "half-cut placeholder": _MANGLED,
    "unresolved placeholder": _MANGLED,
    "required slot missing": Meaning(
        "The answer does not mention a slot that is required.", "A prompt that asks for it; required=False on the slot."
    ),
    "slot looked up": Meaning(
        "A user's value went into a retriever's query or a tool's arguments: what was found may be that user's own.",
        "A feature; lookup_ok=True on the slot, if what is found is the same for all users.",
    ),
    "answered by a fallback": Meaning(
        "Another model of a .with_fallbacks() stood in.", 'wrap(fallbacks="together"), if either will do.'
    ),
    **dict.fromkeys(("truncated", "filtered", "refusal", "unfinished", "empty answer", "tool failed"), _NOT_WHOLE),
    "chain changed while it ran": Meaning(
        "The chain was another one after the run than before it.", "Wrap it once it is set up."
    ),
    "no-store": Meaning("The call, the chain or the user asked not to be stored.", "Nothing: it was asked for."),
}
"""Reason to meaning; errors and further reasons speak for themselves."""


def meaning_of(reason: str) -> Meaning | None:
    """What *reason* means, if it is one of the short ones."""
    return MEANINGS.get(reason)
