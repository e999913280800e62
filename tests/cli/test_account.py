"""Commands that read the account: the figures are those of `Cache.stats`, `top`, `trends`, exact in JSON and CSV."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.commands import langcache
from support.models import CountingModel

from langcache import Cache
from langcache.cli import cost, recommend
from langcache.cli.formats import money, percent
from langcache.core.events import Event, Usage
from langcache.economics.recommendations import Recommendation
from langcache.errors import StoreError
from langcache.runtime.account.model import Slice

PRICES = {"fake-1": {"input": "0.03", "output": "0.06"}}
"""USD per 1,000 tokens; each call of the model is 10 in, 20 out: $0.0015."""


class NamedModel(CountingModel):
    """Says which model it is, as providers do."""

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        result = super()._generate(*args, **kwargs)
        result.generations[0].message.response_metadata = {"model_name": self.model_name}
        return result


@pytest.fixture
def used(url: str) -> str:
    """A store of an app that made three calls and saved five, one of them of a model nobody has a price for."""
    with Cache(url, prices=PRICES) as cache:
        for name, model, kinds in (("plan", "fake-1", (2.0, 3.2, 2.0, 3.2, 2.0, 2.0)), ("write", "odd-9", (2.0, 2.0))):
            wrapped = cache.wrap(
                chain(NamedModel(say=_said, model_name=model)), profile=Applicant, name=name, prompt_version="v1"
            )
            for gpa in kinds:
                wrapped.invoke(founder(gpa=gpa))
    return url


def _said(_: Any) -> Any:
    from langchain_core.messages import AIMessage
    from support.models import usage

    return AIMessage(SAY, usage_metadata=usage(10, 20))


def test_the_fixture_s_price_is_what_it_says() -> None:
    """So that the sums below can be checked by hand."""
    with Cache("memory://", prices=PRICES) as cache:
        assert cache.engine.price(Usage("fake-1", 10, 20)) == Decimal("0.0015")


def test_stats_are_the_account_s(used: str) -> None:
    """JSON is `stats(days=)` as it stands; money is text."""
    with Cache(used) as cache:
        expected = cache.stats(days=7).to_dict()
    found = langcache("stats", "--url", used, "--days", "7", "--json").json
    assert found == expected
    assert (found["requests"], found["outcomes"], found["cost_usd"]) == (8, {"hit": 5, "miss": 3}, "0.003")
    assert found["saved_usd"] == "0.006"
    csv = {row["name"]: row["value"] for row in langcache("stats", "--url", used, "--days", "7", "--csv").csv}
    assert (csv["by_chain.plan.saved_usd"], csv["outcomes.hit"]) == ("0.006", "5")


def test_stats_for_people_fit_and_name_what_is_unknown(used: str) -> None:
    """The hit rate beside its limit; a sum that lacks something says so."""
    shown = langcache("stats", "--url", used)
    assert shown.status == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    for part in ("62.5% of at most 62.5%", "≥ $0.0060", "no known price", "plan", "background=founder"):
        assert part in shown.out


def test_an_empty_account_asks_whether_it_is_the_right_store(url: str) -> None:
    """The likeliest reason for no requests is another store."""
    assert "langcache info" in langcache("stats", "--url", url).out
    for command in ("top", "trends", "cost"):
        assert "No request in these days." in langcache(command, "--url", url).out
    assert langcache("trends", "--url", url, "--days", "3", "--json").json[0]["requests"] == 0


def test_an_account_that_cannot_be_read_is_a_failure(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros that are none must not look like an idle cache."""
    from langcache.storage.sqlite.store import SQLiteStore

    def broken(*_: Any, **__: Any) -> Any:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(SQLiteStore, "read_counts", broken)
    for command in ("stats", "cost"):
        ended = langcache(command, "--url", url)
        assert (ended.status, "the disk is gone" in ended.out) == (1, True)
    assert langcache("top", "--url", url).status == 1


def test_top_are_the_kinds_asked_for_most(used: str) -> None:
    """By their features, readable; never more than asked for."""
    rows = langcache("top", "--url", used, "--csv").csv
    assert [(row["chain"], row["requests"], row["hits"]) for row in rows] == [
        ("plan", "4", "3"),
        ("plan", "2", "1"),
        ("write", "2", "1"),
    ]
    assert (rows[0]["saved_usd"], rows[0]["calls"]) == ("0.0045", "1")
    assert [row["unpriced"] for row in rows] == ["0", "0", "2"]
    assert "≥ $0.00" in langcache("top", "--url", used).out
    assert "background=founder" in langcache("top", "--url", used, "--limit", "1").out
    assert len(langcache("top", "--url", used, "--limit", "1", "--json").json) == 1


@pytest.mark.parametrize("by", ["day", "hour"])
def test_trends_hold_every_day_or_hour(by: str, used: str) -> None:
    """JSON and CSV the empty ones too; people see those with requests."""
    rows = langcache("trends", "--url", used, "--days", "2", "--by", by, "--csv").csv
    assert sum(int(row["requests"]) for row in rows) == 8
    assert sum(Decimal(row["saved_usd"]) for row in rows) == Decimal("0.006")
    assert len(rows) == len(langcache("trends", "--url", used, "--days", "2", "--by", by, "--json").json)
    shown = langcache("trends", "--url", used, "--days", "2", "--by", by).out
    assert "62.5%" in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_trends_by_anything_else_is_a_wrong_call(used: str) -> None:
    """Status 2."""
    assert langcache("trends", "--url", used, "--by", "week").status == 2


