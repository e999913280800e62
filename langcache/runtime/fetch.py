"""The provider's half of a request: run the chain, account for it, check the answer, store it. Written once."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.core.entry import Entry
from langcache.core.events import Event, Usage
from langcache.core.policy import Expiry
from langcache.core.sameness import template_digest
from langcache.errors import MaskedValueUsed, Refused, UnstorableError
from langcache.runtime import retry
from langcache.runtime.clock import Clock
from langcache.runtime.flight import Flight, Flights, Landing
from langcache.runtime.guard import GuardedStore
from langcache.runtime.lease import Leases
from langcache.runtime.retry import Attempts, RetryPolicy
from langcache.runtime.steps import Flow, Step, show
from langcache.runtime.work import MaskedRunFailed, Produced, Stream, StreamBroke, Work
from langcache.storage.base import Lease

__all__ = ["SHOWN", "Fetch", "Price", "Term", "why_unfilled"]

Price = Callable[[Usage], Decimal | None]

SHOWN = object()
"""The answer of a stream that has been shown chunk by chunk."""


@dataclass(slots=True)
class Term:
    """What a leader holds: its flight among threads and tasks, its lease among processes; neither where it is alone."""

    flight: Flight | None = None
    lease: Lease | None = None
    landing: Landing = field(default_factory=Landing)
    """How the flight ends unless it was landed before."""


@dataclass(slots=True)
class Fetch:
    """Fetches answers for one cache; the attributes are those of `langcache.runtime.flow.Engine`."""

    store: GuardedStore
    retry: RetryPolicy
    clock: Clock
    expiry: Expiry
    price: Price
    flights: Flights
    leases: Leases

    def generate(self, work: Work, term: Term) -> Flow[Any]:
        """Run the chain for *work* and, if its answer may be stored, store it; tell those who wait for *term*."""
        started = self.clock.now()
        try:
            produced = yield from self._run(work, work.masks)
        except MaskedRunFailed as failure:
            yield from self.release(work, term)
            answer = yield from self.around(work, f"masked run failed: {failure}")
            work.masked_run_ended(False)  # unless real values fail as well
            return answer
        except StreamBroke as broke:
            if isinstance(broke.error, MaskedValueUsed):
                work.masked_run_ended(False)  # so that not every stream of this chain breaks
            raise
        except Exception as error:
            if work.masks and term.flight is not None and term.flight.failures:
                # Masked requests of one key are identical, so a second failure speaks for all who still wait.
                self.land(term, Landing(error=error))
            raise
        try:
            entry = self.entry(work, produced, self.checked(work, produced), started)
        except Refused as refused:
            yield from self.release(work, term)
            return (yield from self._refused(work, produced, refused))
        except UnstorableError as error:
            yield from self.release(work, term)
            return (yield from self._unstorable(work, produced, str(error)))
        except Exception as error:  # an answer of a shape nobody thought of is still an answer
            yield from self.release(work, term)
            return (yield from self._unstorable(work, produced, f"cannot be stored: {type(error).__name__}"))
        yield from self.keep(work, entry, term)
        return (yield from self._own(work, produced))

    def keep(self, work: Work, entry: Entry, term: Term) -> Flow[None]:
        """Store *entry* and hand it to all who wait for *term*."""
        gone_at, stored = self.expiry.gone_at(entry.fresh_until), False
        if not self.store.hangs:
            stored = yield self.store.put(work.namespace, work.key, entry, gone_at, work.labels, term.lease)
        self.land(term, Landing(entry=entry))
        if stored and term.lease is not None:
            self.leases.given_back(term.lease)
        else:
            yield from self.leases.release(term.lease)
        term.lease = None

    def _own(self, work: Work, produced: Produced) -> Flow[Any]:
        """The leader's own answer: what the chain said, with the leader's details in it."""
        if produced.unfilled is not None:
            work.event.reason = f"cannot be filled for this user: {why_unfilled(produced.unfilled)}"
        elif produced.shown and work.masks:
            work.masked_run_ended(True)
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        try:
            answer = work.reveal(produced)
        except Exception as error:  # validators of the chain's own classes raise anything
            return (yield from self.around(work, f"cannot be filled for this user: {why_unfilled(error)}"))
        work.masked_run_ended(True)
        return answer

    def checked(self, work: Work, produced: Produced) -> Any:
        """The packed answer, fit to be stored; raises `Refused` or `UnstorableError`."""
        if produced.refusal is not None:
            work.event.details.update(produced.details)
            raise Refused(produced.refusal)
        return work.template(produced)

    def _refused(self, work: Work, produced: Produced, refused: Refused) -> Flow[Any]:
        event = work.event
        event.outcome, event.reason, event.parts = "refused", refused.reason, work.about().get("parts")
        for name in ("slot", "form", "position"):
            if getattr(refused, name) is not None:
                event.details[name] = getattr(refused, name)
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        try:
            return work.reveal(produced)
        except Exception:
            work.masked_run_ended(False)
            return (yield from self._real(work))

    def _unstorable(self, work: Work, produced: Produced, reason: str) -> Flow[Any]:
        work.event.outcome, work.event.reason = "bypass", reason
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        work.masked_run_ended(False)
        return (yield from self._real(work))

    def around(self, work: Work, reason: str) -> Flow[Any]:
        """The chain's answer on real values, stored nowhere; *reason* goes into the event."""
        work.event.outcome, work.event.reason = "bypass", reason
        return (yield from self._real(work))

    def _real(self, work: Work) -> Flow[Any]:
        produced = yield from self._run(work, False)
        return SHOWN if produced.shown else produced.output

    def _run(self, work: Work, masked: bool) -> Flow[Produced]:
        attempts = Attempts()
        clock, policy = self.clock, self.retry if work.repeats else None

        def run() -> Produced | Stream:
            return retry.call(policy, lambda: work.run(masked), sleep=clock.sleep, now=clock.now, attempts=attempts)

        async def arun() -> Produced | Stream:
            return await retry.acall(
                policy, lambda: work.arun(masked), sleep=clock.asleep, now=clock.now, attempts=attempts
            )

        try:
            got: Produced | Stream = yield Step(run, arun)
            produced = got if isinstance(got, Produced) else (yield from self._shown(got))
        except (GeneratorExit, asyncio.CancelledError, StreamBroke):
            work.event.cost_usd = None  # a call that is broken off is billed, and never says what it used
            raise
        finally:
            work.event.attempts += attempts.count
            if attempts.errors:
                work.event.details.setdefault("errors", []).extend(attempts.errors)
        self.account(work.event, produced.usages if produced.own is None else produced.own)
        return produced

    def _shown(self, stream: Stream) -> Flow[Produced]:
        """Show what comes; from the first chunk on there is no other attempt, once it spoke nothing in its stead."""
        try:
            while (chunks := (yield Step(stream.pull, stream.apull))) is not None:
                for chunk in chunks:
                    yield show(chunk)
            return stream.produced()
        except MaskedRunFailed as failure:
            if stream.resumes:
                raise
            raise StreamBroke(_cause(failure)) from failure
        except Exception as error:
            if stream.said:
                raise StreamBroke(error) from error
            raise

    def account(self, event: Event, usages: Sequence[Usage]) -> None:
        """Add what provider calls used and cost to *event*."""
        for usage in usages:
            event.model = usage.model or event.model
            event.input_tokens += usage.input_tokens
            event.output_tokens += usage.output_tokens
            event.cache_read_tokens += usage.details.get("cache_read", 0)
            event.cache_write_tokens += usage.details.get("cache_creation", 0)
            cost = self.price(usage)
            event.cost_usd = None if cost is None or event.cost_usd is None else event.cost_usd + cost

    def account_lost(self, work: Work) -> None:
        """Add what runs that produced nothing used; at the end: the model that answered is the last one."""
        answered_by = work.event.model
        self.account(work.event, work.lost)
        work.event.model = answered_by or work.event.model

    def entry(self, work: Work, produced: Produced, body: Any, started: float) -> Entry:
        """What is stored for *work*, written now; fetching it began at *started*.

        It costs what the run that made it did, the calls of requests inside it too: a hit spares them all.
        """
        now, event, made = self.clock.now(), work.event, Event(work.event.chain)
        self.account(made, produced.usages)
        about = work.about()
        event.parts, event.template = about.get("parts"), template_digest(body)
        return Entry(
            body,
            now,
            self.expiry.fresh_until(now, random.random()),  # noqa: S311 -- spreads expiry, guards nothing
            made.model,
            made.input_tokens,
            made.output_tokens,
            made.cost_usd,
            about,
            took_s=max(0.0, now - started),
        )

    def release(self, work: Work, term: Term) -> Flow[None]:
        """Let all who wait fetch their own at once: this answer is for nobody else."""
        self.land(term, Landing(released=True))
        if term.lease is not None:
            if not self.store.hangs:
                yield self.leases.tell_refused(work.namespace, work.key)
            yield from self.leases.release(term.lease)
            term.lease = None

    def land(self, term: Term, landing: Landing) -> None:
        """Wake all who wait for *term*."""
        if term.flight is not None:
            self.flights.land(term.flight, landing)


def _cause(failure: MaskedRunFailed) -> Exception:
    """What the chain itself raised, if it did."""
    return failure.__cause__ if isinstance(failure.__cause__, Exception) else failure


def why_unfilled(error: Exception) -> str:
    """Why an answer could not be filled, fit for an event: the texts of other errors may quote a value."""
    return str(error) if isinstance(error, Refused | UnstorableError) else type(error).__name__
