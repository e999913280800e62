"""One request on its way through the flow, for a wrapped chain."""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn

from langchain_core.messages import BaseMessage
from langchain_core.runnables.config import merge_configs

from langcache.core.classes import Classes
from langcache.core.directives import NONE, Directives, combine, from_config, parse
from langcache.core.entry import Entry
from langcache.core.events import Event, Usage
from langcache.core.packing import pack, unpack
from langcache.core.profile import Profile
from langcache.errors import Refused
from langcache.langchain.announce import Announcer
from langcache.langchain.chain_stream import ChainStream
from langcache.langchain.chunks import ChunkFiller
from langcache.langchain.fingerprint import INTERRUPT
from langcache.langchain.inputs import named
from langcache.langchain.listeners import filled_listeners
from langcache.langchain.messages.blank import is_blank
from langcache.langchain.messages.packing import Messages
from langcache.langchain.messages.paid import Paid
from langcache.langchain.observe import Observer, UnfitLookup, observers
from langcache.langchain.request import Request, why_keyless
from langcache.langchain.settings import Chain
from langcache.langchain.thoughts import UNMASKABLE, calls_after_thoughts
from langcache.langchain.told_parts import told_parts
from langcache.runtime import ambient
from langcache.runtime.transient import is_transient
from langcache.runtime.work import MaskedRunFailed, Produced, Stream
from langcache.templating import Gap, Template, fill, from_data, to_data
from langcache.templating.stream import StreamFiller

__all__ = ["ChainWork", "asked_by_profile"]


