"""What of a pipeline is cached, stale or failed, and what falls with an entry."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from support.pages import ORIGIN, TOKEN, Visit, form_secret, log_in

from langcache import Cache
from langcache.dashboard.stage_rows import stage_rows, tally
from langcache.stages import Pipeline, StageFailed
from langcache.testing import FakeClock

Pages = Callable[[], Any]


@pytest.fixture
def pipe(cache: Cache) -> Pipeline:
    """Three stages: an idea, what is drawn from it, and a step that fails while the idea is bad."""
    made = Pipeline("orchestrator", cache=cache)

    @made.stage("idea", expires_after=60.0, version="1")
    def idea(inputs: Any, upstream: Any) -> Any:
        return {"text": f"<b>{inputs['idea']}</b>"}

    @made.stage("phases", depends_on="idea", version="1")
    def phases(inputs: Any, upstream: Any) -> Any:
        return ["model", "view"]

    @made.stage("code", depends_on="phases", version="1")
    def code(inputs: Any, upstream: Any) -> Any:
        if inputs["idea"] == "bad":
            raise ValueError("the <i>compiler</i> gave up")
        return {"files": {"app.py": "x = 1\n"}}

    return made


async def _states(pipe: Pipeline) -> dict[str, str]:
    sessions = [await pipe.astatus(session) for session in ("s1", "s2")]
    rows = stage_rows(await pipe.aentries(), (await pipe.ahealth()).findings, sessions)
    return {row.stage: row.state for row in rows}


async def test_what_ran_is_cached_until_it_expires(pipe: Pipeline, clock: FakeClock) -> None:
    """An expired stage is stale; what was made from it is not, since its key says what it was made from."""
    await pipe.arun({"idea": "good"}, session_id="s1")
    assert await _states(pipe) == {"idea": "cached", "phases": "cached", "code": "cached"}
    clock.advance(61.0)
    assert (await _states(pipe))["idea"] == "stale"


async def test_a_stage_that_failed_last_is_failed_until_it_runs_again(pipe: Pipeline) -> None:
    """The newest session that ran it decides."""
    with pytest.raises(StageFailed):
        await pipe.arun({"idea": "bad"}, session_id="s1")
    assert await _states(pipe) == {"idea": "cached", "phases": "cached", "code": "failed"}
    await pipe.arun({"idea": "good"}, session_id="s2")
    assert (await _states(pipe))["code"] == "cached"


async def test_an_output_that_failed_validation_is_failed(cache: Cache) -> None:
    """It is kept for reading and never reused, and its row says what was found."""
    pipe = Pipeline("judged", cache=cache)

    @pipe.stage("draft", version="1", validate=lambda output: ["too short"])
    def draft(inputs: Any, upstream: Any) -> Any:
        return "x"

    with pytest.raises(StageFailed):
        await pipe.arun({}, session_id="s1")
    (row,) = stage_rows(await pipe.aentries(), [], [])
    assert (row.state, row.why) == ("failed", "too short")
    assert tally([row]) == {"cached": 0, "stale": 0, "failed": 1}


async def test_a_pipelines_page_shows_its_stages_and_sessions(visit: Visit, pipe: Pipeline) -> None:
    """As text: what an error says is nobody's markup."""
    with pytest.raises(StageFailed):
        await pipe.arun({"idea": "bad"}, session_id="s1")
    page = (await visit(pipelines=[pipe]).get("/pipelines/orchestrator")).text
    assert "2 stages cached, 0 stale, 1 failed." in page
    assert "&lt;i&gt;compiler&lt;/i&gt;" in page
    assert ">s1</code>" in page


async def test_pipelines_are_found_in_the_account_or_named(visit: Visit, pipe: Pipeline, cache: Cache) -> None:
    """One that ran lately is listed by itself, another because it was named."""
    await pipe.arun({"idea": "good"})
    page = (await visit(pipelines=["quiet"]).get("/pipelines")).text
    assert 'href="/pipelines/orchestrator"' in page
    assert 'href="/pipelines/quiet"' in page


async def test_any_name_has_a_page(visit: Visit, cache: Cache) -> None:
    """Names are people's: with spaces, slashes, markup or none of the alphabet."""
    name = "plans/2026 <b>ü</b>?#"
    pipe = Pipeline(name, cache=cache)
    pipe.stage("a/b", version="1")(lambda inputs, upstream: "made")
    await pipe.arun({})
    client = visit()
    (link,) = re.findall(r'href="(/pipelines/plans[^"]+)"', (await client.get("/pipelines")).text)
    page = (await client.get(link)).text
    assert "<h1>plans/2026 &lt;b&gt;ü&lt;/b&gt;?#</h1>" in page
    (entry,) = re.findall(r'href="(/pipelines/[^"]+/entry/[^"]+)"', page)
    assert ">made</div>" in (await client.get(entry)).text


async def test_an_entrys_page_names_what_it_was_made_from_and_what_was_made_from_it(
    visit: Visit, pipe: Pipeline
) -> None:
    """Both are links; the output is text."""
    await pipe.arun({"idea": "good"})
    keys = {entry.stage: entry.cache_key for entry in await pipe.aentries()}
    page = (await visit(pipelines=[pipe]).get(f"/pipelines/orchestrator/entry/{keys['phases']}")).text
    made_from, _, dependents = page.partition("Dependents")
    assert f"<code>{keys['idea']}</code>" in made_from
    assert f"<code>{keys['code']}</code>" in dependents
    first = (await visit(pipelines=[pipe]).get(f"/pipelines/orchestrator/entry/{keys['idea']}")).text
    assert "&lt;b&gt;good&lt;/b&gt;" in first
    assert (await visit().get("/pipelines/orchestrator/entry/nothing")).status_code == 404


async def test_invalidating_a_stage_takes_what_was_made_from_it(visit: Visit, pipe: Pipeline) -> None:
    """The page names all that would fall before anything does."""
    await pipe.arun({"idea": "good"})
    key = next(entry.cache_key for entry in await pipe.aentries("phases"))
    client = visit(token=TOKEN, pipelines=[pipe])
    await log_in(client, TOKEN)
    assert "Remove 2 entries" in (await client.get(f"/invalidate?pipeline=orchestrator&key={key}")).text
    assert len(await pipe.aentries()) == 3
    form = {"pipeline": "orchestrator", "key": key, "form_secret": await form_secret(client)}
    answer = await client.post("/invalidate", data=form, headers={"origin": ORIGIN})
    assert answer.headers["location"] == "/pipelines/orchestrator?removed=2"
    assert [entry.stage for entry in await pipe.aentries()] == ["idea"]
