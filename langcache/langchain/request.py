"""One request to a wrapped chain: its reading, its key, its masked input."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

from langcache.core.encoding import canonical, digest
from langcache.core.reading import Reading, read_request
from langcache.errors import Refused, UnkeyableError
from langcache.langchain.fingerprint import HISTORY
from langcache.langchain.inputs import named, with_values
from langcache.langchain.leaves import leaves
from langcache.langchain.looked_up import fed_into
from langcache.langchain.messages.masking import mask_value
from langcache.langchain.messages.numbering import renumbered_inputs
from langcache.langchain.messages.plain import plain_message
from langcache.langchain.settings import VOLATILE, Identity, Settings
from langcache.runtime import ambient
from langcache.runtime.features import FEATURE
from langcache.templating import (
    Gap,
    Known,
    Lexicon,
    MaskedList,
    MaskedText,
    Template,
    is_binary,
    placeholders,
    read,
    show,
    to_data,
)

__all__ = ["UNSPECIFIED", "Request", "map_texts", "why_keyless"]

_PASSING = ("__", "langcache", "langgraph_", "ls_", "seq:step:")
"""How tags and names in metadata begin that are LangChain's or ours: they say how a run is made, not what is asked."""

_HISTORY = f"configurable {HISTORY}"

UNSPECIFIED = "unspecified"
"""What a masked chain receives for an ignored input, given or not: both share a key."""


