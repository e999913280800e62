"""Each strategy on rows written by hand: what it says, from what, and when it is silent."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from economics.recommendations.rows import DAY_S, HOUR_S, account, key
from hypothesis import given, strategies as st
from support.lines import lines_run

from langcache.economics.recommendations import Recommendation, recommend
from langcache.runtime.account.keys import KeyAccount, Refusal
from langcache.runtime.account.model import StageCounts

COLOURS, KINDS = ("red", "green", "blue"), ("founder", "student", "nurse")
GPAS = ("under 3.0", "3.0–3.5", "3.5–3.6", "3.6 or more")


def only(keys: Iterable[KeyAccount], **more: Any) -> Recommendation:
    (found,) = recommend(account(*keys, **more))
    return found


def coloured(answer: Any, **more: Any) -> list[KeyAccount]:
    """One key for each kind and colour; *answer* says its template."""
    return [
        key([0.0, 60.0], features={"kind": kind, "colour": colour}, template=answer(kind, colour), **more)
        for kind in KINDS
        for colour in COLOURS
    ]


def graded(answer: Any) -> list[KeyAccount]:
    return [
        key([0.0, 60.0], features={"kind": kind, "gpa": gpa}, template=answer(kind, gpa))
        for kind in KINDS
        for gpa in GPAS
    ]


def both(first: str, second: str) -> str:
    return f"{first} {second}"


def test_a_feature_that_changes_no_answer_is_found() -> None:
    """With what one key instead of three would have saved."""
    found = only(coloured(lambda kind, _: kind))
    assert (found.strategy, found.implementation_effort) == ("unneeded-feature", "low")
    assert found.potential_savings_usd == 6 * Decimal("0.5")
    assert (found.evidence["feature"], found.evidence["calls_saved"]) == ("colour", 6)
    assert found.confidence == pytest.approx(9 / (9 + 1.645**2), abs=0.001)
    for said in ("'colour'", "Ignore()", "9 kinds", "3 had", "6 of 9 calls"):
        assert said in found.description


def test_an_undeclared_input_that_changes_no_answer_is_found() -> None:
    """Its values are digests, and stay so."""
    keys = [key(features={"kind": kind}, parts={"input note": n}, template=kind) for kind in KINDS for n in "ab"]
    found = only(keys)
    assert (found.strategy, found.evidence["input"]) == ("undeclared-input", "note")


def test_a_feature_that_changes_one_answer_is_needed() -> None:
    """One wrong answer is one too many."""
    assert (
        recommend(account(*coloured(lambda kind, colour: kind if (kind, colour) != ("nurse", "red") else "else"))) == []
    )


def test_features_that_change_every_answer_are_clean() -> None:
    """Nothing to say."""
    assert recommend(account(*coloured(both), *graded(both))) == []


VALUES = st.sampled_from(("under 3.0", "3.0–3.5", "3.5 or more", "red", "blue", None))
FEATURES = st.fixed_dictionaries({"a": VALUES, "b": VALUES, "c": VALUES})


@given(st.lists(FEATURES, max_size=30, unique_by=lambda features: tuple(features.values())))
def test_nothing_is_found_where_nothing_is_planted(found: list[dict[str, Any]]) -> None:
    """Whatever the features: an answer of its own for each kind, asked for twice while it is fresh."""
    assert recommend(account(*[key([0.0, 60.0], features=each, template=str(each)) for each in found])) == []


def test_too_few_kinds_are_no_evidence() -> None:
    """One group alone may be chance, and three kinds of users are few."""
    keys = coloured(lambda kind, _: kind)
    assert recommend(account(*keys[:3])) == []
    assert recommend(account(*keys[:2], keys[3])) == []


def test_keys_whose_answer_is_unknown_are_no_evidence() -> None:
    """Never stored, or never told."""
    assert recommend(account(*coloured(lambda kind, _: kind, has_parts=False))) == []
    assert recommend(account(*coloured(lambda *_: None))) == []


def test_what_saves_next_to_nothing_is_not_worth_a_readers_time() -> None:
    """Less than one call in a hundred."""
    busy = [key([0.0], features={"kind": f"k{n}", "colour": "red"}, template=f"{n}") for n in range(1000)]
    assert recommend(account(*coloured(lambda kind, _: kind), *busy)) == []


def test_keys_of_two_prompt_versions_are_never_merged() -> None:
    """Another prompt is another question."""
    keys = [
        key(features={"colour": colour}, prompt_version=f"v{colour}", parts={"slot name": kind}, template=kind)
        for kind in KINDS
        for colour in COLOURS
    ]
    assert recommend(account(*keys)) == []


def test_what_was_mended_is_not_told_again() -> None:
    """The keys of the profile as it was declared before are still in the account."""
    before = coloured(lambda kind, _: kind, parts={"profile": "old"}, last_used=1.0)
    after = [key([0.0, 60.0], features={"kind": kind}, parts={"profile": "new"}, last_used=2.0) for kind in KINDS]
    assert recommend(account(*before)) != []
    assert recommend(account(*before, *after)) == []


def test_a_sample_says_that_it_is_one() -> None:
    """Its figures are those of the keys that were kept."""
    found = only(coloured(lambda kind, _: kind), is_sampled=True)
    assert (found.evidence["keys_kept"], found.evidence["distinct_keys"]) == (9, 9)


def test_a_bad_bucket_edge_is_found() -> None:
    """The one whose two sides are answered alike; the others are needed."""
    found = only(graded(lambda kind, gpa: both(kind, "3.5–3.6" if gpa == "3.0–3.5" else gpa)))
    assert (found.strategy, found.evidence["feature"], found.evidence["edge"]) == ("bucket-edge", "gpa", "3.5")
    assert found.potential_savings_usd == 3 * Decimal("0.5")
    assert found.evidence["requests"] == {"3.0–3.5": 6, "3.5–3.6": 6}
    assert "remove it (6 requests in '3.0–3.5' and 6 requests in '3.5–3.6')" in found.description


def test_buckets_that_change_nothing_at_all_are_an_unneeded_feature() -> None:
    """Each of its edges may go, too, which is the smaller step."""
    whole, *edges = recommend(account(*graded(lambda kind, _: kind)))
    assert whole.strategy == "unneeded-feature"
    assert "none of its bucket edges, 3.0, 3.5, 3.6, tells answers apart" in whole.description
    assert sorted(str(one.evidence["edge"]) for one in edges) == ["3.0", "3.5", "3.6"]
    assert all(one.potential_savings_usd < whole.potential_savings_usd for one in edges)


def test_the_only_edge_of_an_unneeded_feature_is_not_told_twice() -> None:
    """Without it there is no feature left."""
    keys = [
        key(features={"kind": kind, "gpa": gpa}, template=kind)
        for kind in KINDS
        for gpa in ("under 3.0", "3.0 or more")
    ]
    assert "bucket edges, 3.0, tells" in only(keys).description


def test_a_short_ttl_is_found_with_one_that_is_long_enough() -> None:
    """The shortest that saves what any longer would."""
    keys = [key([n * 5 * HOUR_S for n in range(20)], 2 * HOUR_S) for _ in range(3)]
    found = only(keys, days=5)
    assert (found.strategy, found.evidence["ttl_s"]) == ("short-ttl", 7 * DAY_S)
    assert found.potential_savings_usd == 57 * Decimal("0.5")
    assert "of 60 that expired, 57 were asked for again" in found.description
    assert "ttl of 7 days, if" in found.description


def test_a_ttl_whose_answers_nobody_asks_for_again_is_right() -> None:
    """Most expire for good."""
    gone = [key([0.0], 2 * HOUR_S) for _ in range(20)]
    assert recommend(account(*gone, key([0.0, 5 * HOUR_S], 2 * HOUR_S))) == []


def test_a_ttl_that_no_longer_one_betters_is_left_alone() -> None:
    """Answers of more than a year."""
    old = [key([401 * DAY_S * n for n in range(5)], 400 * DAY_S) for _ in range(9)]
    assert "short-ttl" not in [one.strategy for one in recommend(account(*old, days=2000))]


def refused(**more: Any) -> list[KeyAccount]:
    """Three keys whose answer was refused each time."""
    outcomes = {"outcomes": {"refused": 5}, "created": 0, "has_parts": False, "template": None}
    return [key([60.0 * n for n in range(5)], calls=5, cost_usd=Decimal("2.5"), **outcomes, **more) for _ in KINDS]


@pytest.mark.parametrize(
    ("reason", "says"), [("leak", "kind="), ("pronoun", 'pronouns="keep"'), ("relative date", "reference_date=")]
)
def test_refusals_that_a_declaration_would_mend_are_found(reason: str, says: str) -> None:
    """With every call but each key's first."""
    rows = (Refusal("refused", reason, "plan", "name", "exact", 15, Decimal("7.5")),)
    found = only(refused(), refusals=rows)
    assert found.strategy == "mendable-refusals"
    assert found.potential_savings_usd == 12 * Decimal("0.5")
    assert says in found.description
    assert "slot 'name'" in found.description