def test_cost_shows_unknown_models_with_their_tokens(used: str) -> None:
    """Never as free: no price is no zero."""
    found = langcache("cost", "--url", used, "--json").json
    models = {row["name"]: row for row in found["by_model"]}
    assert (models["fake-1"]["cost_usd"], models["fake-1"]["input_tokens"]) == ("0.003", 20)
    assert (models["odd-9"]["cost_usd"], models["odd-9"]["output_tokens"]) == (None, 20)
    csv = {(row["by"], row["name"]): row["cost_usd"] for row in langcache("cost", "--url", used, "--csv").csv}
    assert (csv["model", "fake-1"], csv["model", "odd-9"], csv["chain", "plan"]) == ("0.003", "", "0.003")
    shown = langcache("cost", "--url", used).out
    assert "odd-9: the price of" in " ".join(shown.split())
    assert "Cache(prices={'odd-9': {'input': …, 'output': …}})" in " ".join(shown.split())
    assert "unknown" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_cost_says_that_some_requests_have_no_model_to_name(used: str) -> None:
    """Broken off, or of a model that does not say: `stats` sends people here for them."""
    with Cache(used) as cache:
        cache.ledger.record(Event("plan", reason="abandoned", cost_usd=None))
    assert "1 requests were broken off, or their models do not say" in langcache("cost", "--url", used).out


def test_a_sum_that_lacks_some_requests_is_a_lower_bound() -> None:
    """With its exact value in the other forms."""
    rows = list(cost._rows("chain", {"plan": Slice(3, cost_usd=Decimal("1.5"), unpriced=1)}))
    assert rows[0]["cost_usd"] == Decimal("1.5")
    assert rows[0]["saved_usd"] is None
    assert cost._section("chain", rows).rows[0]["cost_usd"] == "≥ $1.50"


def test_recommendations_are_the_library_s(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the evidence in JSON and CSV; dollars that lack something say so."""
    asked, evidence = [], {"keys": 12, "unpriced": 3}

    def recommendations(self: Cache, days: int = 30) -> list[Recommendation]:
        asked.append(days)
        return [Recommendation("unneeded-feature", "Drop it.", Decimal("1.25"), "low", 0.97, evidence)]

    assert recommend.QUIET in langcache("recommend", "--url", url).out
    monkeypatch.setattr(Cache, "recommendations", recommendations)
    shown = langcache("recommend", "--url", url, "--days", "7").out
    assert ("Drop it." in shown, "≥ $1.25" in shown, "97.0%" in shown, asked) == (True, True, True, [7])
    assert langcache("recommend", "--url", url, "--json").json[0]["evidence"] == evidence
    row = langcache("recommend", "--url", url, "--csv").csv[0]
    assert (row["strategy"], row["potential_savings_usd"], row["evidence"]) == (
        "unneeded-feature",
        "1.25",
        '{"keys": 12, "unpriced": 3}',
    )


MIX = """
[[scenario]]
name = "templates"
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


def test_a_forecast_is_exact_to_the_cent() -> None:
    """10,000 users a month: $2,675.00 without, $1,868.75 with."""
    Path("mix.toml").write_text(MIX)
    found = langcache("forecast", "mix.toml", "--json").json
    assert (found["before_usd"], found["after_usd"], found["saved_usd"]) == ("2675.00", "1868.75", "806.25")
    assert found["year"] == {"before_usd": "32100.00", "after_usd": "22425.00", "saved_usd": "9675.00"}
    rows = langcache("forecast", "mix.toml", "--csv").csv
    assert rows[0] == {"period": "month", "before_usd": "2675.00", "after_usd": "1868.75", "saved_usd": "806.25"}
    shown = langcache("forecast", "mix.toml").out
    assert ("$2,675.00" in shown, "$1,868.75" in shown, "75.0%" in shown) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "status"), [("[[scenario]]\nnme = 1", 2), ("nonsense", 2), (None, 1)], ids=["field", "toml", "no file"]
)
def test_a_forecast_of_something_else_is_one_line(text: str | None, status: int) -> None:
    """Which names the field or the file."""
    if text is not None:
        Path("mix.toml").write_text(text)
    ended = langcache("forecast", "mix.toml")
    assert (ended.status, ended.out, ended.err.count("\n")) == (status, "", 1)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "unknown"),
        (Decimal(0), "$0.00"),
        (Decimal("0.2"), "$0.20"),
        (Decimal("0.0015"), "$0.0015"),
        (Decimal("0.00002"), "$0.000020"),
        (Decimal("1234.567"), "$1,234.57"),
        (Decimal("-3"), "-$3.00"),
    ],
)
def test_money_for_people(amount: Decimal | None, shown: str) -> None:
    """To the cent, and below a dollar as far as it can be seen."""
    assert money(amount) == shown
    assert percent(0.625) == "62.5%"
