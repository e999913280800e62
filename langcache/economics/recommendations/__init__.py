"""What to do next, and from what evidence: one module for each strategy, all of them replaying what was recorded."""

from dataclasses import replace

from langcache.economics.recommendations.bucket_edges import bucket_edges
from langcache.economics.recommendations.mendable_refusals import mendable_refusals
from langcache.economics.recommendations.never_hits import never_hits
from langcache.economics.recommendations.recommendation import Recommendation
from langcache.economics.recommendations.short_ttl import short_ttl
from langcache.economics.recommendations.stage_churn import stage_churn
from langcache.economics.recommendations.stampedes import stampedes
from langcache.economics.recommendations.traffic import Traffic
from langcache.economics.recommendations.unmaskable_chain import unmaskable_chain
from langcache.economics.recommendations.unneeded_parts import unneeded_parts
from langcache.economics.recommendations.unpinned_model import unpinned_model
from langcache.runtime.account.keys import Account

__all__ = ["STRATEGIES", "Recommendation", "recommend"]

STRATEGIES = (
    unneeded_parts,
    bucket_edges,
    short_ttl,
    mendable_refusals,
    unmaskable_chain,
    never_hits,
    stage_churn,
    stampedes,
    unpinned_model,
)


def recommend(account: Account) -> list[Recommendation]:
    """What would have saved most in the period of *account*, best first.

    Silent where the evidence is thin: each strategy has a floor for its confidence. Where the account is a sample of
    its keys, the figures are those of the sample; where a model has no known price, the dollars lack its calls; and the
    evidence says so.
    """
    traffic = Traffic(account)
    found = [_priced(_sampled(one, account), traffic) for strategy in STRATEGIES for one in strategy(traffic)]
    return sorted(found, key=lambda one: (-one.potential_savings_usd, -one.confidence, one.description))


def _sampled(one: Recommendation, account: Account) -> Recommendation:
    if not account.is_sampled:
        return one
    sample = {"keys_kept": len(account.keys), "distinct_keys": account.distinct_keys}
    return replace(one, evidence={**one.evidence, **sample})


def _priced(one: Recommendation, traffic: Traffic) -> Recommendation:
    unpriced = traffic.unpriced.get(str(one.evidence.get("chain")), 0)
    if not unpriced or not one.evidence.get("calls_saved"):
        return one
    said = f"{one.description} The dollars lack what has no known price: {unpriced} of the chain's requests."
    return replace(one, description=said, evidence={**one.evidence, "unpriced": unpriced})
