"""Specs made at random: what `check` passes compiles, runs, and is what its text says; `make generated` tries more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from . import executing, judging
from .__main__ import timed
from .faults import Verdict
from .mutants import mutants
from .writing import SpecWriter


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors of a few hundred elements take longer to be shared out than to be worked on."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def faults(texts: Iterator[str], parametric: bool = False) -> tuple[list[str], Counter[str]]:
    """What is wrong with any of some texts, and how many of them came out how."""
    kinds: Counter[str] = Counter()
    wrong = []
    for text in texts:
        verdict = timed(text, parametric)
        kinds[verdict.kind] += 1
        if verdict.is_fault:
            wrong.append(f"{verdict.kind}: {verdict.detail}\n{text}")
    return wrong, kinds


def test_what_check_passes_is_what_is_written() -> None:
    wrong, kinds = faults(SpecWriter(seed).spec() for seed in range(240))
    assert not wrong, "\n\n".join(wrong)
    assert kinds["ok"] > 0.7 * kinds.total(), kinds


def test_mutants_that_check_passes_are_what_is_written() -> None:
    wrong, kinds = faults(mutants(1, 60))
    assert not wrong, "\n\n".join(wrong)
    assert kinds["ok"] > 0.1 * kinds.total(), kinds


def test_the_constructor_builds_what_other_parameters_elaborate_to() -> None:
    wrong, _ = faults((SpecWriter(seed, open=True).spec() for seed in range(40)), parametric=True)
    assert not wrong, "\n\n".join(wrong)


RIGHT = "arch net(q = 3)\ninput 4x6x6\na: conv3-{q} relu m: [b: conv3-{q} bn] add<@a | identity> gap fc-2\n"

WRONG = {
    "names": ("m: [", "n: ["),
    "shapes of weights": ("b: conv3", "b: conv1"),
    "values": ("add<@a | identity>", "add<@m.b | identity>"),
    "training outputs": ("gap fc-2", "aux o from @a [gap] gap fc-2"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_another_network_in_its_place_is_seen(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source of a text that differs in one place."""
    assert judging.judge(RIGHT).kind == "ok"
    other = judging.network_of(RIGHT.replace(*WRONG[kind])).source()
    monkeypatch.setattr(judging, "written_source", lambda program, architecture: other)
    monkeypatch.setattr(judging, "written", lambda network: other)
    assert judging.judge(RIGHT, parametric=False).kind == kind


def test_a_constructor_that_builds_another_network_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    source = judging.network_of(RIGHT).source()
    assert source.count("q") > 3
    wrong = source.replace("nn.Conv2d(4, q,", "nn.Conv2d(4, 3 + 0 * q,")
    assert wrong != source
    monkeypatch.setattr(judging, "written_source", lambda program, architecture: wrong)
    monkeypatch.setattr(judging, "written", lambda network: wrong)
    assert judging.judge(RIGHT).kind.startswith("constructor")


def test_the_same_seed_writes_the_same_specs() -> None:
    assert [SpecWriter(seed).spec() for seed in range(5)] == [SpecWriter(seed).spec() for seed in range(5)]
    assert list(mutants(3, 5)) == list(islice(mutants(3, 9), 5))
    assert executing.LARGEST > 0