def test_a_chain_that_cannot_run_on_placeholders_is_found() -> None:
    """With what it computes with; a few such requests among many are not the chain's fault."""
    why = "masked run failed: it computes with 'age': declare that a Feature"
    given_up = "the chain cannot be masked: its masked runs failed; wrap it with mode='abstract'"
    rows = tuple(Refusal("bypass", reason, "plan", None, None, 15, Decimal(1)) for reason in (why, given_up))
    found = only([], refusals=rows)
    assert (found.strategy, found.evidence["went_round"], found.potential_savings_usd) == ("unmaskable-chain", 30, 0)
    assert "computes with 'age'" in found.description
    fine = [key([0.0, 60.0], requests=40, features={"n": n}, template=f"{n}") for n in range(3)]
    assert recommend(account(*fine, refusals=rows)) == []


def test_refusals_that_mend_themselves_are_left_alone() -> None:
    """Each key was refused once and then stored: the next user's answer was fine."""
    outcomes = {"refused": 1, "miss": 1, "hit": 3}
    keys = [
        key([0.0], outcomes=outcomes, calls=2, called={0.0: 2}, features={"n": n}, template=f"{n}") for n in range(9)
    ]
    rows = (Refusal("refused", "leak", "plan", "name", "exact", 9, Decimal("4.5")),)
    assert recommend(account(*keys, refusals=rows)) == []


