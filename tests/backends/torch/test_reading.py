"""A source is read back before it is given to anybody: every kind of change to it is found, with its place."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator

import pytest
import torch

import archdsl
from archdsl.backends.torch import source as write
from archdsl.backends.torch.reading import WrongSource
from archdsl.backends.torch.source import SourceWriter
from tests.backends.torch.changes import KINDS, changed, places

ENOUGH = 10
"""On so many networks each kind of change is made."""

ZOO = (
    "alexnet",
    "squeezenet1_1",
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "densenet121",
    "googlenet",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "vgg11",
    "vgg11_bn",
    "unet",
    "fcn32s",
    "se_resnet50",
    "lecture-resized",
    "lenet5",
)

# Labels, branches and loops that the zoo has few of.
SMALL = tuple(
    text.replace("WIDTH", str(width))
    for width in (4, 6, 8, 10, 12)
    for text in (
        "arch net  input 4x8x8  a: conv3-WIDTH  b: conv3-WIDTH relu  add<@a | identity> concat<@b | @a conv1-3> "
        "gap fc-3",
        "arch net  input 4x8x8  m: [a: conv3-WIDTH relu  c: conv3-4] concat<@m.a | identity> conv1-8 gap fc-2",
        "arch net  input 4x8x8  block unit(c) = [residual<a: conv3-{c} bn relu b: conv3-{c} bn | project> relu] "
        "unit(WIDTH) x6 fc-5",
        "arch net  input 4x8x8  n: [conv3-WIDTH a: relu conv3-4 bn] gap fc-3",
        "arch net  input 4x8x8  n: [conv3-WIDTH a: relu conv3-4 bn] gap fc-3",
        "arch net  input 4x8x8  concat<conv1-WIDTH relu | conv3-4 bn> x5 conv1-4 residual<conv3-4 relu> gap fc-3",
        "arch net  input 4x8x8  s: [conv3-4 bn relu] x7 mul<identity | gap fc-4 sigmoid> concat<@s | conv3-WIDTH> fc-3",
        "arch net  input 4x8x8  block tail<l> = [l concat<identity | l>]  a: conv3-4 tail<add<@a | conv3-4>> "
        "conv3-WIDTH gap fc-2",
    )
)


def networks() -> Iterator[archdsl.Network]:
    for text in SMALL:
        yield archdsl.loads(text)
    for name in ZOO:
        yield archdsl.load(name)


NETWORKS = tuple(networks())
TREES = [(network, ast.parse(network.source())) for network in NETWORKS]


class Changing(SourceWriter):
    """Writes a source that is changed before it is read back."""

    changed = ""

    def read_back(self, text: str) -> None:
        super().read_back(self.changed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_change_is_found_with_its_place(kind: str) -> None:
    draw = random.Random(kind)
    met = 0
    for network, tree in draw.sample(TREES, len(TREES)):
        found = places(kind, tree)
        if not found or met == ENOUGH:
            continue
        met += 1
        writer = Changing(network.program, network.architecture)
        writer.changed = changed(kind, tree, draw.choice(found))
        try:
            with pytest.raises((WrongSource, SyntaxError)) as wrong:
                writer.write()
        except BaseException:
            print(network, writer.changed)
            raise
        if wrong.type is WrongSource:
            source = network.program.file.source.name
            assert str(wrong.value).startswith(f"{source}:"), wrong.value
    assert met == ENOUGH, f"only {met} networks have a place for it"


def test_what_is_not_changed_passes() -> None:
    for network, tree in TREES:
        writer = Changing(network.program, network.architecture)
        writer.changed = ast.unparse(tree)
        assert writer.write() == write(network.program, network.architecture)


def test_a_million_turns_are_compared_as_ten_are() -> None:
    text = "arch net  input 4x8x8  [residual<conv3-4 bn relu conv3-4 bn> relu] x{n} gap fc-2"
    network = archdsl.loads(text.replace("{n}", "1000000"))
    tree = ast.parse(network.source())
    for kind in ("a loop is one short", "a loop is one long", "the kernel is another"):
        for place in places(kind, tree):
            writer = Changing(network.program, network.architecture)
            writer.changed = changed(kind, tree, place)
            with pytest.raises(WrongSource):
                writer.write()


def test_a_label_of_functions_is_no_module_elsewhere() -> None:
    # The first `a` is a function in a branch, the second a module made after `body`.
    text = (
        "arch net\ninput 2x6x6\nadd<b: residual<a: permute(0, 1, 3, 2) | identity> | body: conv1-2>\n"
        "a: [conv1-2 conv1-2]\n"
    )
    assert "self.a = " in archdsl.loads(text).source()


WRITTEN_IN_PLACE = {
    "a merge of functions within another, whose name a module has": (
        "input 2x2x2\ndown: relu\nmid: [a{i}: [] x3 as i] add<identity | elu>\n"
        "residual<add<identity | @mid.a1> | @down>\n"
    ),
    "a block of nothing": (
        "input 2x2x2\nblock body = []\na: body\nresidual<add<identity | @a> | project>\nadd<body | body>\n"
    ),
    "a group within a group ahead of a branch of modules": (
        "input 2x2x2\nblock group = [let cin = {in_channels} add<[[permute(0, 1, 3, 2)]] | conv1-{cin}>]\ngroup\n"
    ),
    "a block of functions in branches": (
        "input 2x2x2\nblock body = [permute(0, 1, 3, 2)]\nbody conv1-2\nadd<body body | body>\n"
        "residual<add<identity | body> | body>\n"
    ),
    "a function that only a guard calls": (
        "input 3x2x2\nblock stage(k = 3) = [conv1-{k} let wide = {min(divisible(k, 8), 2)} "
        "conv3-{min(2 if wide < 4 else 2, 2)}]\nstage\n"
    ),
}


@pytest.mark.parametrize("name", WRITTEN_IN_PLACE)
def test_what_is_written_in_place(name: str) -> None:
    module = archdsl.loads(f"arch net\n{WRITTEN_IN_PLACE[name]}").module()
    channels = 3 if "guard" in name else 2
    module(torch.zeros(2, channels, 2, 2))


def test_a_function_that_a_source_lacks_is_missed() -> None:
    # It is known where the source has it, and not because the language has.
    network = archdsl.loads(f"arch net\n{WRITTEN_IN_PLACE['a function that only a guard calls']}")
    source = network.source()
    writer = Changing(network.program, network.architecture)
    writer.changed = source[: source.index("def divisible")] + source[source.index("class Stage") :]
    with pytest.raises(WrongSource, match="nothing is called `divisible`"):
        writer.write()
