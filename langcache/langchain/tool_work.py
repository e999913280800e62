"""One call of a pure tool as `langcache.runtime.work.Work`."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import ToolMessage

from langcache.core.classes import Classes
from langcache.core.directives import combine, from_config
from langcache.core.encoding import canonical, digest
from langcache.core.entry import Entry, labels_of
from langcache.core.events import Event, Usage
from langcache.core.packing import pack, unpack
from langcache.core.reading import read_request
from langcache.errors import UnkeyableError
from langcache.langchain.captured import captured
from langcache.langchain.chain_work import asked_by_profile
from langcache.langchain.fingerprint import fingerprint
from langcache.langchain.leaves import leaves
from langcache.langchain.messages.plain import plain_message
from langcache.langchain.request import why_keyless
from langcache.langchain.settings import Settings
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.work import Produced
from langcache.templating import Lexicon

__all__ = ["ToolWork", "described"]


class ToolWork:
    """Keyed on the agent's name and prompt version, the tool as it is, and its arguments, minus the volatile ones.

    A result for arguments that hold one of the user's details is nobody else's, and a result that mentions one is
    refused: neither is stored. Nor is that of a tool which is handed more than its arguments.

    Args:
        cache: where results are kept.
        settings: the middleware's; the profile's slots are the user's details.
        values: the profile's values, as far as known.
        request: the tool, and its call.
        volatile: names of arguments that do not shape the result.
        config: of the run; its metadata and tags hold directives.
        tell: what a tool is in a key; see `described`.
    """

    masks = False
    lost: Sequence[Usage] = ()
    repeats = False
    """A tool is no provider: whoever wants it tried again has a middleware for that."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        values: Mapping[str, Any],
        request: Any,
        volatile: frozenset[str],
        config: Mapping[str, Any],
        tell: Callable[[Any], Any],
    ) -> None:
        self._call, self._classes = request.tool_call, Classes()
        version, kind = settings.prompt_version, settings.generation_type
        self.namespace, name = cache.namespace, f"tool {self._call['name']}"
        self.event = Event(name, version or "", kind, settings.tags, namespace=self.namespace)
        self.labels = labels_of(name, version or "", kind, settings.tags)
        self.key, self.bypass = "", None
        arguments = {key: value for key, value in self._call["args"].items() if key not in volatile}
        try:
            reading = read_request(settings.profile.declaration, values, {})
            self._lexicon = Lexicon(list(reading.slots.values()), ignored=reading.ignored, blurred=reading.blurred)
            encoded = canonical([settings.name, version, name, tell(request.tool), arguments], plain_message)
        except Exception as error:
            self.bypass = why_keyless(error)
        else:
            self.key = self.event.key = digest(encoded)
            self.bypass = self._personal(arguments)
        asked = from_config(config.get("metadata"), config.get("tags"))
        by_profile = asked_by_profile(settings.profile, values)
        self.directives = combine([*asked, *ambient.ambient_directives(), by_profile, settings.directives])

    def _personal(self, arguments: Any) -> str | None:
        texts = [str(arguments), *map(str, leaves([arguments]))]  # a text in quotes is not quite itself
        located = [part for text in texts for part in self._lexicon.locate(text)]
        return None if all(isinstance(part, str) for part in located) else "an argument holds a slot's value"

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


def described(tool: Any) -> Any:
    """The tool in a key: one of the same name may do something else.

    Raises:
        UnkeyableError: its arguments do not tell its result.
    """
    if tool is None:
        raise UnkeyableError("the agent does not know this tool")
    if _is_handed_more(tool):
        raise UnkeyableError("the tool is handed more than its arguments, so they do not tell its result")
    held = captured(_called(tool)).runnables  # also where the function is a library's, such as that of a retriever
    return [fingerprint(tool).parts, *(fingerprint(runnable).parts for runnable in held)]


def _called(tool: Any) -> Any:
    """The function behind a tool."""
    return getattr(tool, "func", None) or getattr(tool, "coroutine", None) or tool._run  # noqa: SLF001 -- what a tool class implements


def _is_handed_more(tool: Any) -> bool:
    """Whether state, store, runtime or config reach a tool beside what the model gives it."""
    own = inspect.signature(_called(tool)).parameters.values()
    if any("RunnableConfig" in str(parameter.annotation) for parameter in own):
        return True
    if isinstance(tool.args_schema, dict):  # nothing but its arguments is ever filled in there
        return any(parameter.name == "runtime" for parameter in own)
    takes, asks = tool.get_input_schema().model_fields, tool.tool_call_schema.model_fields
    return "runtime" in takes or bool(takes.keys() - asks.keys())