@pytest.mark.parametrize(
    ("outcome", "reason"), [("refused", "truncated"), ("refused", "round trip"), ("bypass", "no-store")]
)
def test_refusals_that_no_declaration_mends_are_not(outcome: str, reason: str) -> None:
    """They are what was asked for, or the model's doing."""
    rows = (Refusal(outcome, reason, "plan", None, None, 15, Decimal("7.5")),)
    assert recommend(account(*refused(), refusals=rows)) == []


def test_a_chain_that_never_hits_is_found_with_what_differs_each_time() -> None:
    """And with what it would be worth without that."""
    keys = [
        key(features={"kind": KINDS[n % 3]}, parts={"input asked_at": n}, template=f"{n}", chain="chat")
        for n in range(60)
    ]
    found = only(keys)
    assert (found.strategy, found.evidence["part"]) == ("never-hits", "input asked_at")
    assert found.potential_savings_usd == 57 * Decimal("0.5")
    assert "none of 60 requests" in found.description


def test_a_chain_that_no_change_helps_is_told_to_go_round() -> None:
    """It saves no call, but the looking up."""
    found = only([key(parts={"input a": n, "input b": -n}, template=f"{n}") for n in range(60)])
    assert (found.strategy, found.potential_savings_usd, found.evidence["part"]) == ("never-hits", 0, None)
    assert "langcache:no-store" in found.description


def test_a_chain_that_has_hardly_begun_is_left_alone() -> None:
    """A few misses say nothing."""
    assert recommend(account(*[key(parts={"input a": n}, template=f"{n}") for n in range(20)])) == []


def test_a_stage_invalidated_more_than_used_is_found() -> None:
    """With the share of its cost that was for nothing."""
    churning = StageCounts(executed=30, reused=5, invalidated=25, cost_usd=Decimal(3))
    used = StageCounts(executed=30, reused=300, invalidated=25, cost_usd=Decimal(3))
    found = only([], stages={"report:draft": churning, "report:load": used})
    assert (found.strategy, found.evidence["stage"]) == ("stage-churn", "draft")
    assert found.potential_savings_usd == Decimal("2.5")
    assert "25 times against 5" in found.description