class ChainWork:
    """Implements `langcache.runtime.work.Work`.

    Args:
        chain: the wrapped chain.
        inputs: what it was invoked with.
        config: the call's whole config.
        kwargs: keyword arguments of the call.
        announcer: fires the chain's own start and end.
    """

    streams = False
    """Whether the answer is shown while it comes."""
    repeats = True

    def __init__(self, chain: Chain, inputs: Any, config: Any, kwargs: Mapping[str, Any], announcer: Announcer) -> None:
        self.chain, self.inputs, self.config, self.kwargs = chain, inputs, config, kwargs
        self.announcer = announcer
        self.opened: list[ChainStream] = []
        self.watching: list[Observer] = []
        self.namespace = chain.cache.namespace
        self.identity = chain.identity()
        self.labels = self.identity.labels
        settings = chain.settings
        self.masks = settings.mode == "mask"
        self.event = announcer.event = Event(
            settings.name,
            self.identity.prompt_version,
            settings.generation_type,
            settings.tags,
            namespace=self.namespace,
        )
        self.key, self.bypass = "", self._why_not()
        self.request: Request | None = None
        self._tokens: dict[str, str] | None = None
        self._used: list[str] = []
        if self.bypass is None:
            self._read()
        self.directives = self._directives()

    def _read(self) -> None:
        try:
            self.request = Request(self.chain.settings, self.identity, self.inputs, self.config, self.kwargs)
        except Exception as error:
            self.bypass = why_keyless(error)
            return
        self.key = self.event.key = self.request.key

    def _why_not(self) -> str | None:
        loads = self.identity.found.loads_history
        if loads:
            return f"{loads[0].rpartition(':')[2]} loads history that is not in the key: pass the messages as an input"
        if INTERRUPT in self.identity.found.reads:
            return "it asks a person, whose answer is not in the key: call interrupt() before the chain, not inside"
        if self.masks and self.identity.thinks:
            return UNMASKABLE
        if self.masks and not self.chain.masked_runs.closed():
            return "the chain cannot be masked: its masked runs failed; wrap it with mode='abstract'"
        return None

    def _directives(self) -> Directives:
        profile = self.chain.settings.profile
        levels = [
            *from_config(self.config.get("metadata"), self.config.get("tags")),
            *ambient.ambient_directives(),
            asked_by_profile(profile, self.inputs),
            self.chain.settings.directives,
        ]
        return combine(levels)

    def apart(self) -> "ChainWork":
        """The same request on an account of its own, heard by nobody."""
        twin = copy.copy(self)
        twin.config = {**self.config, "callbacks": None}
        twin.announcer = Announcer(self.event.chain, twin.config, heard=False)
        twin.event = twin.announcer.event = self.event.anew()
        twin.streams, twin.watching = False, []
        return twin

    @property
    def lost(self) -> list[Usage]:
        """Of runs that produced nothing: what was seen of the others is told with what they produced."""
        return [usage for observer in self.watching for usage in observer.own]

    # Running the chain.

    def run(self, masked: bool) -> Produced | Stream:
        """One attempt; of a stream, as far as its first chunk."""
        observer, inputs = self._prepared(masked)
        self.watching.append(observer)
        config = self._config(self.announcer.start(self.inputs), observer, masked)
        inner = self.identity.inner[masked]
        if self.streams:
            return self._stream(observer, masked, inputs).open(inner.stream(inputs, config, **self.kwargs))
        try:
            with self.chain.watched, ambient.running_inside():
                output = inner.invoke(inputs, config, **self.kwargs)
        except Exception as error:
            self._raise(error, observer, masked)
        return self._produced(output, observer, masked)

    async def arun(self, masked: bool) -> Produced | Stream:
        """`run`, awaited."""
        observer, inputs = self._prepared(masked)
        self.watching.append(observer)
        config = self._config(await self.announcer.astart(self.inputs), observer, masked)
        inner = self.identity.inner[masked]
        if self.streams:
            return await self._stream(observer, masked, inputs).aopen(inner.astream(inputs, config, **self.kwargs))
        try:
            with self.chain.watched, ambient.running_inside():
                output = await inner.ainvoke(inputs, config, **self.kwargs)
        except Exception as error:
            self._raise(error, observer, masked)
        return self._produced(output, observer, masked)

    def _config(self, config: Any, observer: Observer, masked: bool) -> Any:
        """The config for what runs inside; who listens there for tokens hears them filled."""
        observer.account = self.chain.cache.ledger, self.namespace
        observer.outer = [each for each in observers(config) if each.account == observer.account]
        if masked and self.request is not None and self.tokens:
            config = filled_listeners(config, self.filler, self.whole)
        return merge_configs(config, {"callbacks": [observer]})

    def _stream(self, observer: Observer, masked: bool, inputs: Any) -> ChainStream:
        grows = self.identity.grows
        fills = masked and self.request is not None
        stream = ChainStream(
            _Observed(self, observer, masked),
            ChunkFiller(self.filler, self.whole, grows) if fills else None,
            grows=grows,
            told=partial(told_parts, given=inputs, whole=self.whole) if fills else None,
            before=next((told for before in reversed(self.opened) if (told := before.told) is not None), None),
        )
        self.opened.append(stream)
        return stream

    def filler(self) -> StreamFiller:
        """Fills one text of a masked run while it comes."""
        assert self.request is not None
        return StreamFiller(self.tokens, self.request.reading.slots)

    def _prepared(self, masked: bool) -> tuple[Observer, Any]:
        self._used = []
        if not masked or self.request is None:
            return Observer(self._value_in, stop_lookups=False), self.inputs
        try:
            observer = Observer(self._token_in, stop_lookups=True, placeholder_in=self._brought)
            return observer, self.request.masked(self.tokens, self._used.append)
        except Exception as error:  # which the run on real values may do without
            raise MaskedRunFailed(f"its input cannot be masked: {type(error).__name__}") from error

    @property
    def tokens(self) -> dict[str, str]:
        """Slot name to placeholder."""
        assert self.request is not None
        if self._tokens is None:
            self._tokens = self.request.tokens()
        return self._tokens

    def _raise(self, error: Exception, observer: Observer, masked: bool) -> NoReturn:
        failure = self._failure(error, observer, masked)
        if failure is error:
            raise error  # "from" itself would make the error its own cause, and whoever follows causes hang
        raise failure from error

    def _failure(self, error: Exception, observer: Observer, masked: bool) -> Exception:
        if isinstance(error, UnfitLookup):
            return MaskedRunFailed(str(error))
        if not masked or observer.blames_provider(error) or not self._is_blamed_on_mask(error):
            return error
        used = f"it computes with {self._used[0]!r}: declare that a Feature" if self._used else type(error).__name__
        return MaskedRunFailed(used)

    def _is_blamed_on_mask(self, error: Exception) -> bool:
        """Whether the run might have gone well on real values."""
        if self._used:
            return True
        return bool(self.chain.settings.profile.declaration.names) and not is_transient(error)

    def _produced(self, output: Any, observer: Observer, masked: bool) -> Produced:
        if masked and self._used:
            raise MaskedRunFailed(f"it computes with {self._used[0]!r}: declare that a Feature")
        if self.request is not None:
            self.request.found = observer.found
        refusal, details = observer.refusal, {}
        if refusal is None and observer.lookup_of is not None:
            refusal, details = "slot looked up", {"slot": observer.lookup_of}
        if refusal is None and observer.fell_back and self.chain.settings.fallbacks == "apart":
            refusal = "answered by a fallback"
        if refusal is None and self.identity.thinks and calls_after_thoughts(output):
            refusal = "reasoning of a tool call"
        if refusal is None and _is_empty(output):
            refusal = "empty answer"
        self.watching.remove(observer)
        return Produced(output, observer.usages, refusal, details, own=observer.own)

    def _value_in(self, text: str) -> str | None:
        """The slot of which something may have gone into a lookup's *text*."""
        return None if self.request is None else self.request.fed_into(text)

    def _token_in(self, text: str) -> str | None:
        allowed = self.chain.settings.profile.declaration.lookup_ok
        for name, token in self.tokens.items():
            if token.casefold() in text.casefold() and name not in allowed:
                return name
        return None

    def _brought(self, text: str) -> str | None:
        """The slot whose placeholder would mean something else beside *text*; one that was looked up may come back."""
        assert self.request is not None
        allowed, free = self.chain.settings.profile.declaration.lookup_ok, self.request.tokens([text])
        return next((name for name, token in self.tokens.items() if free[name] != token and name not in allowed), None)

    # The answer.

    def template(self, produced: Produced) -> Any:
        """The packed, delexicalized answer."""
        if self.chain.identity() is not self.identity:
            raise Refused("chain changed while it ran")
        return self._packed(produced.output, Messages(inputs=self.request))

    def reveal(self, produced: Produced) -> Any:
        """What a masked run gave, with this user's details in it, nothing else changed."""
        return self.whole(produced.output)

    def whole(self, value: Any) -> Any:
        """Something that came of a masked run, complete, with this user's details in it."""
        messages = Messages(paid=Paid(), inputs=self.request)
        body = pack(value, self._read_masked, _any_number, self._classes, messages, derived=False)
        return unpack(body, self._fill, self._classes, messages)

    def fill(self, entry: Entry) -> Any:
        """A stored answer, with this user's details in it."""
        age_s = max(0.0, self.chain.cache.clock.now() - entry.created_at)
        messages = Messages(
            {"outcome": self.event.outcome, "key": self.key, "age_s": round(age_s, 3)}, inputs=self.request
        )
        return unpack(entry.body, self._fill, self._classes, messages)

    def _fill(self, segments: list[Any]) -> str:
        assert self.request is not None
        return fill(from_data(segments), self.request.reading.slots)

    @property
    def _classes(self) -> Classes:
        return self.identity.classes

    def _packed(self, output: Any, messages: Messages) -> Any:
        assert self.request is not None
        lexicon = self.request.lexicon
        met: set[str] = set()

        def text(value: str) -> Any:
            template = self._delexicalized(value)
            met.update(self._gaps(template))
            return _as_data(value, template)

        body = pack(output, text, lexicon.check_scalar, self._classes, messages, derived=False)
        self._check_required(met)
        return body

    def _delexicalized(self, value: str) -> Template:
        assert self.request is not None
        if not self.masks:
            return self.request.delexicalized(value)
        template = self.request.read(value, self.tokens)
        self.request.lexicon.guard(template)
        return template

    def _read_masked(self, value: str) -> Any:
        assert self.request is not None
        return _as_data(value, self.request.read(value, self.tokens))

    def _check_required(self, met: set[str]) -> None:
        assert self.request is not None
        for name in self.request.reading.slots:
            if name in self.chain.settings.profile.declaration.required and name not in met:
                raise Refused("required slot missing", slot=name)

    @staticmethod
    def _gaps(template: Template) -> list[str]:
        return [part.name for part in template if isinstance(part, Gap)]

    def about(self) -> dict[str, Any]:
        """The readable half of the entry; a feature that happens to hold a detail is shown as a digest."""
        assert self.request is not None
        settings = self.chain.settings
        return {
            "parts": self.request.public_parts(),
            "generation_type": settings.generation_type,
            "tags": list(settings.tags),
        }

    def masked_run_ended(self, well: bool) -> None:
        """Count towards giving up on masking this chain."""
        if well:
            self.chain.masked_runs.succeeded()
        else:
            self.chain.masked_runs.failed(MaskedRunFailed())


