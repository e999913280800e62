"""What a plan says before anything runs, and what an order is worth."""

from langcache.runtime.steps import drive
from langcache.stages import Pipeline


def test_a_plan_says_why(cache):
    """What would run, what would be reused, and what changed."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("plan")(lambda inputs, upstream: [{"id": n} for n in range(inputs["phases"])])
    pipe.stage("phase-{id}-code", for_each="plan")(lambda inputs, upstream, item: item)
    pipe.stage("summary", depends_on=["phase-{id}-code"])(lambda inputs, upstream: 0)
    assert [(line.stage, line.action, line.reason) for line in pipe.plan({"phases": 1})] == [
        ("plan", "run", "nothing is stored"),
        ("phase-{id}-code", "run", "plan would run first"),
        ("summary", "run", "phase-{id}-code would run first"),
    ]
    pipe.run({"phases": 1})
    assert {line.action for line in pipe.plan({"phases": 1})} == {"reuse"}
    assert pipe.plan({"phases": 2})[0].reason == "input 'phases' changed"
    assert pipe.run({"phases": 1}).executed == []


def test_a_plan_names_everything_that_changed(cache):
    """Prompt, agent, code, item, and the outputs it was made from."""

    def build(source, word, prompt, agent):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("list", version=source)(lambda inputs, upstream: [{"id": 1, "word": word}])
        pipe.stage("other", version=source)(lambda inputs, upstream: word)
        pipe.stage(
            "each-{id}", for_each="list", depends_on="other", prompt_version=prompt, agent_version=agent, version=source
        )(lambda inputs, upstream, item: 0)
        return pipe

    build("1", "a", "v1", "x").run({})
    changed = build("2", "b", "v2", "y")
    for name in ("list", "other"):  # what they depend on is known, only the last is to be planned
        drive(changed.settle(name, {}, "s", {}))
    assert changed.plan({})[-1].reason == (
        "its prompt changed; its agent changed from x to y; its code changed; its item changed; "
        "the output of other changed"
    )


def test_another_order_of_items_is_another_input(cache):
    """A family is given in the order of its items: who lists or joins it would go on with the old one."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list")(lambda inputs, upstream: inputs["words"])
    pipe.stage("each-{id}", for_each="list")(lambda inputs, upstream, item: item)
    pipe.stage("join", depends_on=["each-{id}"])(lambda inputs, upstream: "".join(upstream["each-{id}"].values()))
    pipe.run({"words": ["a", "b"]})
    turned = {"words": ["b", "a"]}
    drive(pipe.settle("list", turned, "s", {}))  # so that only the last is to be planned
    assert pipe.plan(turned)[-1].reason == "the order of what it depends on changed"
    run = pipe.run(turned)
    assert (run.outputs["join"], run.executed) == ("ba", ["join"])
