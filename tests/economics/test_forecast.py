"""What a mix of scenarios costs with and without the cache."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from langcache.economics import Forecast, Scenario, forecast, load
from langcache.errors import DeclarationError

MIX = """
users_per_month = 10_000

[[scenario]]
name = "template"
share = 0.80
cost_per_call_usd = 0.20
hit_rate = 0

[[scenario]]
name = "hybrid"
share = 0.15
cost_per_call_usd = 0.50
hit_rate = 0.75

[[scenario]]
name = "full"
share = 0.05
cost_per_call_usd = 0.65
hit_rate = 0.75
"""
TABLE = """
[[scenario]]
name = "template"
users = 8000
cost_per_call_usd = 0.20
hit_rate = 0
[[scenario]]
name = "hybrid"
users = 1500
cost_per_call_usd = 0.50
hit_rate = 0.75
[[scenario]]
name = "full"
users = 500
cost_per_call_usd = 0.65
hit_rate = 0.75
"""
SCENARIOS = [
    Scenario("template", Decimal(8000), Decimal("0.20"), Decimal(0)),
    Scenario("hybrid", Decimal(1500), Decimal("0.50"), Decimal("0.75")),
    Scenario("full", Decimal(500), Decimal("0.65"), Decimal("0.75")),
]


def written(folder: Path, text: str) -> Path:
    path = folder / "mix.toml"
    path.write_text(text, encoding="utf-8")
    return path


def assert_is_the_case(made: Forecast) -> None:
    assert (made.before_usd, made.after_usd, made.saved_usd) == (Decimal(2675), Decimal("1868.75"), Decimal("806.25"))
    assert [one.month.before_usd for one in made.scenarios] == [1600, 750, 325]
    assert [one.month.after_usd for one in made.scenarios] == [1600, Decimal("187.50"), Decimal("81.25")]
    assert (made.year.before_usd, made.year.after_usd) == (Decimal(32100), Decimal(22425))


@pytest.mark.parametrize("text", [MIX, TABLE], ids=["shares", "users"])
def test_the_case_is_exact_from_a_file(tmp_path: Path, text: str) -> None:
    """To the cent, whichever way the users are given."""
    made = forecast(load(written(tmp_path, text)))
    assert_is_the_case(made)
    assert [one.to_dict()["users"] for one in made.scenarios] == ["8000", "1500", "500"]


def test_the_case_is_exact_from_scenarios_and_from_a_table() -> None:
    """Floats are read as they are written: 0.2 is a fifth."""
    assert_is_the_case(forecast(SCENARIOS))
    rows = [
        {"name": "template", "users": 8000, "cost_per_call_usd": 0.20, "hit_rate": 0},
        {"name": "hybrid", "users": 1500, "cost_per_call_usd": 0.50, "hit_rate": 0.75},
        {"name": "full", "users": 500, "cost_per_call_usd": 0.65, "hit_rate": 0.75},
    ]
    assert_is_the_case(forecast({"scenario": rows}))
    assert_is_the_case(forecast(rows))


def test_as_json_money_is_text_to_the_cent() -> None:
    """Per month and per year, and the month also at the top."""
    told = json.loads(json.dumps(forecast(SCENARIOS).to_dict()))
    month = {"before_usd": "2675.00", "after_usd": "1868.75", "saved_usd": "806.25"}
    assert told["month"] == month == {name: told[name] for name in month}
    assert told["year"] == {"before_usd": "32100.00", "after_usd": "22425.00", "saved_usd": "9675.00"}
    assert told["scenarios"][1] == {
        "name": "hybrid",
        "users": "1500",
        "cost_per_call_usd": "0.50",
        "hit_rate": "0.75",
        "before_usd": "750.00",
        "after_usd": "187.50",
        "saved_usd": "562.50",
    }


money = st.decimals(0, 1000, places=4)
scenarios = st.builds(Scenario, st.just("any"), st.integers(0, 10**7).map(Decimal), money, st.decimals(0, 1, places=3))


@given(st.lists(scenarios))
def test_the_parts_add_up(mix: list[Scenario]) -> None:
    """Exactly; and a cache never costs more than none, a hit being free here."""
    made = forecast(mix)
    assert made.saved_usd == sum((one.month.saved_usd for one in made.scenarios), Decimal(0)) >= 0
    assert made.year.saved_usd == 12 * made.saved_usd
    for amounts in (made.month, made.year):
        told = {name: Decimal(text) for name, text in amounts.to_dict().items()}
        assert told["before_usd"] - told["after_usd"] == told["saved_usd"]
        assert abs(told["saved_usd"] - amounts.saved_usd) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TABLE.replace("users", "user", 1), "'template': there is no user; nearest is users"),
        (TABLE.replace("hit_rate", "hitrate", 1), "there is no hitrate; nearest is hit_rate"),
        (TABLE.replace("[[scenario]]", "[[scenarios]]", 3), "there is no scenarios; nearest is scenario"),
        (TABLE.replace("hit_rate = 0.75", "hit_rate = 75", 1), "'hybrid': hit_rate is a number, 0 to 1, not 75"),
        (TABLE.replace("users = 500", "users = -500"), "'full': users is a number, 0 or more, not -500"),
        (TABLE.replace("users = 500", "users = true"), "'full': users is a number, 0 or more, not True"),
        (TABLE.replace("users = 500", "users = nan"), "'full': users is a number"),
        (TABLE.replace("users = 500", "users = 'many'"), "'full': users is a number, 0 or more, not 'many'"),
        (TABLE.replace("cost_per_call_usd = 0.65\n", ""), "'full' has no cost_per_call_usd"),
        (MIX.replace("share = 0.80", "share = 0.8001").replace("share = 0.15", "share = 0.2"), "add up to 1.0501"),
        (MIX.replace("users_per_month = 10_000", ""), "'template': there is no share"),
        ("", r"one \[\[scenario\]\] or more"),
        ("[[scenario]", "no TOML"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    """The field, and the nearest one there is."""
    with pytest.raises(DeclarationError, match=says):
        load(written(tmp_path, text))


def test_thirds_may_be_written_as_decimals(tmp_path: Path) -> None:
    """0.333 three times is a whole."""
    text = (
        MIX.replace("0.80", "0.333").replace("share = 0.15", "share = 0.333").replace("share = 0.05", "share = 0.333")
    )
    assert sum(one.users for one in load(written(tmp_path, text))) == 9990
