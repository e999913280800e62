"""What a mix of scenarios costs with and without the cache; exact, in decimals.

A scenario is a kind of request: how many users a month make it, what one costs, and how many of them are hits. A hit
costs nothing here; what helper calls cost belongs into ``cost_per_call_usd``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langcache.errors import DeclarationError

__all__ = ["Amounts", "Forecast", "Scenario", "ScenarioForecast", "forecast", "load"]

MONTHS = 12
CENT = Decimal("0.01")
SHARES_MISS = Decimal("0.005")
"""How far shares may add up beside 1: three thirds are written as 0.333 each."""

_FIELDS = ("name", "users", "cost_per_call_usd", "hit_rate")
_SHARED = ("name", "share", "cost_per_call_usd", "hit_rate")
_TOP = ("scenario", "users_per_month")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request.

    Attributes:
        name: what it is called.
        users: requests a month; one per user.
        cost_per_call_usd: what one that is no hit costs.
        hit_rate: the share that is answered from the cache, 0 to 1; 0 where nothing is cached.

    Numbers of any type are read as their decimal text: 0.2 is exactly 0.2.

    Raises:
        DeclarationError: a field is no number or out of range; the message names it.
    """

    name: str
    users: Decimal
    cost_per_call_usd: Decimal
    hit_rate: Decimal = Decimal(0)

    if TYPE_CHECKING:  # what may be given is more than what is kept

        def __init__(
            self,
            name: str,
            users: Decimal | float | str,
            cost_per_call_usd: Decimal | float | str,
            hit_rate: Decimal | float | str = Decimal(0),
        ) -> None: ...

    def __post_init__(self) -> None:
        for field, most in (("users", None), ("cost_per_call_usd", None), ("hit_rate", 1)):
            where = f"scenario {self.name!r}: {field}"
            object.__setattr__(self, field, _number(where, getattr(self, field), most))


@dataclass(frozen=True, slots=True)
class Amounts:
    """Costs of one period in USD, without the cache and with it."""

    before_usd: Decimal
    after_usd: Decimal

    @property
    def saved_usd(self) -> Decimal:
        """The difference."""
        return self.before_usd - self.after_usd

    def to_dict(self) -> dict[str, str]:
        """As text, to the cent; the rounded saving is the difference of the rounded costs."""
        rounded = Amounts(self.before_usd.quantize(CENT), self.after_usd.quantize(CENT))
        return {name: str(getattr(rounded, name)) for name in ("before_usd", "after_usd", "saved_usd")}


@dataclass(frozen=True, slots=True)
class ScenarioForecast:
    """What one scenario costs a month."""

    scenario: Scenario
    month: Amounts

    def to_dict(self) -> dict[str, str]:
        """As JSON-able data, numbers as text."""
        scenario = {name: str(getattr(self.scenario, name)) for name in _FIELDS}
        return {**scenario, **self.month.to_dict()}


@dataclass(frozen=True, slots=True)
class Forecast:
    """What `forecast` gives: USD per month and per year, and per scenario."""

    month: Amounts
    year: Amounts
    scenarios: tuple[ScenarioForecast, ...]

    @property
    def before_usd(self) -> Decimal:
        """A month without the cache."""
        return self.month.before_usd

    @property
    def after_usd(self) -> Decimal:
        """A month with it."""
        return self.month.after_usd

    @property
    def saved_usd(self) -> Decimal:
        """What the cache saves a month."""
        return self.month.saved_usd

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data, money as text to the cent; the month's amounts also at the top."""
        return {
            **self.month.to_dict(),
            "month": self.month.to_dict(),
            "year": self.year.to_dict(),
            "scenarios": [each.to_dict() for each in self.scenarios],
        }


