"""Weights that lie beside other things in a file: what is said of them, and that following the help fits them."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, zeros

from archdsl.diagnostics import ArchError
from archdsl.weights.leaving_out import is_meant, proposed

from .networks import random_state, small


def followed(tensors: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """What the help says is to be left out and to begin anew, until everything fits."""
    drop: list[str] = []
    new: list[str] = []
    for _ in range(2):
        try:
            small().fit(tensors, drop=drop, new=new).require_complete()
            return drop, new
        except ArchError as error:
            (diagnostic,) = error.diagnostics
            words = [shlex.split(found) for help_ in diagnostic.helps for found in re.findall("--.*", help_)]
            options = [word for line in words for word in line]
            for option, value in zip(options[::2], options[1::2], strict=True):
                {"--drop": drop, "--new": new}[option].append(value)
            assert options, diagnostic.helps
    raise AssertionError((drop, new))


@st.composite
def files(draw: st.DrawFn) -> tuple[dict[str, Tensor], bool]:
    """A file of the small network's weights and other things, and whether its last layer is in it."""
    state = random_state(small())
    whole = draw(st.booleans())
    by_name = draw(st.booleans())
    if not whole:
        state = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
    if not by_name:
        words = {name.rpartition(".")[0]: f"unit{number}" for number, name in enumerate(state)}
        split = [name.rpartition(".") for name in state]
        state = {f"{words[path]}.{role}": state[f"{path}.{role}"] for path, _, role in split}
    counted = draw(st.booleans())
    if counted:
        modules = dict.fromkeys(part for name in state for part in ("", name.rpartition(".")[0]))
        for word in ("total_ops", "total_params"):
            state |= {f"{module}.{word}".lstrip("."): zeros(1) for module in modules}
    # Without names and a part of its own nothing says what belongs to the network.
    prefix = draw(st.sampled_from([*[""] * by_name, "model.", "backbone.", "net.encoder."]))
    found = {prefix + name: tensor for name, tensor in state.items()}
    beside = {
        "criterion.weight": zeros(7),
        "head.cls.weight": zeros(9, 8, 1, 1),
        "head.cls.bias": zeros(9),
        "head.box.weight": zeros(4, 8, 3, 3),
    }
    kept = draw(st.sampled_from([(), ("criterion",), ("head",), ("criterion", "head")]))
    found |= {name: tensor for name, tensor in beside.items() if name.partition(".")[0] in kept}
    return found, whole


@settings(max_examples=60, deadline=None)
@given(files())
def test_the_help_names_what_would_fit(file: tuple[dict[str, Tensor], bool]) -> None:
    tensors, whole = file
    drop, new = followed(tensors)
    assert new == ([] if whole else ["fc"])
    fitted = small().fit(tensors, drop=drop, new=new)
    assert len(fitted.placed) == len(fitted.needed) - len(fitted.new)


@pytest.mark.parametrize(
    ("part", "meant", "others"),
    [
        ("head", ["head", "head.0.bias"], ["header.bias", "a.head"]),
        ("*.total_ops", ["total_ops", "a.total_ops", "a.b.total_ops"], ["a.total_opss", "subtotal_ops"]),
        ("head*", ["head", "head.0", "header.bias"], ["a.head"]),
        ("layer*.bn", ["layer1.bn.weight", "layer1.0.bn"], ["layer1.bn1.weight"]),
        ("*", ["", "a.b"], []),
        ("a[0].*", ["a[0].b"], ["a0.b"]),
    ],
)
def test_patterns(part: str, meant: list[str], others: list[str]) -> None:
    assert all(is_meant(name, [part]) for name in meant)
    assert not any(is_meant(name, [part]) for name in others)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "weight", "total_ops", "x;y"]), min_size=1, max_size=3), max_size=8),
    st.integers(0, 8),
)
def test_what_is_proposed_leaves_out_all_that_is_over_and_nothing_else(words: list[list[str]], count: int) -> None:
    names = list(dict.fromkeys(".".join(each) for each in words))
    surplus, kept = names[:count], set(names[count:])
    # A tensor has no other below it.
    if any(one.startswith(f"{other}.") for one in names for other in names):
        return
    parts = proposed(surplus, kept)
    assert all(is_meant(name, parts) for name in surplus)
    assert not any(is_meant(name, parts) for name in kept)
