"""One call of a pure tool as `langcache.runtime.work.Work`."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import ToolMessage

from langcache.core.classes import Classes
from langcache.core.directives import combine, from_config
from langcache.core.encoding import canonical, digest
from langcache.core.entry import Entry, labels_of
from langcache.core.events import Event
from langcache.core.packing import pack, unpack
from langcache.core.profile import Profile
from langcache.core.reading import read_request
from langcache.langchain.messages.plain import plain_message
from langcache.langchain.request import why_keyless
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.work import Produced
from langcache.templating import Lexicon

__all__ = ["ToolWork"]


class ToolWork:
    """Keyed on the tool's name and its arguments, minus the volatile ones.

    A result for arguments that hold one of the user's details is nobody else's, and a result that mentions one is
    refused: neither is stored.

    Args:
        cache: where results are kept.
        profile: whose slots are the user's details.
        values: the profile's values, as far as known.
        call: the tool call.
        volatile: names of arguments that do not shape the result.
        config: of the run; its metadata and tags hold directives.
    """

    masks = False

    def __init__(
        self,
        cache: Cache,
        profile: type[Profile],
        values: Mapping[str, Any],
        call: Mapping[str, Any],
        volatile: frozenset[str],
        config: Mapping[str, Any],
    ) -> None:
        self._call, self._classes = call, Classes()
        self.namespace, name = cache.namespace, f"tool {call['name']}"
        self.event = Event(name, namespace=self.namespace)
        self.labels = labels_of(name, "", None, ())
        self.key, self.bypass = "", None
        arguments = {key: value for key, value in call["args"].items() if key not in volatile}
        try:
            reading = read_request(profile.declaration, values, {})
            self._lexicon = Lexicon(list(reading.slots.values()), ignored=reading.ignored, blurred=reading.blurred)
            encoded = canonical([name, arguments], plain_message)
        except Exception as error:
            self.bypass = why_keyless(error)
        else:
            self.key = self.event.key = digest(encoded)
            self.bypass = self._personal(arguments)
        self.directives = combine(
            [*from_config(config.get("metadata"), config.get("tags")), *ambient.ambient_directives()]
        )

    def _personal(self, arguments: Any) -> str | None:
        template = self._lexicon.locate(str(arguments))
        return None if all(isinstance(part, str) for part in template) else "an argument holds a slot's value"

    def calling(self, handler: Callable[[Any], Any], request: Any) -> "ToolWork":
        """The work of calling *handler*."""
        self._handler, self._request = handler, request
        return self

    def run(self, masked: bool) -> Produced:
        """One attempt."""
        return _produced(self._handler(self._request))

    async def arun(self, masked: bool) -> Produced:
        """`run`, awaited."""
        return _produced(await self._handler(self._request))

    def apart(self) -> "ToolWork":
        """The same call on an account of its own."""
        twin = copy.copy(self)
        twin.event = self.event.anew()
        return twin

    def template(self, produced: Produced) -> Any:
        """The result, packed; raises `Refused` if it mentions a detail."""

        def text(value: str) -> str:
            self._lexicon.guard((value,))
            return value

        return pack(_parts(produced.output), text, self._lexicon.check_scalar, self._classes)

    def reveal(self, produced: Produced) -> Any:
        """A tool is never run on placeholders."""
        return produced.output

    def fill(self, entry: Entry) -> ToolMessage:
        """A new message for this very call."""
        parts = unpack(entry.body, "".join, self._classes)
        return ToolMessage(name=self._call["name"], tool_call_id=self._call["id"], **parts)

    def about(self) -> dict[str, Any]:
        """What `explain` could show of it."""
        return {"parts": {"chain": self.event.chain, "arguments": self.key}}

    def masked_run_ended(self, well: bool) -> None:
        """A tool is never masked."""


def _produced(output: Any) -> Produced:
    fit = isinstance(output, ToolMessage) and output.status == "success"
    return Produced(output, refusal=None if fit else "tool failed")


def _parts(message: ToolMessage) -> dict[str, Any]:
    return {"content": message.content, "artifact": message.artifact}