def forecast(mix: Iterable[Scenario | Mapping[str, Any]] | Mapping[str, Any]) -> Forecast:
    """What *mix* costs a month and a year, with the cache and without.

    Args:
        mix: scenarios or their fields, or the same as a table: what `load` reads from a file.

    Raises:
        DeclarationError: a table that cannot be read; the message names the field and the nearest one that exists.
    """
    scenarios = _scenarios(mix) if isinstance(mix, Mapping) else [_scenario(row, at) for at, row in enumerate(mix, 1)]
    each = tuple(ScenarioForecast(scenario, _monthly(scenario)) for scenario in scenarios)
    before = sum((one.month.before_usd for one in each), Decimal(0))
    after = sum((one.month.after_usd for one in each), Decimal(0))
    return Forecast(Amounts(before, after), Amounts(before * MONTHS, after * MONTHS), each)


def load(path: str | Path) -> list[Scenario]:
    """Read scenarios from a TOML file.

    Each ``[[scenario]]`` has ``name``, ``users`` (a month), ``cost_per_call_usd`` and ``hit_rate``; or the file says
    ``users_per_month`` once at the top, and each scenario its ``share`` instead of ``users``.

    Raises:
        DeclarationError: it is no such table; the message names the field and the nearest one that exists.
        OSError: the file cannot be read.
    """
    import tomllib

    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path} is no TOML: {error}") from None
    return _scenarios(table)


def _monthly(scenario: Scenario) -> Amounts:
    before = scenario.users * scenario.cost_per_call_usd
    return Amounts(before, before * (1 - scenario.hit_rate))


def _scenarios(table: Mapping[str, Any]) -> list[Scenario]:
    _known("the top of the file", table, _TOP)
    rows = table.get("scenario")
    if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise DeclarationError("a mix has one [[scenario]] or more")
    if "users_per_month" not in table:
        return [_row(row, number) for number, row in enumerate(rows, 1)]
    users = _number("users_per_month", table["users_per_month"])
    scenarios = [_share(row, number, users) for number, row in enumerate(rows, 1)]
    total = sum((_number("share", row["share"]) for row in rows), Decimal(0))
    if abs(total - 1) > SHARES_MISS:
        raise DeclarationError(f"the scenarios' share fields add up to {total}, not to 1")
    return scenarios


def _scenario(row: Scenario | Mapping[str, Any], number: int) -> Scenario:
    return row if isinstance(row, Scenario) else _row(row, number)


def _row(row: Mapping[str, Any], number: int) -> Scenario:
    _complete(row, number, _FIELDS)
    return Scenario(**{"name": f"scenario {number}", **row})


def _share(row: Mapping[str, Any], number: int, users: Decimal) -> Scenario:
    name = _complete(row, number, _SHARED)
    share = _number(f"scenario {name!r}: share", row["share"], 1)
    return Scenario(name, _plain(users * share), row["cost_per_call_usd"], row.get("hit_rate", Decimal(0)))


def _plain(number: Decimal) -> Decimal:
    """Without the decimals of a whole number: 8000, not 8000.00."""
    whole = number.to_integral_value()
    return whole if whole == number else number


def _complete(row: Mapping[str, Any], number: int, fields: Sequence[str]) -> str:
    """The scenario's name, once all its fields are known and there."""
    name = str(row.get("name", f"scenario {number}"))
    _known(f"scenario {name!r}", row, fields)
    for field in fields[1:3]:
        if field not in row:
            raise DeclarationError(f"scenario {name!r} has no {field}")
    return name


def _known(where: str, given: Iterable[str], fields: Sequence[str]) -> None:
    from difflib import get_close_matches

    for name in given:
        if name not in fields:
            near = get_close_matches(name, fields, 1, cutoff=0.0)[0]
            raise DeclarationError(f"{where}: there is no {name}; nearest is {near} (of {', '.join(fields)})")


def _number(where: str, value: Any, most: int | None = None) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0 or (most is not None and number > most):
        allowed = "0 or more" if most is None else f"0 to {most}"
        raise DeclarationError(f"{where} is a number, {allowed}, not {value!r}")
    return number
