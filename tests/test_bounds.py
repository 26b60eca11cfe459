"""What has no bound in a text is bounded for a whole file: guesses, variants, what a source writes out, whole names."""

from __future__ import annotations

import difflib
import gc
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.backends.torch.source import SourceWriter
from archdsl.checking import check_program
from archdsl.diagnostics import ArchError, Source
from archdsl.diagnostics.spelling import COMPARED, Spelling, proposal, spelling
from archdsl.elaborate.budget import Altogether
from archdsl.ir.nodes import Member, Node
from archdsl.limits import Limits
from archdsl.once import once
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source
from archdsl.symbolic import NeedsValue, symbol
from archdsl.syntax import tree
from tests.growth.families import HEAD, within

NAMES = st.text("abcA_1", min_size=1, max_size=12)


@settings(deadline=None)
@given(NAMES, st.lists(NAMES, max_size=12))
def test_guesses_are_those_of_difflib(name: str, known: list[str]) -> None:
    close = difflib.get_close_matches(name, sorted(set(known)), 2, 0.6)
    small = difflib.get_close_matches(name.lower(), sorted(set(known)), 2, 0.6)
    wanted = small if name.lower() in known or not close else close
    assert Spelling().nearest(name, known) == tuple(wanted)


def test_guesses_of_one_text_come_to_an_end() -> None:
    source = Source("net.arch", "x")
    known = [f"width{number}" for number in range(400)]
    found = [proposal(source.span(0, 1), f"widht{number}", known, "a name")["fixes"] for number in range(400)]
    assert found[0]
    assert not found[-1]
    assert spelling(source).compared <= COMPARED + 1
    assert proposal(Source("other.arch", "x").span(0, 1), "widht1", known, "a name")["fixes"]


def test_a_long_name_takes_as_many_comparisons_as_it_has_letters() -> None:
    guesses = Spelling()
    guesses.nearest("a" * 1000, [f"{'a' * 999}{number}" for number in range(1000)])
    assert guesses.compared < 2 * COMPARED


@pytest.mark.parametrize(
    ("limits", "kind", "said"),
    [
        (Limits(steps=200), "too-many-steps", "steps together"),
        (Limits(layers=15), "too-many-layers", "different layers together"),
        (Limits(calls=2), "too-many-calls", "different calls together"),
    ],
)
def test_variants_have_a_bound_together(limits: Limits, kind: str, said: str) -> None:
    rows = "".join(f"| v{number} | {number} |\n" for number in range(1, 101))
    text = (
        "arch net(c = 1)\ninput 3x8x8\nblock b(c) = [conv1-{c} relu]\nb(c) b(c + 1)\nrelu relu relu\n"
        f"variants\n| name | c |\n{rows}"
    )
    report = check_program(read_program(text_source(text, "net.arch", limits), limits=limits))
    (error,) = report.errors
    assert error.code == kind
    assert "the variants up to this one" in error.message
    assert said in error.message
    assert "--limit" in error.helps[-1]
    assert error.at is not None
    assert error.at.text.startswith("| v")
    assert not check_program(read_program(text_source(text, "net.arch"))).errors
    assert Altogether.TIMES > 1


def code(text: str, limits: Limits | None = None) -> str:
    try:
        archdsl.loads(text, limits=limits or Limits()).source()
    except ArchError as error:
        (diagnostic,) = error.diagnostics
        assert "--limit" in " ".join(diagnostic.helps)
        return diagnostic.code
    return ""


@pytest.mark.parametrize("depth", [1, 8, 15])
def test_repeats_of_one_turn_within_each_other_are_written_once(depth: int) -> None:
    assert code(within(depth, "[relu ", "conv1-3", "] x1")) == ""
    source = archdsl.loads(within(depth, "[relu ", "conv1-3", "] x1")).source()
    assert source.count("nn.ReLU") == depth


