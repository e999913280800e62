"""What a refusal says about a declaration: which change of it would let more answers be kept."""

_BY_FORM = {
    "partial": "a kind that knows its parts (kind='person', kind='address'), if that is what it is",
    "acronym": "a slot of its own for the short name",
    "scalar": "a feature, if the number decides the answer",
}
_BY_REASON = {
    "leak": "a kind that knows this writing of the value, or a feature, if the value decides the answer",
    "ambiguous slots": "one slot instead of two with the same value",
    "ambiguous value": "a kind that settles what it is, or a label that answers use beside it",
    "ambiguous input": "mode='mask', or a declaration of the input that resembles it",
    "detail in a name or id": "a feature, if the value decides which tool that is; else a name that is everybody's",
    "list item": "single slots for what is named alone",
    "list count": "a feature for the number of items",
    "pronoun": "pronouns='keep', and a feature that settles them",
    "relative date": "reference_date=",
    "date part": "a feature for that part of the date",
    "time part": "a feature for that part of the time",
    "unresolved placeholder": "aliases= with the names the model gives it",
    "half-cut placeholder": "a shorter label",
    "required slot missing": "required=False, or a prompt that asks for it",
    "slot looked up": "a feature; or lookup_ok=True, if what is found is the same for all users",
    "answered by a fallback": "wrap(fallbacks='together'), if either model will do",
}


def advice(reason: str, slot: str | None, form: str | None) -> str | None:
    """The change of a declaration that would help; ``None`` where none would. It names the slot, never its value.

    Args:
        reason, slot, form: as `langcache.errors.Refused` has them.
    """
    help_ = (reason == "leak" and _BY_FORM.get(form or "")) or _BY_REASON.get(reason)
    return f"slot {slot!r}: {help_}" if help_ and slot else help_