FOUND = {
    "a label of the text around in layers that a block's label would capture": "arch net\ninput 4x8x8\n"
    "block cat<other> = [a: conv3-6 concat<@a | other>]\na: conv3-4 conv3-6 cat<concat<@a | identity>>\n",
    "a reference that is handed over": "arch net\ninput 4x8x8\nblock cat<other> = [concat<other | identity>]\n"
    "a: conv3-4 relu cat<@a>\n",
    "a label inside a container": "arch net\ninput 4x8x8\nl: [m: [a: conv3-4 tanh] add<@m.a | identity>]\n",
    "a label inside a labelled merge": "arch net\ninput 4x8x8\n"
    "m: concat<a: conv3-4 | b: conv3-4> conv1-4 add<@m.a | identity>\n",
    "a copy of a repeat inside a container": "arch net\ninput 4x8x8\n"
    "m: [a{i}: conv3-4 x3 as i] add<@m.a1 | identity>\n",
    "the turn before": "arch net\ninput 4x8x8\n[if {i > 0} [add<@a{i - 1} | identity>] a{i}: conv3-4 relu] x3 as i\n",
    "a let in a block of a spliced repeat": "arch net\ninput 4x8x8\n"
    "block d(p) = [let n = {in_channels} conv1-{4 * n} conv1-{p}]\nblock s(p) = [concat<identity | d(p)> x3]\ns(4)\n",
    "an output from inside a branch": "arch net\ninput 4x8x8\nadd<a: conv3-4 relu | identity>\n"
    "aux side from @a [gap fc-3]\ngap fc-2\n",
    "an output that names a later label": "arch net\ninput 4x8x8\na: conv3-4\nb: conv3-4\n"
    "aux side from @a [add<@b | identity> gap fc-3]\ngap fc-2\n",
    "nested conditionals": "arch net\ninput 4x8x8\n"
    "block b(c, k) = [conv1-{(2 if c < 5 else 3) if k > 3 else 7}(bias=false)]\nb(6, 5) b(4, 1) gap\n",
    "a floor division by a negative number": "arch net(c = 7)\ninput 4x8x8\nconv1-{(c // 3) // -2 + 4}\n",
    "a number in layers that are handed over": "arch net(q = 4)\ninput 4x8x8\nblock b<l> = [l relu]\nb<conv3-{q}>\n",
    "a function that only forward uses": "arch net(q = 4)\ninput 4x8x8\npad(channels=(1, divisible(q, 4)))\n",
    "the index of turns around in a label": "arch net\ninput 4x8x8\nd: [l{i}: layerscale] x2 as i\n",
    "an index that is called name": "arch net\ninput 4x8x8\na{name}: relu x2 as name\n",
    "names of the source": "arch net(Cna = 4, name = 2)\ninput 4x8x8\nblock drop_path = [droppath(0.1)]\n"
    "block named_tuple(c) = [conv1-{c}]\ndrop_path named_tuple(Cna) NetOutputs: conv1-{name}\n"
    "aux side from @NetOutputs [gap]\ngap\n",
    "channels that are scaled by a branch of one place": "arch net\ninput 4x1\nmul<conv1-4 | identity>\n",
    "a part of the channels by its name": "arch net\ninput 4x8x8\n"
    "f: [p: chunk(0, 2) q: pad(1) r: crop(1) s: layerscale] concat<@f.p | @f.r | @f.s>\n",
    "a name that is given again behind a default": "arch net\ninput 4x8x8\n"
    "let e = {0.5}\ndefault bn(eps=e)\nlet e = {0.1}\nbn\n",
    "a name of a default that a block has for a parameter": "arch net(e = 0.5)\ninput 4x8x8\n"
    "default bn(eps=e)\nblock b(e) = [bn leakyrelu(e)]\nb(0.1)\n",
    "a name that is given again behind an after": "arch net\ninput 4x8x8\n"
    "let e = {5}\nafter conv [conv1-{e}(bare)]\nlet e = {3}\nconv3-4\n",
    "a labelled group on a side that isn't taken": "arch net\ninput 3x8x8\n"
    "residual<dwconv3 if {in_channels > 9} [a: [conv1-3]]>\n",
    "one label around and inside of a labelled merge": "arch net\ninput 4x8x8\n"
    "left: relu\nmid: add<@left | left: relu> add<@left | @mid.left>\n",
    "an empty container in a branch": "arch net\ninput 4x8x8\nadd<[[]] | relu>\n",
    "a shortcut that is projected in the first turn of a block by a name": "arch net(unit = basic)\ninput 3x8x8\n"
    "block basic(c) = [residual<conv3-{c} | project>]\nunit(2) x2\n",
    "a reference that is handed to a block with defaults, inside a merge": "arch net\ninput 4x8x8\n"
    'relu6: ln conv1-2\n"conv 1": concat<relu6: residual<layer<@relu6>(8)> | identity>\n'
    "block layer<p>(h = 3, i = 3) = [let d = {in_channels} concat<identity | p> conv1-{d}]\n",
    "in_channels of layers that are handed over": "arch net\ninput 4x8x8\n"
    "block b<l> = [conv1-7 l]\nb<conv3-{in_channels}> b<conv3-{in_channels} relu>\n",
    "statements of a block around what is handed to it": "arch net\ninput 4x8x8\n"
    "block b<l> = [default bn(eps=0.5) after conv tanh l]\nb<bn> b<conv3-4> b<conv3-4 bn>\n",
    "a block handed to itself": "arch net\ninput 4\nblock f<l> = [fc-3 l]\nf<f<relu>>\n",
    "a let that depends on what arrives, beside a block": "arch net\ninput 4\n"
    "let a = {in_channels}\nlet b = {a + 1}\nblock c = [relu]\nc fc-{b}\n",
    "a merge without modules in a container": "arch net\ninput 4x2x8\n"
    "for c in {[4, 2]} [[concat<identity | chunk(0, 1)>]]\n",
    "a merge without modules behind a layer of a branch": "arch net\ninput 4x2x8\n"
    "residual<concat<identity | chunk(0, 1)> relu | project>\n",
    "a merge without modules in a labelled container": "arch net\ninput 2\n"
    "body: for c in {[2]} [residual<identity | project>]\n",
    "a label that is the class of the outputs": "arch net\ninput 3x2x2\n"
    "add<conv3-9 | NetOutputs: elu conv3-9>\naux side from @NetOutputs gap\n",
    "labels whose beginning is a class": "arch net\ninput 3x2x2\n"
    "add<NetOutputsA: conv3-9 | NetB: conv3-9 NetC: conv3-9>\naux side from @NetB gap\n",
    "a label of a reference in layers that are handed over": "arch net\ninput 2x2x2\nsuper: bn\n"
    'Unit<"2": @super conv1-3>\nblock Unit<layer> = [concat<relu | layer>]\n',
    "a quotient by what is below zero for some numbers": "arch net(c = 1)\ninput 4x2x2\n"
    "conv3-{(c // 3) // -2 + 2} dwconv3\n",
    "a parameter below zero": "arch net(c = 7, q = -2)\ninput 4x8x8\nconv1-{(c // 3) // q + 4}\n"
    "block b(k, q) = [conv1-{(k // 3) // q + 4}]\nb(7, -2) b(7, 2) b(8, -2) b(9, 1) b(c, -2)\n",
    "a label on a side that isn't taken, in brackets of a branch": "arch net\ninput 2x2x2\n"
    "residual<[dwconv3 if {false} [b: relu]]>\n",
    "calls whose members have names, and others that are numbered": "arch net\ninput 2x2x8\n"
    "block output(flag) = [let cin = {in_channels} ab: relu if {cin % 2 == 0} [relu] else if {true} "
    "[concat<conv{3}-{cin} | identity>]]\nconv{3}-{1} output(true) output(flag=true)\n",
    "a parameter called self": "arch mlp(self = 2)\ninput 2\nfc-{self}\n",
    "turns without an index in turns with the index i": "arch net\ninput 4x4x4\n"
    "block size = [let n = {in_channels} [relu x{min(n, 3)}] x2 as i mid: [] conv1-{n}]\nsize\n",
    "a pooling with a ceiling that keeps the map": "arch net\ninput 2x2\ndefault maxpool(ceil=true)\n"
    "block cna = [residual<maxpool3/1(padding=1) | project>]\ncna\n",
    "a stride longer than the map": "arch net\ninput 4x2x8\n"
    "block unit(c, s) = [residual<conv3-{c}/{s} | project>]\nunit(4, 5)\n",
    "a number that is the index of turns around": "arch net\ninput 4x2x2\n"
    "block unita(out) = [for va in {[2, 3, 2]} as t [mid{t}: relu]]\n"
    "enc{t}: [unita(out=1) add<a: [] | identity>] x3 as t\n",
    "two outputs of one tensor, the first of which waits for another": "arch net\ninput 3\n"
    "left: []\na: fc-3\naux auxa from @left concat<@a | identity>\naux auxb from @left []\n",
    "a merge that holds modules in another call": "arch net(name = 3)\ninput 4x2x2\nUnit<>(2)\nUnit<>(name)\n"
    "block unita<p> = [concat<p | identity> down: relu]\n"
    "block Unit<p>(m) = [unita<if {in_channels > 3} [relu]> conv1-3]\n",
    "a projection that may be missing, of a name that is no identifier": "arch net\ninput 4x2x2\n"
    'block unit(c) = [residual<conv3-{c} | "a-b": project>]\nunit(4) unit(2)\n',
    "members that may be missing, of a name that is no identifier": "arch net\ninput 4x2x2\n"
    'block unit(c) = ["a-b": conv3-{c} if {c > 3} ["b-c": conv1-{c}] c: relu]\nunit(4) unit(2)\n',
    "turns that grow and ask how far": "arch net\ninput 4x8x12\nafter relu if {in_channels > 3} []\n"
    "left: gelu conv1-3\nnet<relu concat<@left | identity> | >\nblock net<l | inner> = [[l] x2]\n",
    "a projection in some calls, called like what is numbered in others": "arch net\ninput 2x2x2\n"
    "block unit(c) = [residual<relu conv3-{c} | relu1: project> relu]\nunit(2) unit(16)\n",
    "a member in some calls, called like what is numbered in others": "arch net\ninput 2x4x4\n"
    "block unit(c) = [if {c > 3} [relu1: conv3-{c}] a: conv1-{c} relu tanh relu]\nunit(2) unit(16)\n",
    "names that depend on what is deep inside": 'arch net(kind = "A")\ninput 6x4x5x4\n'
    "conv_relu(4)\nconv{3}-2\ntable kind\n| A | B |\n| | |\n| conv_relu(2) | |\n"
    "block conv_relu(h) = [down: [] [[if {in_channels >= 6} [p: layerscale]]]]\n",
    "an index inside a block, called like one around it": "arch net\ninput 2x6x2\n"
    "block f = [a{t}: gn-1 x4 as t]\nblock relus<p> = [concat<identity | p> f]\n"
    "relu: relu\nfeat: [relus<@relu>] x2 as t\n",
    "two turns that grow, of several layers": "arch net\ninput 3x2x2\n"
    "features: [[concat<conv3-2 | identity> relu] x2]\n",
    "a turn of nothing ahead of another": "arch net\ninput 2x2x6\nconv1-{in_channels} if {i} [relu] x2 as i bn\n",
    "turns that grow around turns with the index i": "arch net\ninput 8x2x2\n"
    "[[conv1-{in_channels - 1} x{i}] x3 as i] x2\n",
    "turns of nothing ahead of a normalization": "arch net\ninput 4\nfc-4 [] x2 as i bn\n",
    "a default that is a layer of the block, called like another block": "arch net\ninput 4x2x2\n"
    "block layer = []\nblock drop_path<layer | inner>(net = layer) = [let in_ = {in_channels} net conv1-{in_}]\n"
    "drop_path< | >()\n",
    "a table of variants without one": "arch net\ninput 3x2x2\nrelu\nvariants\n| name | report top1 |\n",
    "a label of a reference that is like a name": "arch net\ninput 2x2x2\n"
    "p: relu\nconv1-2 add<identity | conv1: @p>\nconv1-3\n",
}
"""What was wrong once."""