class Request:
    """Reads one input and makes its key.

    Args:
        settings: what the chain was declared to be.
        identity: what all its requests share.
        inputs: what the chain was invoked with.
        config: the call's.
        kwargs: keyword arguments of the call.

    Raises:
        UnkeyableError: something of the request has no canonical form; the message names it, without its value.
    """

    found: Sequence[str] = ()
    """What retrievers and tools brought while the chain ran."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        inputs: Any,
        config: Mapping[str, Any],
        kwargs: Mapping[str, Any],
    ) -> None:
        self.settings, self.identity, self.inputs, self.kwargs = settings, identity, inputs, kwargs
        values = named(inputs)
        self.named = values is not None
        self.values: Mapping[str, Any] = {"": inputs} if values is None else values
        declaration = settings.profile.declaration
        self.reading: Reading = read_request(declaration, self.values, ambient.ambient_user())
        if identity.speaks:
            self.reading = replace(self.reading, residue=renumbered_inputs(self.reading.residue))
        self._located: dict[str, Template] = {}
        self._literals: list[str] = []
        self.surroundings = self._surroundings(config)
        self.residue = self._masked_residue()
        self.key = digest(b"%b%b" % (self.identity.prefix, canonical(self._parts(), plain_message)))

    def _parts(self) -> list[Any]:
        reading = self.reading
        return [reading.features, reading.presence, self.residue, self.surroundings]

    def parts(self) -> dict[str, Any]:
        """Every part of the key by name: features as normalised values, all else as digests."""
        declaration, reading = self.settings.profile.declaration, self.reading
        found: dict[str, Any] = dict(self.identity.parts)
        for feature, state in zip(declaration.features, reading.features, strict=True):
            found[FEATURE + feature.name] = state if isinstance(state, str) else _readable(state[0])
        for slot, state in zip(declaration.slots, reading.presence, strict=True):
            found[f"slot {slot.name}"] = state if isinstance(state, str) else "empty"
        for name, value in self.residue.items():
            found[f"input {name}"] = digest(canonical(value, plain_message))[:16]
        for name, value in self.surroundings.items():
            found[f"call {name}"] = digest(canonical(value, plain_message))[:16]
        return found

    def public_parts(self) -> dict[str, Any]:
        """`parts`, fit to be stored: a feature that happens to hold a personal value shows as a digest.

        The other parts are the developer's own words, and digests.
        """
        return {
            name: self._public(value) if name.startswith(FEATURE) else value for name, value in self.parts().items()
        }

    def _public(self, value: Any) -> Any:
        try:
            for text in _texts_of(value):
                self.finder.guard((text,))
        except Refused:
            return digest(canonical(value))[:16]
        return value

    def _surroundings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What reaches the chain besides its input: configurable values, call kwargs, evaluated partials; metadata and
        tags where a function of the chain seems to read them."""
        reads = self.identity.found.reads
        found = self._shaping("configurable", config, ("__",))
        if HISTORY not in reads and isinstance(found.get(_HISTORY), BaseChatMessageHistory):
            del found[_HISTORY]  # whose messages are in the input
        if "metadata" in reads:
            found |= self._shaping("metadata", config, _PASSING)
        if "tags" in reads:
            found["tags"] = [tag for tag in config.get("tags") or () if not tag.startswith(_PASSING)]
        found.update((f"argument {name}", value) for name, value in self.kwargs.items())
        for at, (name, make) in enumerate(self.identity.found.late):
            label = f"partial {name}"
            found[label if label not in found else f"{label} ({at})"] = make()  # each of two prompts may have a "date"
        return found

    def _shaping(self, part: str, config: Mapping[str, Any], passing: tuple[str, ...]) -> dict[str, Any]:
        """What of one part of a call's config may shape the answer."""
        volatile = self.settings.volatile
        return {
            f"{part} {name}": value
            for name, value in (config.get(part) or {}).items()
            if name not in VOLATILE and name not in volatile and not name.startswith(passing)
        }

    # The chain's own inputs, where it hands them on (`langcache.langchain.messages.packing.Inputs`).

    def name_of(self, value: Any) -> str | None:
        """The input that a masked run handed on unread; an item of a list is no input."""
        if isinstance(value, MaskedList):
            return value.name
        if not isinstance(value, MaskedText) or value.changed:
            return None
        return None if isinstance(self.given(value.name), list | tuple | set | frozenset) else value.name

    def given(self, name: str) -> Any:
        """A declared input as it came: from the input itself, the ambient user, or its default."""
        if name in self.values:
            return self.values[name]
        user = ambient.ambient_user()
        return user[name] if name in user else self.reading.slots[name].value if name in self.reading.slots else None

    # Slot values inside undeclared inputs.

    @cached_property
    def finder(self) -> Lexicon:
        """This user's slot values alone, compiled."""
        return Lexicon(list(self.reading.slots.values()))

    @cached_property
    def lexicon(self) -> Lexicon:
        """Everything personal about this user, compiled, to search an answer for it."""
        reading = self.reading
        if self.settings.mode == "mask":
            return self.finder.knowing(self._known)  # ignored and raw feature values were never shown to the model
        slots = list(reading.slots.values())
        return Lexicon(slots, ignored=reading.ignored, blurred=reading.blurred, known=self._known)

    @cached_property
    def _known(self) -> Known:
        return self.identity.known.also(map(str, self.reading.shown.values()))

    def delexicalized(self, text: str) -> Template:
        """A text of an answer to real values as a template.

        Raises:
            Refused: see `Lexicon.delexicalize`; ``"ambiguous input"``: what stands there may be a word of an undeclared
                input, or of what was looked up, instead of the slot's value.
        """
        template = self.lexicon.delexicalize(text)
        for name in (part.name for part in template if isinstance(part, Gap)):
            if name in self._resembled or name in self._brought:
                raise Refused("ambiguous input", slot=name)
        return template

    def fed_into(self, text: str) -> str | None:
        """The slot of which something may have gone into a lookup's *text*; see `langcache.langchain.looked_up`."""
        allowed = self.settings.profile.declaration.lookup_ok
        slots = [slot for name, slot in self.reading.slots.items() if name not in allowed]
        return fed_into(text, slots, as_given=text in self._asked)

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The undeclared texts that are in the key byte for byte."""
        texts = (leaf for leaf in leaves(list(self.reading.residue.values())) if isinstance(leaf, str))
        return frozenset(text for text in texts if text not in self._located)

    @cached_property
    def _brought(self) -> frozenset[str]:
        """Slots of which a value stands in what was looked up for everybody under this key."""
        met = frozenset[str]().union(*(self.finder.met((text,)) for text in self.found))
        return met - self.settings.profile.declaration.lookup_ok

    @cached_property
    def _resembled(self) -> frozenset[str]:
        """Slots of which something like a value stands in undeclared inputs, where everybody under this key has it.

        ``{"school": "MIT", "question": "what is mit like?"}``: which of the two an answer speaks of cannot be told.
        """
        met = frozenset[str]().union(*map(self.finder.met, self._prompted()))
        said, slots = list(self._said()), self.reading.slots
        if _is_clean(self.finder.knowing(self._known), said):
            return met
        return met | {name for name in slots if not _is_clean(Lexicon([slots[name]], known=self._known), said)}

    def _said(self) -> Iterable[Any]:
        """What the undeclared inputs say: texts as templates, with gaps where the key has some, and plain values."""
        for leaf in leaves([*self.reading.residue.values(), *self.surroundings.values()]):
            yield self._located.get(leaf, (leaf,)) if isinstance(leaf, str) else leaf

    def _prompted(self) -> Iterable[Template]:
        """What else says the prompt's own words, besides what is known of it."""
        return ()

    def _masked_residue(self) -> dict[str, Any]:
        residue = self.reading.residue
        if not residue or not self.reading.slots:
            return residue
        finder = self.finder

        def located(text: str) -> Any:
            template = finder.locate(text)
            self._literals.extend(part for part in template if isinstance(part, str))
            if len(template) == 1 and isinstance(template[0], str):
                return text
            self._located[text] = template
            return _Gapped(to_data(template))

        return {name: map_texts(value, located) for name, value in residue.items()}

    def unmasked(self) -> list[str]:
        """Slots of which this user's value is left in an undeclared text: an everyday word or number, which may mean
        something else there."""
        left = "\n".join(self._literals).casefold()
        values = {name: str(slot.value).casefold() for name, slot in self.reading.slots.items()}
        return [name for name, value in values.items() if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", left)]

    # What a masked chain receives, and what it answers.

    def read(self, text: str, tokens: Mapping[str, str]) -> Template:
        """A text of a masked answer as a template: it is asked for to be stored, and to be shown.

        Raises:
            Refused: see `langcache.templating.read`.
        """
        if text not in self._was_read:
            self._was_read[text] = read(text, tokens, list(self.reading.slots.values()))
        return self._was_read[text]

    @cached_property
    def _was_read(self) -> dict[str, Template]:
        return {}

    def tokens(self, beside: Iterable[str] = ()) -> dict[str, str]:
        """Slot name to placeholder: distinct from anything the prompt, features, residue or what is *beside* hold."""
        literals = [*self.identity.found.texts, *map(str, self.reading.shown.values()), *self._literals, *beside]
        return placeholders(list(self.reading.slots.values()), literals)

    def masked(self, tokens: Mapping[str, str], on_use: Any) -> Any:
        """The input with placeholders for slots, normalised features, and ignored inputs withheld."""

        def text(value: str) -> str:
            template = self._located.get(value)
            return value if template is None else show(template, tokens)

        residue = {name: mask_value(value, text) for name, value in self.reading.residue.items()}
        if not self.named:
            return residue[""]
        shown = {name: _marking(name, value, on_use) for name, value in self.reading.shown.items()}
        slots = {
            name: _placeholder(name, tokens[name], slot.value, on_use) for name, slot in self.reading.slots.items()
        }
        ignored = {
            name: MaskedText(UNSPECIFIED, name=name, on_use=on_use)
            for name in self.settings.profile.declaration.ignored
        }
        return with_values(self.inputs, {**residue, **shown, **slots, **ignored})


def why_keyless(error: Exception) -> str:
    """Why a request has no key, fit for an event: the texts of unforeseen errors may quote a value."""
    if isinstance(error, RecursionError):
        return "an input that contains itself, or is nested too deeply, has no key"
    return str(error) if isinstance(error, UnkeyableError) else f"no key: {type(error).__name__}"


@dataclass(frozen=True, slots=True)
class _Gapped:
    """A text with gaps, in a key; of a type of its own, so that no input can look like it."""

    segments: list[Any]


def map_texts(value: Any, text: Any) -> Any:
    """*value* for the key: through *text* exactly what `mask_value` masks, LangChain objects as plain data."""
    if type(value) is str:
        return text(value)
    if type(value) in (list, tuple):
        return [type(value).__name__, [map_texts(item, text) for item in value]]
    if type(value) is dict:
        return {key: map_texts(item, text) for key, item in value.items()}
    if isinstance(value, BaseMessage | Document):
        return [type(value).__name__, map_texts(plain_message(mask_value(value, text)), lambda as_it_is: as_it_is)]
    plain = plain_message(value)
    return value if plain is NotImplemented else [type(value).__name__, map_texts(plain, text)]


def _is_clean(lexicon: Lexicon, said: Iterable[Any]) -> bool:
    """Whether nothing in templates and plain values resembles a value."""
    try:
        for each in said:
            if not isinstance(each, tuple):
                lexicon.check_scalar(each)
            template = each if isinstance(each, tuple) else (str(each),)
            lexicon.guard(tuple(part for part in template if not _is_picture(part, lexicon)))
    except Refused:
        return False
    return True


def _is_picture(part: str | Gap, lexicon: Lexicon) -> bool:
    return isinstance(part, str) and is_binary(part, lexicon.values())


def _placeholder(name: str, token: str, value: object, on_use: Any) -> Any:
    text = MaskedText(token, name=name, on_use=on_use)
    return MaskedList(text, many=len(value) > 1) if isinstance(value, list | tuple) else text


def _marking(name: str, value: Any, on_use: Any) -> Any:
    """A bucket label that tells this request if the chain computes with it."""
    if isinstance(value, MaskedText):
        return MaskedText(value.plain, name=name, on_use=on_use)
    if isinstance(value, list):
        return [_marking(name, item, on_use) for item in value]
    return value


def _texts_of(value: Any) -> list[str]:
    return [text for item in value for text in _texts_of(item)] if isinstance(value, list) else [str(value)]


def _readable(value: Any) -> Any:
    """A normalised feature value as JSON shows it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value]
    return str(value)
