"""Layers side by side: against a search through all ways to lay them, and on the specs that come with archdsl."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl import load
from archdsl.analysis import pairing
from archdsl.analysis.alignment import difference
from archdsl.analysis.pairing import Named, Place, paired

Cost = tuple[int, int, int, int]


def cost_of(left: Sequence[Named], right: Sequence[Named], places: Sequence[Place]) -> Cost:
    """How many stand alone, have other labels, are changed, have other names; two kinds under a name are alone."""
    alone = labels = changed = names = 0
    for here, there in places:
        if here is None or there is None:
            alone += 1
            continue
        one, other = left[here], right[there]
        if one.kind != other.kind:
            assert one.name == other.name
            alone, labels = alone + 2, labels - 1
            continue
        labels += one.labels != other.labels
        changed += one.content != other.content
        names += one.name != other.name
    return alone, labels, changed, names


def least_cost(left: Sequence[Named], right: Sequence[Named]) -> Cost:
    """The least cost of all ways there are."""

    @cache
    def least(here: int, there: int) -> Cost:
        ways: list[Cost] = []
        if here == len(left) and there == len(right):
            return 0, 0, 0, 0
        if here < len(left):
            ways.append(added(least(here + 1, there), (1, 0, 0, 0)))
        if there < len(right):
            ways.append(added(least(here, there + 1), (1, 0, 0, 0)))
        if here < len(left) and there < len(right):
            one, other = left[here], right[there]
            if one.kind == other.kind or one.name == other.name:
                ways.append(added(least(here + 1, there + 1), cost_of([one], [other], [(0, 0)])))
        return min(ways)

    return least(0, 0)


def added(one: Cost, other: Cost) -> Cost:
    first, second, third, fourth = (a + b for a, b in zip(one, other, strict=True))
    return first, second, third, fourth


@st.composite
def layers(draw: st.DrawFn) -> list[Named]:
    count = draw(st.integers(0, 40))
    numbers = draw(st.booleans())
    words = st.sampled_from(["a", "b", "c"])
    found: list[Named] = []
    for number in range(count):
        word = draw(words)
        name = f"{word}.{number}" if numbers else f"{word}{number}"
        found.append(Named(name, f"{word}.#" if numbers else name, draw(words), draw(st.integers(0, 2))))
    return found


@settings(max_examples=150, deadline=None)
@given(layers(), layers())
def test_no_way_costs_less(left: list[Named], right: list[Named]) -> None:
    places = paired(left, right)
    assert [here for here, _ in places if here is not None] == list(range(len(left)))
    assert [there for _, there in places if there is not None] == list(range(len(right)))
    assert cost_of(left, right, places) == least_cost(left, right)


@given(layers(), layers())
def test_past_the_limit_names_alone_decide(left: list[Named], right: list[Named]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "AT_MOST", -1)
        places = paired(left, right)
    assert [here for here, _ in places if here is not None] == list(range(len(left)))
    assert [there for _, there in places if there is not None] == list(range(len(right)))
    both = [(left[here].name, right[there].name) for here, there in places if here is not None and there is not None]
    assert all(one == other for one, other in both)
    shared = [each.name for each in left if each.name in {other.name for other in right}][:12]
    more = combinations(shared, len(both) + 1)
    assert not any(map(in_order(right), more))


def in_order(right: Sequence[Named]) -> Callable[[Sequence[str]], bool]:
    """Whether names stand in this order."""
    where = {each.name: number for number, each in enumerate(right)}
    return lambda names: [where[name] for name in names] == sorted(where[name] for name in names)


FAMILIES = [
    ("resnet50", "resnext50_32x4d"),
    ("resnet50", "wide_resnet50_2"),
    ("mobilenet_v1", "mobilenet_v1_0_5"),
    ("mnasnet0_5", "mnasnet1_0"),
    ("shufflenet_v2_x0_5", "shufflenet_v2_x2_0"),
]


@pytest.mark.parametrize(("one", "other"), FAMILIES)
def test_of_equal_names_none_comes_or_goes(one: str, other: str) -> None:
    pairs = difference(load(one).architecture, load(other).architecture)
    assert {pair.status for pair in pairs} <= {"same", "changed"}
    assert all(pair.before and pair.after and pair.before.name == pair.after.name for pair in pairs)
