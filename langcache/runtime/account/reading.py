"""An account read from its store: which sheets are asked for, and what is made of them. Written once, as steps."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from langcache.errors import DeclarationError
from langcache.runtime.account.calendar import DAY_S, HOUR_DAYS, HOUR_S, MINUTE_DAYS, MINUTE_S, Period, Retention
from langcache.runtime.account.descriptions import describe
from langcache.runtime.account.kept import ABOUT
from langcache.runtime.account.key_rows import KeyRows, top_key
from langcache.runtime.account.key_times import KeyTimes
from langcache.runtime.account.keys import Account, KeyAccount
from langcache.runtime.account.limits import limit_of, limits_by_day, limits_by_hour
from langcache.runtime.account.model import Bucket, PeriodStats, TopKey
from langcache.runtime.account.totals import Totals, bucket_of_time, hit_rate, money, number, outcomes_in, totals_of
from langcache.runtime.steps import Flow, Step
from langcache.storage.base import Cells, Store

__all__ = ["By", "Reading"]

By = Literal["day", "hour"]
Sheets = dict[str, dict[str, Cells]]
TOP = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the account of one namespace at one time.

    Attributes:
        store, namespace: where it is.
        now: when it is read, in seconds since the epoch.
        retention: what is kept of it.
    """

    store: Store
    namespace: str
    now: float
    retention: Retention

    def period(self, days: int) -> Period:
        """The last *days*; as many as are kept, at most.

        Raises:
            DeclarationError: *days* is less than one.
        """
        if days < 1:
            raise DeclarationError(f"a period has one day at least, not {days}")
        return Period(self.now, min(days, self.retention.days))

    def stats(self, days: int) -> Flow[PeriodStats]:
        """See `Cache.stats`; the store's own part is left out."""
        period = self.period(days)
        totals = yield from self._totals("days", period)
        keys = yield from self._keys(period)
        top = yield from self._top(keys, TOP)
        cells = totals.whole()
        outcomes = outcomes_in(cells)
        requests, distinct = sum(outcomes.values()), keys.distinct()
        saved = outcomes.get("hit", 0) + outcomes.get("stale", 0)
        cacheable = requests - outcomes.get("bypass", 0)
        return PeriodStats(
            days=period.days,
            requests=requests,
            outcomes=outcomes,
            hit_rate=hit_rate(outcomes),
            miss_rate=(cacheable - saved) / requests if requests else 0.0,
            hit_rate_limit=limit_of(distinct, cacheable),
            distinct_keys=distinct,
            is_sampled=keys.is_sampled,
            calls_saved=saved,
            input_tokens=number(cells, "in"),
            output_tokens=number(cells, "out"),
            cost_usd=money(cells, "cost"),
            saved_usd=money(cells, "saved"),
            saved_today_usd=money(totals.units.get(period.today, {}), "saved"),
            unpriced=number(cells, "unpriced"),
            helpers=number(cells, "helper"),
            helper_cost_usd=money(cells, "helper_cost"),
            refusals=totals.by_reason("refused"),
            bypasses=totals.by_reason("bypass"),
            by_chain=totals.by("chain"),
            by_prompt_version=totals.by("prompt_version"),
            by_generation_type=totals.by("generation_type"),
            by_model=totals.by("model"),
            top=tuple(top),
            stages=totals.stage_counts(),
        )

    def top(self, days: int, limit: int) -> Flow[list[TopKey]]:
        """See `Cache.top`."""
        keys = yield from self._keys(self.period(days))
        return (yield from self._top(keys, limit))

    def _top(self, keys: KeyRows, limit: int) -> Flow[list[TopKey]]:
        busiest = keys.busiest(limit)
        yield from describe(self.store, self.namespace, busiest, self.now)
        return [top_key(key, cells) for key, cells in busiest]

    def trends(self, days: int, by: By) -> Flow[list[Bucket]]:
        """See `Cache.trends`."""
        period = self.period(days)
        if by == "day":
            totals = yield from self._totals("days", period)
            limits = limits_by_day((yield from self._days_of_keys(period)), totals.units)
            return _buckets(totals, range(period.first, period.today + 1), DAY_S, limits)
        if by != "hour":
            raise DeclarationError(f"trends are by 'day' or by 'hour', not by {by!r}")
        period = self.period(min(days, HOUR_DAYS))
        totals = yield from self._totals("hours", period, HOUR_S)
        limits = limits_by_hour((yield from self._days_of_keys(period)), totals.units)
        return _buckets(totals, range(period.first * 24, int(self.now // HOUR_S) + 1), HOUR_S, limits)

    def account(self, days: int) -> Flow[Account]:
        """See `Cache.account`."""
        period = self.period(days)
        totals = yield from self._totals("days", period)
        minutes = self.period(min(days, MINUTE_DAYS))
        by_minute = yield from self._totals("minutes", minutes, MINUTE_S)
        keys = yield from self._keys(period)
        return Account(
            days=period.days,
            since=period.since,
            until=self.now,
            keys=(yield from self._accounts((yield from self._days_of_keys(period)))),
            is_sampled=keys.is_sampled,
            distinct_keys=keys.distinct(),
            refusals=totals.refusals(),
            models=totals.by("model"),
            minutes=tuple(_buckets(by_minute, sorted(by_minute.units), MINUTE_S, {})),
            stages=totals.stage_counts(),
        )

    def _accounts(self, days: dict[int, dict[str, Cells]]) -> Flow[tuple[KeyAccount, ...]]:
        times: defaultdict[str, KeyTimes] = defaultdict(KeyTimes)
        for day, rows in days.items():
            for row, cells in rows.items():
                if row != ABOUT:
                    times[row[1:]].add(day, cells)
        yield from describe(self.store, self.namespace, ((key, each.cells) for key, each in times.items()), self.now)
        accounts = [each.account(key) for key, each in times.items()]
        return tuple(sorted(accounts, key=lambda account: (-account.requests, account.key)))

    def _totals(self, kind: str, period: Period, seconds: int = DAY_S) -> Flow[Totals]:
        units = range(int(period.since // seconds), int(self.now // seconds) + 1)
        return totals_of((yield from self._read(period.sheets(kind))).values(), units)

    def _keys(self, period: Period) -> Flow[KeyRows]:
        keys = KeyRows()
        for rows in (yield from self._read(period.key_sheets())).values():
            keys.add(rows)
        return keys

    def _days_of_keys(self, period: Period) -> Flow[dict[int, dict[str, Cells]]]:
        """The sheets of keys by day, as far as they are kept."""
        found = yield from self._read(period.sheets("keys", HOUR_DAYS))
        return {int(name.partition("/")[2]): rows for name, rows in found.items()}

    def _read(self, names: list[str]) -> Flow[Sheets]:
        found: Sheets = yield Step(
            lambda: self.store.read_counts(self.namespace, names, now=self.now),
            lambda: self.store.aread_counts(self.namespace, names, now=self.now),
        )
        return found


def _buckets(totals: Totals, units: Iterable[int], seconds: int, limits: dict[int, float]) -> list[Bucket]:
    return [bucket_of_time(float(unit * seconds), totals.units.get(unit, {}), limits.get(unit)) for unit in units]