@pytest.mark.parametrize("label", ["Net", "NetOutputs", "Unit", "Branch", "Residual", "Conv"])
@pytest.mark.parametrize("number", ["", "2", "_2", "3"])
def test_no_variable_is_called_like_a_class(label: str, number: str) -> None:
    """Labels, parameters and what a `let` names, each like what a class or a function of the source may be called."""
    text = (
        f"arch net({label}{number} = 4)\ninput 4x8x8\n"
        f"block unit({label} = 3) = [let Unit2 = {{{label} + 1}} "
        "residual<conv1-{Unit2} conv1-4>]\n"
        f"unit unit(4) unit({label}{number})\nadd<{label}A: unit | {label}B: unit {label}{number}: conv3-4>\n"
        f"aux side from @{label}A [gap]\nconv3-4 conv3-4 conv3-4 conv3-{{{label}{number}}}\n"
    )
    assert judging.judge(text, parametric=True).kind == "ok", text


def test_a_constructor_offers_parameters_by_their_names() -> None:
    names = ("x", "self_", "Cna", "size", "name")
    for name in names:
        verdict = judging.judge(f"arch net({name} = 2)\ninput 4x8x8\nblock cna(c) = [conv1-{{c}}]\ncna({name})\n")
        assert verdict.kind == "ok", (name, verdict)


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_was_found_is_mended(text: str) -> None:
    verdict = judging.judge(text)
    assert verdict.kind == "ok", verdict


