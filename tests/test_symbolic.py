"""Arithmetic on unknown numbers: every simplification is the number it was before."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.shape import Dim, Window
from archdsl.symbolic import (
    Expr,
    NeedsValue,
    choose,
    compare,
    conjunction,
    disjunction,
    divisible,
    identity_condition,
    maximum,
    minimum,
    negate,
    python,
    stride_of,
    substitute,
    symbol,
    symbols,
)

H = symbol("H", "size")
S, T, C, IN = (symbol(name) for name in ("s", "t", "c", "in_channels"))

dims = st.recursive(
    st.one_of(st.integers(-8, 8), st.sampled_from([S, T, C])),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*"), inner, inner),
        st.tuples(st.sampled_from(["//", "%"]), inner, st.integers(1, 5)),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner),
    ),
    max_leaves=8,
)


def build(tree: Any, values: dict[str, int] | None) -> Any:
    """A random tree as an expression, or as a number where values are given."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, Expr):
        return tree if values is None else values[python(tree)]
    op, left, right = tree
    a, b = build(left, values), build(right, values)
    return {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "//": lambda: a // b,
        "%": lambda: a % b,
        "min": lambda: minimum(a, b),
        "max": lambda: maximum(a, b),
    }[op]()


@settings(derandomize=True, deadline=None, max_examples=400)
@given(tree=dims, s=st.integers(1, 9), t=st.integers(1, 9), c=st.integers(1, 40))
def test_simplified_is_equal(tree: Any, s: int, t: int, c: int) -> None:
    values = {"s": s, "t": t, "c": c}
    expression = build(tree, None)
    assert substitute(expression, values) == build(tree, values)
    # What is printed is Python that gives the same number.
    assert eval(python(expression), {"min": min, "max": max}, dict(values)) == build(tree, values)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    windows=st.lists(
        st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.booleans()), min_size=1, max_size=5
    ),
    size=st.integers(40, 300),
)
def test_composed_windows_fold(windows: list[tuple[int, int, int, bool]], size: int) -> None:
    formula: Dim = H
    number: Dim = size
    for kernel, stride, padding, ceil in windows:
        window = Window(kernel, stride, (min(padding, kernel // 2),) * 2, ceil=ceil)
        formula, number = window.output(formula), window.output(number)
    assert substitute(formula, {"H": size}) == number


def test_folded_floors_are_one() -> None:
    half = Window(3, 2, (1, 1))
    assert python(half.output(half.output(H))) == "(H + 3) // 4"
    assert half.output(half.output(H)) == Window(7, 4, (3, 3)).output(H)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([Window(3, 1, (1, 1))], True),
        ([Window(3, 2, (1, 1))], False),
        ([Window(3, 1)], False),
        ([Window(5, 1, (2, 2)), Window(3, 1, (1, 1))], True),
        ([Window(3, 1), Window(3, 1, (2, 2))], True),
    ],
)
def test_identity_is_of_the_map(windows: list[Window], expected: bool) -> None:
    size: Dim = H
    for window in windows:
        size = window.output(size)
    assert identity_condition(size, H) is expected


def test_identity_may_depend_on_parameters() -> None:
    shrunk = Window(3, T, (1, 1)).output(Window(3, S, (1, 1)).output(H))
    assert python(identity_condition(shrunk, H)) == "s * t == 1"
    assert python(stride_of(shrunk, H)) == "s * t"
    kernel = symbol("k")
    half = (kernel - 1) // 2
    condition = identity_condition(Window(kernel, 1, (half, half)).output(H), H)
    assert [substitute(condition, {"k": k}) for k in (1, 2, 3, 4, 5)] == [True, False, True, False, True]


@pytest.mark.parametrize("behind", [True, False])
def test_a_chain_folds_whatever_its_padding_is_made_of(behind: bool) -> None:
    # With padding on one side alone `⌊k/2⌋` stands in the sum as often as the size does: once.
    kernel = symbol("k")
    padding = (kernel - 1) // 2
    middle = Window(kernel, 1, (padding, padding if behind else 0))
    size = Window(3, 9, (1, 1)).output(middle.output(Window(1, S).output(H)))
    assert python(stride_of(size, H)) == "9 * s"
    for h, k, s in [(70, 3, 2), (41, 5, 1), (90, 4, 3)]:
        half = (k - 1) // 2
        middle = Window(k, 1, (half, half if behind else 0))
        numbers = Window(3, 9, (1, 1)).output(middle.output(Window(1, s).output(h)))
        assert substitute(size, {"H": h, "k": k, "s": s}) == numbers


def test_only_a_floor_that_stands_once_is_folded() -> None:
    twice = ((H // 2) * 2) // 3
    assert [substitute(twice, {"H": h}) for h in (7, 8, 9, 11)] == [2, 2, 2, 3]


def test_what_no_whole_number_can_be_is_settled() -> None:
    assert compare("==", 2 * S, 1) is False
    assert compare("!=", 6 * S + 4 * T, 3) is True
    assert python(compare("==", 2 * S, 4)) == "2 * s == 4"
    assert python(compare("<", 2 * S, 1)) == "2 * s < 1"


def test_printing() -> None:
    assert python(4 * C) == "4 * c"
    assert python(S - 1) == "s - 1"
    assert python(1 - S) == "1 - s"
    assert python(IN + symbol("i") * symbol("growth")) == "in_channels + growth * i"
    assert python(3 * (IN // 2)) == "3 * (in_channels // 2)"
    assert python((IN + C) // 2) == "(c + in_channels) // 2"
    assert python(disjunction([compare("!=", S, 1), compare("!=", IN, 4 * C)])) == "s != 1 or in_channels != 4 * c"


def test_conditions_are_settled_where_they_can_be() -> None:
    assert compare("==", C, C) is True
    assert compare("<", C, C + 1) is True
    assert compare("!=", 2 * C, C + C) is False
    assert conjunction([True, compare("==", 1, 1)]) is True
    undecided = compare("==", S, 1)
    assert conjunction([undecided, False]) is False
    assert disjunction([undecided, undecided]) == undecided
    assert python(negate(conjunction([undecided, compare("<", C, 8)]))) == "s != 1 or c >= 8"
    assert choose(undecided, C, C) == C


def test_an_unknown_number_is_never_guessed() -> None:
    for ask in (bool, int, range, lambda value: [1, 2][value]):
        with pytest.raises(NeedsValue):
            ask(C)
    for sum_ in (lambda: C * 0.5, lambda: C / 2, lambda: 2**C, lambda: symbol("p", "float") + 1):
        with pytest.raises(NeedsValue):
            sum_()
    with pytest.raises(NeedsValue):
        bool(compare("==", S, 1))


def test_symbols_are_found_everywhere() -> None:
    condition = conjunction([compare("==", S // 2, 1), compare("<", minimum(C, T), IN)])
    assert {each.name for each in symbols(condition, (H,))} == {"s", "c", "t", "in_channels", "H"}


@pytest.mark.parametrize(
    ("value", "rounded"), [(32 * 0.75, 24), (96 * 0.5, 48), (17, 16), (20, 24), (3, 8), (10.9, 16)]
)
def test_divisible_is_mobilenets(value: float, rounded: int) -> None:
    expected = max(8, int(value + 4) // 8 * 8)
    expected += 8 if expected < 0.9 * value else 0
    assert divisible(value, 8) == expected == rounded
    assert math.gcd(divisible(value, 8), 8) == 8
