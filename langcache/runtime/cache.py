"""`Cache`: what users hold. It opens the store, owns the engine, and hands out the doors."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar, Unpack, overload

from langcache.core import directives as words
from langcache.core.events import Event
from langcache.core.naming import names
from langcache.core.policy import Expiry
from langcache.core.profile import Profile
from langcache.errors import DeclarationError
from langcache.runtime import ambient
from langcache.runtime.account.calendar import Retention
from langcache.runtime.account.offering import Accounting
from langcache.runtime.account.recorder import Recorder
from langcache.runtime.arguments import Seconds, Wrapping, partition, profile_values, seconds
from langcache.runtime.clock import SYSTEM, Clock
from langcache.runtime.doors import door
from langcache.runtime.flow import Engine
from langcache.runtime.guard import GuardedStore
from langcache.runtime.ledger import Ledger
from langcache.runtime.opening import open_or_offline, sealed
from langcache.runtime.removal import remove
from langcache.runtime.retry import RetryPolicy
from langcache.runtime.selection import select
from langcache.runtime.steps import adrive, drive
from langcache.storage.base import Store

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

__all__ = ["Cache", "check_cache"]

DEFAULT_TTL = timedelta(days=30)
JITTER = 0.05
RETENTION = Retention()
Model = TypeVar("Model", bound="BaseChatModel")
In = TypeVar("In")
Out = TypeVar("Out")


class Cache(Accounting):
    """One cache: a store, a namespace and a policy.

    A context manager, sync and async; forgetting to close loses nothing. It survives fork. A store that fails never
    fails a chain: `stats` says so, and one warning is logged.

    Args:
        url: ``memory://``, ``sqlite:///relative.db``, ``sqlite:////absolute.db`` …; by default ``LANGCACHE_URL``,
            else a SQLite file in the user's cache directory.
        namespace: hard partition; nothing is ever read across it.
        ttl: how long an answer is fresh, as timedelta or seconds; 30 days by default, each entry's up to 5 % less at
            random so that entries written together do not expire together.
        retry: the one retry layer around a chain; ``RetryPolicy(attempts=1)`` for none.
        stale_if_error: serve an answer expired for up to this long when the provider fails (RFC 5861, 4).
        stale_while_revalidate: serve it at once and refresh in the background (RFC 5861, 3).
        early_refresh: fetch an answer anew in the background shortly before it expires (XFetch: Vattani, Chierichetti,
            Lowenstein, PVLDB 8(8), 2015); 1 is the paper's optimum, more is earlier. Off by default: it spends calls
            while every request is a hit.
        prices: model name to ``{"input": …, "output": …}``, USD per 1,000 tokens; beats the bundled prices.
        clock: for tests; see `langcache.testing.FakeClock`.
        store: an open store instead of *url*.
        retention_days: how long the account is kept, in the store.
        retention_keys: keys that it tells apart per day, beside the busiest; of more, these are a sample.
        encryption_keys: what the store holds is encrypted (AES-GCM) under the first of these, and readable under all:
            each 32 bytes, or base64 as `langcache.storage.encrypted.generate_key` writes them. Extra ``encryption``.
        **options: passed to the store, such as ``max_bytes``.

    Raises:
        StoreURLError: the URL names no store.
        DeclarationError: the namespace or a time is none.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        namespace: str = "default",
        ttl: Seconds | None = None,
        retry: RetryPolicy | None = None,
        stale_if_error: Seconds | None = None,
        stale_while_revalidate: Seconds | None = None,
        early_refresh: float | None = None,
        prices: Mapping[str, Mapping[str, Any]] | None = None,
        clock: Clock = SYSTEM,
        store: Store | None = None,
        retention_days: int = RETENTION.days,
        retention_keys: int = RETENTION.keys,
        encryption_keys: Sequence[bytes | str] = (),
        **options: Any,
    ) -> None:
        self.namespace, self.clock = partition(namespace), clock
        if not isinstance(retry, RetryPolicy | None):
            raise DeclarationError(f"retry is a langcache.RetryPolicy(attempts=…), not {retry!r}")
        self.ledger = Ledger()
        expiry = Expiry(
            seconds("ttl", DEFAULT_TTL if ttl is None else ttl),
            JITTER,
            None if stale_if_error is None else seconds("stale_if_error", stale_if_error),
            None if stale_while_revalidate is None else seconds("stale_while_revalidate", stale_while_revalidate),
            early_refresh,
        )
        self.engine = Engine(
            store=GuardedStore(
                sealed(open_or_offline(url, options) if store is None else store, encryption_keys), clock
            ),
            retry=RetryPolicy() if retry is None else retry,
            clock=clock,
            expiry=expiry,
            price=_LatePrice(prices),
            record=self.ledger.record,
        )
        self.recorder = Recorder(self.store, clock, namespace, Retention(retention_days, retention_keys))
        self.ledger.subscribe(self.recorder.record)

    # The doors.

    @overload
    def wrap(  # type: ignore[overload-overlap] # a chat model is a Runnable too, and the first that fits is taken
        self, runnable: Model, **declared: Unpack[Wrapping]
    ) -> Model: ...
    @overload
    def wrap(self, runnable: "Runnable[In, Out]", **declared: Unpack[Wrapping]) -> "Runnable[In, Out]": ...
    @overload
    def wrap(
        self, runnable: Callable[..., Any] | Mapping[str, Any], **declared: Unpack[Wrapping]
    ) -> "Runnable[Any, Any]": ...
    def wrap(
        self,
        runnable: "Runnable[Any, Any] | Callable[..., Any] | Mapping[str, Any]",
        *,
        profile: type[Profile] | None = None,
        name: str | None = None,
        prompt_version: str | None = None,
        mode: Literal["mask", "abstract"] = "mask",
        generation_type: str | None = None,
        tags: str | Sequence[str] = (),
        directives: str | Iterable[str] | None = None,
        instruction: str | Literal[False] | None = None,
        volatile: str | Iterable[str] = (),
        fallbacks: Literal["apart", "together"] = "apart",
    ) -> Any:
        """Wrap any runnable (door 1): the same runnable, answering every user of one kind with one call.

        Args:
            runnable: a chain, or what LangChain makes one of (a function, a dict); or a chat model, which stays one.
            profile: what of the input decides, fills, or does neither; without one, inputs are keyed exactly.
            name: the chain's name in keys, events and statistics; the runnable's own by default.
            prompt_version: stands for the prompt text; without it, a fingerprint of every prompt found. Models, their
                parameters, tools and schemas are in the key regardless.
            mode: ``"mask"``: the chain runs on placeholders, so that the model never sees a detail. ``"abstract"``: it
                runs on real values and the answer is delexicalized afterwards, or refused.
            generation_type, tags: label entries for statistics and invalidation.
            directives: what applies to this chain unless a call says otherwise.
            instruction: the sentence that asks the model to keep placeholders; your own text, or False for none.
            volatile: names in ``configurable``, and in metadata that a function reads, that do not shape the answer.
            fallbacks: what a fallback inside the chain (``.with_fallbacks``) answers is ``"apart"``: for the request it
                served alone, not stored as the first choice's. ``"together"``: whoever answers, it is one entry.

        Raises:
            DeclarationError: the runnable cannot be fingerprinted and no ``prompt_version`` is given; or an argument
                cannot work, such as a tag that no store can write down.
        """
        return door("wrap")(
            self,
            runnable,
            profile=profile,
            name=name,
            prompt_version=prompt_version,
            mode=mode,
            generation_type=generation_type,
            tags=names(tags),
            directives=words.parse(directives),
            instruction=instruction,
            volatile=frozenset(names(volatile)),
            fallbacks=fallbacks,
        )

    def llm_cache(self, policies: Sequence[Any] = (), **policy: Any) -> Any:
        """A LangChain ``BaseCache`` (door 2, by hand): ``ChatOpenAI(cache=cache.llm_cache(...))``.

        Give the same model or call `handler` as a callback. Keyword arguments are those of one `ChainPolicy`.
        """
        return door("llm_cache")(self, policies, **policy)

    def handler(self, policies: Sequence[Any] = (), **policy: Any) -> Any:
        """The callback handler that tells `llm_cache` whose call it sees."""
        return door("handler")(self, policies, **policy)

    # The ambient user and directives.

    def user(self, values: Mapping[str, Any] | Profile) -> AbstractContextManager[None]:
        """Serve the user with these profile values in the block, where a chain's input does not hold them."""
        return ambient.serving(profile_values(values))

    def directives(self, *asked: str) -> AbstractContextManager[None]:
        """Apply directives, such as ``"only-if-cached"``, to every call in the block."""
        return ambient.directing(words.parse(asked))

    def namespaced(self, namespace: str) -> "Cache":
        """The same cache, hard-partitioned: another namespace on the same store, account and policy."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.namespace = partition(namespace)
        return twin

    # Seeing it.

    def capture(self) -> AbstractContextManager[list[Event]]:
        """Collect the events of this context; synchronous and unbounded."""
        return self.ledger.capture()

    def explain(self, wrapped: Any, inputs: Any, config: Any = None) -> Any:
        """The parts of the key *inputs* have, whether it is stored, and if not, what differs from the nearest one.

        Args:
            wrapped: what `wrap` returned for a chain or a chat model, or a pipe that begins with it.
            inputs: what it would be invoked with.
            config: the call's, such as ``{"metadata": {"profile": {...}}}`` for a chat model.

        Raises:
            DeclarationError: *wrapped* is something else.
        """
        return door("explain")(self, wrapped, inputs, config)

    async def aexplain(self, wrapped: Any, inputs: Any, config: Any = None) -> Any:
        """`explain`, awaited."""
        return await door("aexplain")(self, wrapped, inputs, config)

    # Removing it.

    def invalidate(
        self,
        *,
        key: str | None = None,
        chain: str | None = None,
        prompt_version: str | None = None,
        generation_type: str | None = None,
        tags: str | Iterable[str] = (),
        older_than: Seconds | None = None,
        features: Mapping[str, Any] | None = None,
    ) -> int:
        """Remove the entries of this namespace that meet *every* condition given; says how many fell.

        Args:
            key: the key's digest.
            chain, prompt_version, generation_type: as declared.
            tags: one, or several that must all be there.
            older_than: made longer ago than this.
            features: name to normalised value; each entry must be read for it.

        Raises:
            DeclarationError: no condition is given, or an age that is none.
            StoreError: the store does not answer.
        """
        now = self.clock.now()
        chosen = select(
            now,
            key=key,
            chain=chain,
            prompt_version=prompt_version,
            generation_type=generation_type,
            tags=tags,
            older_than=older_than,
            features=features,
        )
        return drive(remove(self.store, self.namespace, chosen, now))

    async def ainvalidate(
        self,
        *,
        key: str | None = None,
        chain: str | None = None,
        prompt_version: str | None = None,
        generation_type: str | None = None,
        tags: str | Iterable[str] = (),
        older_than: Seconds | None = None,
        features: Mapping[str, Any] | None = None,
    ) -> int:
        """`invalidate`, awaited."""
        now = self.clock.now()
        chosen = select(
            now,
            key=key,
            chain=chain,
            prompt_version=prompt_version,
            generation_type=generation_type,
            tags=tags,
            older_than=older_than,
            features=features,
        )
        return await adrive(remove(self.store, self.namespace, chosen, now))

    def clear(self) -> int:
        """Remove every entry of this namespace; says how many."""
        removed = self.store.clear(self.namespace)
        self.engine.store.emptied(self.namespace)
        return removed

    async def aclear(self) -> int:
        """`clear`, awaited."""
        removed = await self.store.aclear(self.namespace)
        self.engine.store.emptied(self.namespace)
        return removed

    # Its life.

    @property
    def store(self) -> Store:
        """The store itself, unguarded."""
        return self.engine.store.store

    def close(self) -> None:
        """Let go of files and connections; chains wrapped with this cache go on without it."""
        self._finish()
        self.store.close()

    def _finish(self) -> None:
        self.engine.leases.close()
        self.recorder.close()

    async def aclose(self) -> None:
        """`close`, awaited; background refreshes are waited for."""
        for task in list(self.engine.tasks):
            await task
        await asyncio.to_thread(self._finish)
        await self.store.aclose()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Cache holds connections and cannot be pickled: make one in each process, on the same URL")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _LatePrice:
    """Prices, loaded with the first provider call instead of with the first import; a user's own are read at once."""

    def __init__(self, table: Mapping[str, Mapping[str, Any]] | None) -> None:
        self._prices = None if table is None else door("price")(table)

    def __call__(self, usage: Any) -> Any:
        if self._prices is None:
            self._prices = door("price")()
        return self._prices(usage)


def check_cache(cache: Any) -> None:
    """Raises `DeclarationError` if it is none, such as a URL, which is not quoted: it may hold a password."""
    if not isinstance(cache, Cache):
        raise DeclarationError(f"the cache is a langcache.Cache(...), not a {type(cache).__name__}")