TWICE = {
    "a number that is a position": 'body: [upsample2 conv3-4 "0": conv1-4]',
    "a position that is a number": 'body: ["1": conv3-4 conv1-4]',
    "in a block": 'block b = [relu "0": conv3-4 bn]\nb',
    "in turns": 'body: ["{i + 1}": conv1-4 x3 as i conv1-4]',
    "behind an after": 'after conv relu\nbody: ["1": conv3-4 conv1-4]',
}


@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE)
def test_no_two_modules_have_one_name(body: str) -> None:
    """Such a text is refused, or names are given that are apart."""
    assert judging.judge(f"arch net\ninput 4x8x8\n{body}\n").kind in ("refused", "refused alone", "ok")


@pytest.mark.parametrize("body", ["add<a: @z | identity> x2", "[add<a: @z | relu>] x3", "add<a: @z | a: relu>"])
def test_a_label_of_a_reference_is_given_once(body: str) -> None:
    assert judging.judge(f"arch net\ninput 4x8x8\nz: relu\n{body}\n") == Verdict("refused", "label-twice")


@pytest.mark.parametrize("label", ["append", "pop", "extend", "insert", "relu1", "relu_1", "conv", "group"])
def test_labels_that_mean_something_elsewhere(label: str) -> None:
    text = f"arch net\ninput 4x8x8\nm: [{label}: conv3-4 relu relu] relu relu {label}: conv1-4 conv1-4 conv1-4\n"
    assert judging.judge(text).kind in ("refused", "ok")
