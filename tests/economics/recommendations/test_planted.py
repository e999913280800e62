"""What is planted is found, and worth what a replay through a real cache then saves; clean traffic is left alone."""

from typing import Any

import pytest
from economics.recommendations.planted import DAY_S, IGNORED, Played, Request, play, profile, requests

from langcache.economics.recommendations import Recommendation

WITHIN = 0.05


def kind_and_gpa(prompt: str) -> str:
    """An answer that the colour does not change."""
    return f"as a {_part(prompt, 0)} with {_part(prompt, 2)}"


def everything(prompt: str) -> str:
    return f"so it is: {prompt.partition(': ')[2]}"


def coarse(prompt: str) -> str:
    """An answer that an edge at 3.5 does not change."""
    gpa = "at most 3.0" if "under" in prompt else "more"
    return f"as a {_part(prompt, 0)} in {_part(prompt, 1)} with {gpa}"


def _part(prompt: str, number: int) -> str:
    return prompt.partition(": ")[2].rstrip(".").split(", ")[number]


def found(played: Played, strategy: str) -> Recommendation:
    """The one recommendation there is."""
    (one,) = played.cache.recommendations(days=30)
    assert one.strategy == strategy
    return one


def assert_worth(one: Recommendation, before: Played, after: Played) -> None:
    saved = float(before.cost_usd - after.cost_usd)
    assert saved > 0
    assert float(one.potential_savings_usd) == pytest.approx(saved, rel=WITHIN)


def test_a_feature_that_does_not_matter() -> None:
    """Ignored, it saves what was said."""
    traffic = requests(300, days=10)
    before = play(traffic, profile(), kind_and_gpa)
    one = found(before, "unneeded-feature")
    assert one.evidence["feature"] == "colour"
    assert_worth(one, before, play(traffic, profile(colour=IGNORED), kind_and_gpa))


def test_a_bad_bucket_edge() -> None:
    """Removed, it saves what was said."""
    traffic = requests(300, days=10)
    before = play(traffic, profile(edges=(3.0, 3.5)), coarse)
    one = found(before, "bucket-edge")
    assert (one.evidence["feature"], one.evidence["edge"]) == ("gpa", "3.5")
    assert_worth(one, before, play(traffic, profile(edges=(3.0,)), coarse))


@pytest.mark.parametrize("ttl_s", [DAY_S / 4, 1.5 * DAY_S])
def test_a_short_ttl(ttl_s: float) -> None:
    """With the one that is named, it saves what was said."""
    traffic = requests(400, days=10)
    before = play(traffic, profile(), everything, ttl_s=ttl_s)
    one = found(before, "short-ttl")
    longer: Any = one.evidence["ttl_s"]
    assert_worth(one, before, play(traffic, profile(), everything, ttl_s=longer))


def test_all_three_at_once() -> None:
    """Each with what it saves alone; one entry for several kinds expires as well, only less often."""
    traffic, ttl_s = requests(400, days=10), 2 * DAY_S

    def answer(prompt: str) -> str:
        return f"as a {_part(prompt, 0)}, {'under' in prompt}"

    before = play(traffic, profile(), answer, ttl_s=ttl_s)
    feature, edge, ttl = (
        next(one for one in before.cache.recommendations() if one.strategy == strategy)
        for strategy in ("unneeded-feature", "bucket-edge", "short-ttl")
    )
    longer: Any = ttl.evidence["ttl_s"]
    assert_worth(feature, before, play(traffic, profile(colour=IGNORED), answer, ttl_s=ttl_s))
    assert_worth(edge, before, play(traffic, profile(edges=(3.0,)), answer, ttl_s=ttl_s))
    assert_worth(ttl, before, play(traffic, profile(), answer, ttl_s=longer))


@pytest.mark.parametrize("seed", range(3))
def test_clean_traffic_is_left_alone(seed: int) -> None:
    """Every feature matters, nothing expires too soon: nothing to say."""
    traffic: list[Request] = requests(300, days=10, seed=seed)
    assert play(traffic, profile(), everything).cache.recommendations(days=30) == []


async def test_recommendations_can_be_awaited() -> None:
    """The same ones."""
    played = play(requests(200, days=10), profile(), kind_and_gpa)
    assert await played.cache.arecommendations(days=30) == played.cache.recommendations(days=30) != []
