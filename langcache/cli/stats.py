"""``langcache stats``."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section, figures
from langcache.cli.top import section as top_section
from langcache.cli.trouble import DONE, FAILED
from langcache.runtime.account.model import PeriodStats, Slice, StageCounts

__all__ = ["stats"]

TOP_SHOWN = 5


@command("langcache stats --days 7", "langcache stats --json")
def stats(session: Session, days: Days = 30) -> Report:
    """What was asked, hit, spent and saved in the last days, by all processes."""
    with session.cache() as cache:
        found = cache.stats(days=days)
    sections = [
        _headline(found),
        _slices("Chain", found.by_chain),
        _slices("Prompt version", found.by_prompt_version),
        _slices("Generation type", found.by_generation_type),
        _slices("Model", found.by_model),
        _reasons("Refused, because", found.refusals),
        _reasons("Bypassed, because", found.bypasses),
        _stages(found.stages),
        top_section(found.top[:TOP_SHOWN]),
    ]
    status = DONE if found.store_trouble is None else FAILED
    return Report(found.to_dict(), sections, notes=list(_notes(found)), status=status)


def _headline(found: PeriodStats) -> Section:
    count, percent = formats.count, formats.percent

    def money(amount: Decimal) -> str:
        return formats.sum_of_money(amount, found.unpriced)

    limit = percent(found.hit_rate_limit) + (" (an estimate)" if found.is_sampled else "")
    rows = [
        ("days", str(found.days)),
        ("requests", count(found.requests)),
        ("hit rate", f"{percent(found.hit_rate)} of at most {limit}"),
        ("miss rate", percent(found.miss_rate)),
        ("calls saved", count(found.calls_saved)),
        ("spent", money(found.cost_usd)),
        ("saved", money(found.saved_usd)),
        ("saved today (UTC)", money(found.saved_today_usd)),
        ("tokens", f"{count(found.input_tokens)} in, {count(found.output_tokens)} out"),
        ("entries", None if found.entries is None else count(found.entries)),
        ("size", None if found.size_bytes is None else formats.size(found.size_bytes)),
    ]
    if found.helpers:
        rows.append(("helper calls", f"{count(found.helpers)} for {money(found.helper_cost_usd)}, counted in spent"))
    return figures(rows)


def _slices(title: str, slices: Mapping[str, Slice]) -> Section:
    columns = [
        Column("name", title),
        Column("requests", show=formats.count, right=True, folds=False),
        Column("hit_rate", show=formats.percent, right=True, folds=False),
        Column("spent", right=True, folds=False),
        Column("saved", right=True, folds=False),
    ]
    ranked = sorted(slices.items(), key=lambda item: -item[1].requests)
    return Section(columns, [{"name": name, **_fields(each)} for name, each in ranked])


def _fields(each: Slice) -> dict[str, object]:
    return {
        "requests": each.requests,
        "hit_rate": each.hit_rate,
        "spent": formats.sum_of_money(each.cost_usd, each.unpriced),
        "saved": formats.sum_of_money(each.saved_usd, each.unpriced),
    }


def _reasons(title: str, reasons: Mapping[str, int]) -> Section:
    columns = [Column("reason", title), Column("count", "times", formats.count, right=True, folds=False)]
    ranked = sorted(reasons.items(), key=lambda item: -item[1])
    return Section(columns, [{"reason": reason, "count": count} for reason, count in ranked])


def _stages(stages: Mapping[str, StageCounts]) -> Section:
    names = ("executed", "reused", "invalidated", "failed")
    columns = [
        Column("stage", "Pipeline stage"),
        *(Column(name, show=formats.count, right=True, folds=False) for name in names),
        Column("saved_usd", "saved", formats.money, right=True, folds=False),
    ]
    rows = [
        {"stage": stage, "saved_usd": each.saved_usd, **{name: getattr(each, name) for name in names}}
        for stage, each in sorted(stages.items())
    ]
    return Section(columns, rows)


def _notes(found: PeriodStats) -> Iterator[str]:
    if not found.requests and found.store_trouble is None:
        yield "No request in these days. Is this the store your app uses? `langcache info` names it."
    if found.unpriced:
        yield f"{formats.count(found.unpriced)} requests have no known price; `langcache cost` names their models."
    if found.dropped:
        yield f"{formats.count(found.dropped)} events were dropped and are missing here."
    if found.store_trouble is not None:
        yield f"The store: {found.store_trouble}"
