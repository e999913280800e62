"""What happens between LangChain's lookup and its update, written once for sync and async."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.outputs import Generation

from langcache.core.entry import Entry
from langcache.core.policy import judge
from langcache.errors import CorruptEntry, NotCached, Refused, UnstorableError
from langcache.langchain.lookup_work import LookupWork
from langcache.langchain.matching import leads_here
from langcache.langchain.model_work import as_answers, as_generations
from langcache.runtime.fetch import Term
from langcache.runtime.flight import Landing
from langcache.runtime.flow import WAIT_S, Engine
from langcache.runtime.steps import Flow

__all__ = ["Answer", "LookupFlow"]

Answer = list[Generation] | None


@dataclass(frozen=True, slots=True)
class LookupFlow:
    """Seeks and keeps answers with one engine."""

    engine: Engine

    def seek(self, work: LookupWork) -> Flow[Answer]:
        """The stored answer for the user whose call this is, if there is one.

        Raises:
            NotCached: ``only-if-cached`` was asked, and nothing may be used.
        """
        try:
            return (yield from self._sought(work))
        except NotCached:
            work.ended("error: NotCached")
            raise
        except Exception as error:
            work.bypass = f"error: {type(error).__name__}"
            return None

    def _sought(self, work: LookupWork) -> Flow[Answer]:
        asked = work.directives
        if asked.no_store:
            work.bypass = work.bypass or "no-store"
        if work.bypass is not None and asked.only_if_cached:
            raise NotCached(f"only-if-cached, but nothing may be read: {work.bypass}")
        if work.bypass is not None:
            return None
        if asked.no_cache:
            work.event.outcome = "refresh"
            yield self.engine.store.get(work.namespace, work.key)  # what only others can read is not overwritten
            return None
        answer = yield from self._stored(work)
        if answer is None and asked.only_if_cached:
            raise NotCached(f"only-if-cached, and no answer of chain {work.event.chain!r} is stored under this key")
        if answer is None and work.bypass is None and work.matched:
            answer = yield from self._lead_or_wait(work)
        return answer

    def _stored(self, work: LookupWork) -> Flow[Answer]:
        entry = yield self.engine.store.get(work.namespace, work.key)
        verdict = judge(entry, work.directives, self.engine.expiry, self.engine.clock.now())
        if entry is None or verdict not in ("fresh", "revalidate"):
            work.event.lapsed_s = None if entry is None else self.engine.clock.now() - entry.created_at
            return None
        return (yield from self._served(work, entry, "hit" if verdict == "fresh" else "stale"))

    def _served(self, work: LookupWork, entry: Entry, outcome: Any) -> Flow[Answer]:
        event = work.event
        before, event.outcome = event.outcome, outcome  # the answer tells it, too
        try:
            answer = as_generations(work.fill(entry))
        except Exception as error:
            event.outcome = before
            if isinstance(error, CorruptEntry):
                yield self.engine.store.drop_corrupt(work.namespace, work.key)
            elif not isinstance(error, UnstorableError):
                work.bypass = "cannot be filled for this user"
            return None
        event.model = entry.model
        event.age_s = max(0.0, self.engine.clock.now() - entry.created_at)
        event.saved_usd = entry.cost_usd
        work.ended(landing=Landing(entry=entry))
        return answer

    def _lead_or_wait(self, work: LookupWork) -> Flow[Answer]:
        """Lead, so that LangChain calls the provider, or wait for whoever does."""
        failures = 0
        while True:
            flight, leads = self.engine.flights.join((work.namespace, work.key), failures)
            if leads:
                work.term = Term(flight)
                return (yield from self._lead(work))
            if leads_here(flight):
                return None  # a model that calls itself would wait for itself
            landing = yield flight.wait(WAIT_S)
            if landing.entry is not None:
                return (yield from self._served(work, landing.entry, "hit"))
            if landing.released:
                return None
            failures = flight.failures + 1

    def _lead(self, work: LookupWork) -> Flow[Answer]:
        """Among processes, too; somebody may have stored the answer since it was looked up."""
        engine, term = self.engine, work.term
        if engine.store.hangs or not engine.leases.needed or not engine.store.takes(work.namespace):
            return (yield from self._stored(work))
        claim = yield from engine.leases.claim(work.namespace, work.key, engine.fresh_for(work.directives))
        term.lease = claim.lease
        if claim.entry is not None:
            return (yield from self._served(work, claim.entry, "hit"))
        if claim.alone:
            engine.fetch.land(term, Landing(released=True))
        return None

    def keep(self, work: LookupWork, generations: Sequence[Generation]) -> Flow[None]:
        """Store what the provider answered as a template, if it may be stored; never raises."""
        fetch = self.engine.fetch
        try:
            produced = work.produced(as_answers(generations))
            fetch.account(work.event, produced.usages)
            if work.bypass is None:
                yield from fetch.keep(
                    work, fetch.entry(work, produced, fetch.checked(work, produced), work.started), work.term
                )
        except Refused as refused:
            work.refused(refused)
        except Exception as error:
            work.bypass = str(error) if isinstance(error, UnstorableError) else f"error: {type(error).__name__}"
        yield from fetch.release(work, work.term)
        work.ended()
