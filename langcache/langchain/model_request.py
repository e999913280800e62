"""One request to a model, as messages: its reading, its key, its masked messages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_core.messages import BaseMessage

from langcache.core.encoding import canonical, digest
from langcache.core.reading import read_request
from langcache.errors import UnkeyableError
from langcache.langchain.messages.masking import mask_value
from langcache.langchain.messages.numbering import renumbered
from langcache.langchain.messages.plain import plain_message
from langcache.langchain.rendered import Mark, Rendered, Segment
from langcache.langchain.request import UNSPECIFIED, Request, map_texts
from langcache.langchain.settings import Identity
from langcache.templating import Gap, Template, to_data

__all__ = ["ModelRequest"]


class ModelRequest(Request):
    """Reads one model call and makes its key.

    Args:
        chain: whose settings apply.
        identity: what all calls with these parameters share.
        messages: what the model is asked.
        values: the profile's values, as far as known.
        made: those of the messages that a prompt template made.
        variables: everything the prompt template was given, if known.
        extra: whatever else must be part of the key.

    Raises:
        UnkeyableError: something of the request has no canonical form; the message names it, without its value.
    """

    def __init__(
        self,
        chain: Any,
        identity: Identity,
        messages: Sequence[BaseMessage],
        values: Mapping[str, Any],
        made: Sequence[BaseMessage] = (),
        variables: Mapping[str, Any] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.chain, self.settings, self.identity = chain, chain.settings, identity
        self.inputs, self.kwargs, self.named = values, {}, True
        declaration = chain.settings.profile.declaration
        known = {name: value for name, value in values.items() if name in declaration.names}
        self.reading = read_request(declaration, known, {})
        self._literals: list[str] = []
        self._located = {}
        self._segments: list[tuple[bool, tuple[Segment, ...]]] = []
        self._variables: list[str] = []
        self.messages = renumbered(messages)
        masks = chain.settings.mode == "mask"
        self._rendered = Rendered(declaration, self.reading, known, self.finder, whole=masks)
        self._made = _Made(made if variables is not None else ())
        others = {name: value for name, value in (variables or {}).items() if name not in declaration.names}
        self.surroundings = {**(extra or {}), **self._doubtful(others)}
        self.residue = {"messages": [self._keyed(message) for message in self.messages]}
        self.key = digest(b"%b%b" % (identity.prefix, canonical(self._parts(), plain_message)))

    def _keyed(self, message: BaseMessage) -> Any:
        own = message in self._made

        def text(value: str) -> Any:
            segments = self._rendered.locate(value, own=own)
            self._literals.extend(part for part in segments if isinstance(part, str))
            self._segments.append((own, segments))
            if all(isinstance(part, str) for part in segments):
                return value
            return Segments([_as_key(part) for part in segments])

        return map_texts(message, text)

    def _doubtful(self, others: Mapping[str, Any]) -> dict[str, Any]:
        """Undeclared variables in which something like a declared value stands: in the key as they are.

        In the rendered messages it cannot be told whether "25" is the user's age or the number of ideas asked for.
        """
        found: dict[str, Any] = {}
        for name, value in others.items():
            texts = _texts(value)
            self._variables += texts
            doubtful = [text for text in texts if self._is_doubtful(text)]
            if doubtful:
                found[f"variable {name}"] = doubtful
        return found

    def _said(self) -> Iterable[Any]:
        """The variables of the prompt, and the messages it did not make."""
        yield from map(self._rendered.surely, self._variables)
        yield from (_gapped(segments) for own, segments in self._segments if not own)

    def _prompted(self) -> Iterable[Template]:
        """The messages it made: of them only whole values count, since it says "founders" to everybody."""
        return [_gapped(segments) for own, segments in self._segments if own]

    def _is_doubtful(self, text: str) -> bool:
        return self._rendered.locate(text, own=True) != self._rendered.surely(text)

    @cached_property
    def masked_messages(self) -> list[BaseMessage]:
        """The messages with placeholders for slots, normalised features, and ignored inputs withheld."""
        tokens = self.tokens()
        shown = self.reading.shown

        def masked(message: BaseMessage) -> BaseMessage:
            own = message in self._made

            def text(value: str) -> str:
                return "".join(_shown(part, tokens, shown) for part in self._rendered.locate(value, own=own))

            return mask_value(message, text)  # type: ignore[no-any-return]

        return [masked(message) for message in self.messages]

    def check(self) -> None:
        """Raises `UnkeyableError` if the profile speaks of values of which not one is known."""
        declared = self.chain.settings.profile.declaration.names
        if declared and not any(name in self.inputs for name in declared):
            raise UnkeyableError(
                "no value of the profile is known: give them in metadata['profile'] or with cache.user({...})"
            )


@dataclass(frozen=True, slots=True)
class Segments:
    """A text with gaps, in a key; of a type of its own, so that no message can look like it."""

    segments: list[Any]


class _Made:
    """What a prompt template wrote: texts looked up, since a history it was given may have a thousand of them."""

    def __init__(self, messages: Sequence[BaseMessage]) -> None:
        written = [(message.type, message.content) for message in messages]
        self._texts = {each for each in written if isinstance(each[1], str)}
        self._others = [each for each in written if not isinstance(each[1], str)]

    def __contains__(self, message: BaseMessage) -> bool:
        written = message.type, message.content
        return written in (self._texts if isinstance(written[1], str) else self._others)


def _texts(value: Any) -> list[str]:
    """The texts in a prompt's variable, as the prompt would show them."""
    if plain_message(value) is not NotImplemented:
        found: list[str] = []
        mask_value(value, lambda text: found.append(text) or text)  # type: ignore[func-returns-value]
        return found
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


def _gapped(segments: Iterable[Segment]) -> Template:
    return tuple(part if isinstance(part, str) else Gap(part.name) for part in segments)


def _as_key(part: Segment) -> Any:
    if isinstance(part, Gap):
        return ["slot", to_data((part,))]
    return ["mark", part.name] if isinstance(part, Mark) else part


def _shown(part: Segment, tokens: Mapping[str, str], shown: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Gap):
        return tokens[part.name]
    return str(shown.get(part.name, UNSPECIFIED))
