"""Text to tree: what is kept, where it stands, and what is refused."""

from __future__ import annotations

import gc

import pytest

from archdsl.diagnostics import ArchError, Source
from archdsl.syntax import parse, tree
from archdsl.syntax.parser import number


def parsed(text: str) -> tree.File:
    return parse(Source("net.arch", text))


def first(text: str) -> tree.Node:
    return parsed(text).items[0]


def body(text: str) -> tree.Node:
    statement = first(text)
    assert isinstance(statement, tree.Statement)
    return statement.body


def refused(text: str) -> tuple[str, int, int]:
    with pytest.raises(ArchError) as caught:
        parsed(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.at is not None
    return diagnostic.code, diagnostic.at.line, diagnostic.at.column


def test_head_pieces() -> None:
    head = body("conv1x7-128/2(groups=4, bias=false)")
    assert isinstance(head, tree.Head)
    assert head.name.text == "conv1x7"
    assert isinstance(head.size, tree.Literal)
    assert head.size.value == 128
    assert isinstance(head.stride, tree.Literal)
    assert head.stride.value == 2
    assert [argument.name.text for argument in head.arguments if argument.name] == ["groups", "bias"]


def test_spans_are_places_in_the_text() -> None:
    text = "arch net\ninput 3x8x8\nstem: conv3-{4 * 8}/2  # first\n"
    for item in parsed(text).items:
        for node in item.walk():
            assert node.span.text == text[node.span.start : node.span.end]
    head = body("  conv3-64")
    assert (head.span.line, head.span.column, head.span.text) == (1, 3, "conv3-64")


def test_holes_in_labels_and_references_have_spans_of_their_own() -> None:
    statement = first("layer{i + 1}: concat<@enc{4 - i} | identity>")
    assert isinstance(statement, tree.Statement)
    assert statement.label is not None
    hole = statement.label.parts[1]
    assert isinstance(hole, tree.Binary)
    assert hole.span.text == "i + 1"
    assert isinstance(statement.body, tree.Merge)
    reference = next(node for node in statement.body.walk() if isinstance(node, tree.Reference))
    assert isinstance(reference.target.parts[1], tree.Binary)
    assert reference.target.parts[1].span.text == "4 - i"


def test_comments_are_kept_with_their_places() -> None:
    file = parsed('# one\narch net  # two\n"a # b": relu # three')
    assert [(comment.text, comment.span.line) for comment in file.comments] == [
        ("# one", 1),
        ("# two", 2),
        ("# three", 3),
    ]


@pytest.mark.parametrize("text", ["relu x3", "relu ×3", "relu × 3", "relu x{3}", "relu ×{3} as i"])
def test_repeats(text: str) -> None:
    statement = first(text)
    assert isinstance(statement, tree.Statement)
    assert statement.repeat is not None
    assert isinstance(statement.repeat.count, tree.Literal)
    assert statement.repeat.count.value == 3


def test_x0_is_a_repeat_and_x_with_letters_is_a_head() -> None:
    statement = first("relu x0")
    assert isinstance(statement, tree.Statement)
    assert statement.repeat is not None
    assert [type(item) for item in parsed("relu x3d").items] == [tree.Statement, tree.Statement]


def test_white_space_only_separates() -> None:
    one = parsed("[conv3-64 relu] x2 maxpool")
    other = parsed("[\n  conv3-64\n relu ]\n  x2\n\nmaxpool")
    assert [type(node) for item in one.items for node in item.walk()] == [
        type(node) for item in other.items for node in item.walk()
    ]


def test_soft_keywords() -> None:
    # `block(64)` is a call and `block b = […]` a definition; a keyword may be a label.
    assert isinstance(first("block(64) x3"), tree.Statement)
    assert isinstance(first("block b = [relu]"), tree.Block)
    labelled = first("block: [relu]")
    assert isinstance(labelled, tree.Statement)
    assert labelled.label is not None
    assert labelled.label.plain == "block"


def test_table() -> None:
    item = first(
        "features: table config\n| A | A-LRN |  # columns\n|---|:-----:|\n| relu | relu lrn |\n| maxpool |\n|  | relu |"
    )
    assert isinstance(item, tree.LabelledTable)
    assert [word.text for word in item.body.header] == ["A", "A-LRN"]
    cells = [[type(cell).__name__ for cell in row.cells] for row in item.body.rows]
    assert cells == [["Empty", "Empty"], ["Group", "Group"], ["Group"], ["Empty", "Group"]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e-6", 1e-6),
        ("4.1G", 4_100_000_000),
        ("15.47G", 15_470_000_000),
        ("3k", 3000),
        ("25.6M", 25_600_000),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("arch net\n[conv3-4 relu\n", "unclosed", 2, 1),
        ("arch net\nconv3-{4\n", "unclosed", 2, 7),
        ('arch net\nconv3-4(padding="same)\n', "unclosed", 2, 17),
        ('"block: relu\n', "unclosed", 1, 1),
        ("arch net\nrelu ]\n", "surplus-bracket", 2, 6),
        ("conv3-4 $ relu", "syntax", 1, 9),
        ("let c = 3", "missing-braces", 1, 9),
        ("conv3-{}", "missing-part", 1, 8),
        ("conv3-٣", "look-alike", 1, 7),
    ],
)
def test_refusals_have_places(text: str, code: str, line: int, column: int) -> None:
    assert refused(text) == (code, line, column)


def test_nesting_is_limited() -> None:
    assert refused("[" * 120 + "]" * 120)[0] == "nested-too-deep"
    assert refused("let a = {" + "(" * 5000 + "1" + ")" * 5000 + "}")[0] == "nested-too-deep"


def test_a_long_sum_is_no_crash() -> None:
    parsed("conv3-{" + "+".join("1" * 300) + "}")
    with pytest.raises(ArchError):
        parsed("conv3-{" + "+".join("1" * 100_000) + "}")


def test_garbage_collection_is_as_before() -> None:
    assert gc.isenabled()
    parsed("relu")
    assert gc.isenabled()
    with pytest.raises(ArchError):
        parsed("[")
    assert gc.isenabled()
