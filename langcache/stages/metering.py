"""What one stage spends while it runs: provider calls, answers our caches saved, and what it reports itself."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.core.events import StageEvent, StageOutcome
from langcache.runtime.ambient import in_stage
from langcache.runtime.cache import Cache
from langcache.runtime.doors import door

__all__ = ["Meter", "measuring", "report_cost", "tell"]

_TOO_MUCH = Decimal(10) ** 12
"""No stage costs that many dollars; far more would overflow what accounts keep."""


@dataclass(slots=True)
class Meter:
    """What a stage spent.

    Attributes:
        cost_usd: sum of the known prices.
        saved_usd: what the answers served by the cache inside the stage would have cost.
        unpriced: calls whose price is unknown, which `cost_usd` therefore lacks.
        session, stage: whose it is.
    """

    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    unpriced: int = 0
    session: str = ""
    stage: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, usd: Decimal | float | int | str) -> None:
        """Add a cost, or a call without a price if that is what it is; safe from any thread."""
        cost = _money(usd)
        with self._lock:
            self.unpriced += cost is None
            self.cost_usd += cost or 0


def _money(usd: Any) -> Decimal | None:
    """*usd*, exactly; None if it is no sum of money, since one such would make every sum it is added to none."""
    try:
        cost = Decimal(str(usd))
    except (ArithmeticError, ValueError):
        return None
    return cost if cost.is_finite() and 0 <= cost < _TOO_MUCH else None


_meter: ContextVar[Meter | None] = ContextVar("langcache_stage_meter", default=None)


def report_cost(usd: Decimal | float | str) -> None:
    """Add *usd* to the cost of the stage that calls it, for work that LangChain's callbacks do not see.

    What is no sum of money (negative, infinite, NaN, no number) counts in ``run.unpriced``. Outside a stage it does
    nothing.
    """
    meter = _meter.get()
    if meter is not None:
        meter.add(usd)


@contextmanager
def measuring(cache: Cache, meter: Meter, *, enabled: bool) -> Iterator[None]:
    """Let *meter* count what the block spends, also if it fails.

    Every call that LangChain's callbacks see is priced, whether a cache wraps the model or not; an answer from one of
    our caches is no call, but saved money.
    """
    if not enabled:
        yield
        return
    token = _meter.set(meter)
    with ExitStack() as stack:
        stack.enter_context(in_stage(meter.session, meter.stage))
        usages = stack.enter_context(door("spending")())
        events = stack.enter_context(cache.capture())
        try:
            yield
        finally:
            _meter.reset(token)
            for usage in usages:
                cost = cache.engine.price(usage)
                meter.unpriced += cost is None
                meter.add(cost or 0)
            meter.saved_usd += sum((event.saved_usd or Decimal(0) for event in events), Decimal(0))


def tell(cache: Cache, pipeline: str, meter: Meter, outcome: StageOutcome, saved_usd: Decimal = Decimal(0)) -> None:
    """Put on the account of *cache* what became of the stage of *meter*, and that this saved *saved_usd*."""
    cache.recorder.record(
        StageEvent(pipeline, meter.session, meter.stage, outcome, meter.cost_usd, saved_usd, namespace=cache.namespace)
    )