class _Observed:
    """A run of a chain as the source of a stream."""

    def __init__(self, work: ChainWork, observer: Observer, masked: bool) -> None:
        self._work, self._observer, self._masked = work, observer, masked
        self.watched = work.chain.watched

    def failure(self, error: Exception) -> Exception:
        """An error before the first chunk: the provider's, or that of the mask."""
        return self._work._failure(error, self._observer, self._masked)  # noqa: SLF001 -- a part of it

    def finished(self, output: Any) -> Produced:
        """The answer with what the observer has seen.

        Raises:
            MaskedRunFailed: a model answered, and all of it was passed over, as parsers do with what does not validate.
        """
        if self._masked and output is None and self._observer.usages:
            raise MaskedRunFailed("nothing is made of what its model answers")
        return self._work._produced(output, self._observer, self._masked)  # noqa: SLF001


def _as_data(value: str, template: Template) -> Any:
    if not any(isinstance(part, Gap) for part in template):
        return value
    return to_data(template)


def _any_number(value: Any) -> None:
    """A number in an answer that is shown, not stored."""


def _is_empty(output: Any) -> bool:
    if isinstance(output, BaseMessage):
        return is_blank(output)
    return output is None or (isinstance(output, str) and not output.strip())


def asked_by_profile(profile: Any, inputs: Any) -> Directives:
    """What the user's own profile asks for; nothing is built unless the profile overrides `cache_directives`."""
    if profile.cache_directives is Profile.cache_directives:
        return NONE
    if isinstance(inputs, profile):
        return parse(inputs.cache_directives())
    return parse(profile.of_values({**ambient.ambient_user(), **(named(inputs) or {})}).cache_directives())