def test_a_stampede_is_found() -> None:
    """Every call beyond the first."""
    crowd = [key([0.0], requests=5, outcomes={"miss": 5}, calls=5, called={60.0: 5}, stampedes=4, cost_usd=Decimal(5))]
    alone = [key([0.0, 60.0], features={"kind": f"{n}"}, template=f"{n}") for n in range(3)]
    found = only([*crowd * 3, *alone])
    assert (found.strategy, found.potential_savings_usd) == ("stampede", 12)
    assert "in 3 of 6 cases" in found.description


def test_refused_answers_are_no_stampede() -> None:
    """Each user had to call, for a reason of its own."""
    keys = [key([0.0], outcomes={"refused": 5}, calls=5, called={60.0: 5}, stampedes=4) for _ in range(5)]
    assert recommend(account(*keys)) == []


@pytest.mark.parametrize(
    ("models", "stem"),
    [
        (("gpt-4o-2024-08-06", "gpt-4o-2024-11-20"), "gpt-4o"),
        (("claude-sonnet-4-20250514", "claude-sonnet-4-20250929"), "claude-sonnet-4"),
        (("mistral-large-latest", "mistral-large-latest"), "mistral-large"),
    ],
)
def test_a_model_that_moved_is_found(models: tuple[str, str], stem: str) -> None:
    """Two versions of one model under one declaration, or a name that says it moves."""
    keys = [key(model=models[n % 2], parts={"model": "f00"}, template=f"{n}", features={"n": n}) for n in range(6)]
    found = only(keys)
    assert (found.strategy, found.potential_savings_usd, found.evidence["model"]) == ("unpinned-model", 0, stem)


@pytest.mark.parametrize("models", [("gpt-4o-2024-08-06",) * 2, ("fake-1", "fake-2"), ("gpt-4o", "gpt-4.1-mini")])
def test_models_that_have_not_moved_are_fine(models: tuple[str, str]) -> None:
    """Two models are two models."""
    keys = [key(model=models[n % 2], parts={"model": "f00"}, template=f"{n}", features={"n": n}) for n in range(6)]
    assert recommend(account(*keys)) == []


def test_dollars_that_are_not_known_are_not_told_as_zero() -> None:
    """What a model without a price would have saved is missing in the sum, and the evidence says how much is."""
    keys = [key([n * 5 * HOUR_S for n in range(20)], 2 * HOUR_S, usd="0", unpriced=20) for _ in range(3)]
    found = only(keys, days=5)
    assert (found.potential_savings_usd, found.evidence["unpriced"]) == (0, 60)
    assert "lack what has no known price: 60 of" in found.description


def test_recommendations_come_best_first_and_as_json() -> None:
    """Money as text."""
    keys = [*coloured(lambda kind, _: kind), *[key([0.0, 9e4, 18e4, 27e4], 2 * HOUR_S, chain="chat") for _ in range(9)]]
    found = recommend(account(*keys))
    assert [one.strategy for one in found] == ["short-ttl", "unneeded-feature"]
    assert found[1].to_dict()["potential_savings_usd"] == "3.0"
    assert recommend(account()) == []


def test_ranges_of_what_is_no_number_have_no_edges() -> None:
    """A feature may say from where to where in words."""
    keys = [
        key([0.0, 60.0], features={"kind": kind, "way": way}, template=f"{kind} {way}")
        for kind in KINDS
        for way in ("Berlin–Paris", "Paris–Rome", "Rome–Oslo")
    ]
    assert recommend(account(*keys)) == []


def test_twice_the_features_are_twice_the_work() -> None:
    """Each is taken out of all keys in turn; comparing all the others each time took a minute for fifty of them."""

    def work(features: int) -> int:
        keys = [
            key([0.0, 60.0], features={f"f{n}": (row * (n + 3)) % 7 for n in range(features)}, template=f"{row}")
            for row in range(40)
        ]
        return lines_run(lambda: recommend(account(*keys)))

    assert work(40) <= 2.2 * work(20)