def test_what_repeats_write_out_is_counted() -> None:
    assert code(within(6, "[relu ", "conv1-3", "] x2")) == ""
    for around in ("", "m: "):
        assert code(HEAD + around + within(40, "[relu ", "conv1-3", "] x2", "")) == "too-many-layers"
    assert code(within(40, "a: [relu ", "conv1-3", "] x2")) == ""


def test_repeats_of_nothing_are_not_counted_out() -> None:
    network = archdsl.loads(HEAD + "relu [[relu] x0] x100000000000\n")
    assert network.output == (3, 8, 8)
    from archdsl.analysis.instances import instances
    from archdsl.backends.graphviz import dot

    assert len(instances(network.architecture)) == 1
    assert "relu" in dot(network.architecture)
    with pytest.raises(ArchError, match="layers to go through"):
        instances(archdsl.loads(HEAD + "relu [add<identity | identity>] x100000000000\n").architecture)


def test_the_whole_name_of_a_module_is_a_name() -> None:
    assert code(within(4, f"{'a' * 240}: [", "b: relu conv1-3", "]")) == ""
    for inside in (1, 300):
        text = within(20, f"{'a' * 900}: [", "".join(f"b{i}: relu\n" for i in range(inside)), "]")
        assert code(text) == "name-too-long"


def test_products_are_weighed_before_they_are_multiplied_out() -> None:
    left = sum((symbol(f"a{number}") for number in range(300)), symbol("a"))
    with pytest.raises(NeedsValue):
        left * sum((symbol(f"b{number}") for number in range(300)), symbol("b"))


def test_heavy_products_are_counted() -> None:
    names = [f"p{number}" for number in range(40)]
    product = f"({' + '.join(names[:20])}) * ({' + '.join(names[20:])})"
    body = "\n".join(f"let a{i} = {{{product} + {i}}}\nconv1-{{a{i} // 100000 + 1}}" for i in range(20))
    text = HEAD + f"block b({', '.join(names)}) = [{body}]\n"
    network = archdsl.loads(text + f"b({', '.join(['1'] * 40)}) b({', '.join(['2'] * 40)})\n")
    writer = SourceWriter(network.program, network.architecture)
    writer.write()
    # Each of twenty products has twenty terms on both sides, which weigh two each.
    assert writer.classes.budget.steps > 20 * (40 * 40 // 4)


def test_what_is_remembered_goes_with_its_object() -> None:
    asked: list[str] = []

    class Thing:
        pass

    @once
    def found(thing: Thing, what: str) -> str:
        asked.append(what)
        return what

    thing = Thing()
    assert [found(thing, "a"), found(thing, "b"), found(thing, "a")] == ["a", "b", "a"]
    assert asked == ["a", "b"]
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is None


def test_no_spec_is_kept() -> None:
    text = HEAD + "block b(c) = [a: conv1-{c}]\nb(3) [relu add<identity | relu>] x2\n"
    network = archdsl.loads(text)
    network.source()
    network.shapes().to_text()
    kept = [weakref.ref(each) for each in (network.architecture.body, network.program.body[-1])]
    del network
    gc.collect()
    assert [each() for each in kept] == [None, None]


def test_two_hundred_programs_leave_nothing() -> None:
    """As an editor that lives all day reads them: loaded, drawn up, written and dropped."""

    def left() -> int:
        gc.collect()
        # By its type: of what lies about, some warn when they are asked for their class.
        return sum(issubclass(type(each), (tree.Node, Node, Member)) for each in gc.get_objects())

    def once_through(number: int) -> None:
        body = f"b({number + 1}) [relu residual<conv3-4 | project>] x2\nm: [b(3)]\n"
        network = archdsl.loads(f"{HEAD}block b(c) = [a: conv1-{{c}} bn]\n{body}")
        network.source()
        network.shapes(receptive_field=True).to_text()
        network.to_json()
        network.spec()

    once_through(0)
    before = left()
    for number in range(200):
        once_through(number)
    assert left() <= before
