"""The graph is checked as a whole, and what is wrong is named."""

import pytest

from langcache.errors import DeclarationError
from langcache.stages import Pipeline, StageFailed


def declare(cache, **stages):
    pipe = Pipeline("p", cache=cache)
    for name, options in stages.items():
        pipe.stage(name.replace("ID", "{id}"), **options)(lambda inputs, upstream, item=None: 0)
    return pipe


def test_a_circle_is_named_in_order(cache):
    """Who depends on whom, all the way round."""
    pipe = declare(cache, a={"depends_on": ["c"]}, b={"depends_on": ["a"]}, c={"depends_on": ["b"]})
    with pytest.raises(DeclarationError, match=r"circle: (a → c → b → a|b → a → c → b|c → b → a → c)"):
        pipe.run({})


def test_a_missing_dependency_is_named_with_the_nearest(cache):
    """Before anything runs."""
    pipe = declare(cache, architecture={}, code={"depends_on": ["architectur"]})
    with pytest.raises(DeclarationError, match=r"'code' depends on 'architectur'.*did you mean 'architecture'"):
        pipe.plan({})


def test_reading_what_was_not_declared_names_the_fix(cache):
    """A stage sees only what it depends on."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list")(lambda inputs, upstream: [1])
    pipe.stage("draft")(lambda inputs, upstream: "a draft")
    pipe.stage("final", depends_on=["draft"])(lambda inputs, upstream: upstream["list"])
    with pytest.raises(StageFailed, match=r"'list' is no dependency of this stage, which has 'draft': .*depends_on"):
        pipe.run({})


def test_a_family_over_a_family_is_refused(cache):
    """It has many lists, not one."""
    stages = {"list": {}, "a-{id}": {"for_each": "list"}, "b-{id}": {"for_each": "a-{id}"}}
    with pytest.raises(DeclarationError, match="fans out over the family 'a-"):
        declare(cache, **stages).plan({})


def test_stages_may_be_declared_in_any_order(cache):
    """What a stage depends on may come later; the order of the graph is topological."""
    pipe = declare(cache, last={"depends_on": ["first"]}, first={})
    assert pipe.graph.order == ("first", "last")


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"a": {"for_each": "b"}}, "needs one {id}"),
        ({"a-ID": {}}, "needs for_each"),
        ({"a": {"in_order": True}}, "for stages with for_each"),
        ({"a": {"expires_after": 0}}, "longer than zero"),
        ({"": {}}, "printable"),
    ],
)
def test_a_declaration_that_cannot_work_says_so(cache, stages, said):
    """At once, and with the fix."""
    with pytest.raises(DeclarationError, match=said):
        declare(cache, **stages)


def test_a_mistake_in_declaring_names_its_fix(cache):
    """A bare decorator would declare nothing, and a pipeline on a URL fail when it is run."""
    with pytest.raises(DeclarationError, match=r'@pipe\.stage\("name"\)'):
        Pipeline("p", cache=cache).stage(lambda inputs, upstream: 0)
    with pytest.raises(DeclarationError, match=r"langcache\.Cache"):
        Pipeline("p", cache="memory://")


def test_two_stages_of_one_name_are_refused(cache):
    """The later would hide the earlier."""
    pipe = declare(cache, a={})
    with pytest.raises(DeclarationError, match="already has a stage called 'a'"):
        pipe.stage("a")(lambda inputs, upstream: 0)


def test_same_item_needs_the_same_list(cache):
    """Siblings are those over one list."""
    pipe = declare(
        cache,
        one={},
        two={},
        **{"a-ID": {"for_each": "one"}, "b-ID": {"for_each": "two", "same_item": "a-{id}"}},
    )
    with pytest.raises(DeclarationError, match="which is not for_each='two'"):
        pipe.run({})
