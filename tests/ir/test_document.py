"""The network as JSON: it validates, keeps what is shared, and says all that the network weighs."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

import archdsl
from archdsl.ir.document import (
    CallEntry,
    ChainEntry,
    Document,
    LayerEntry,
    MergeEntry,
    RepeatEntry,
    schema,
)


def read(network: archdsl.Network) -> Document:
    return Document.model_validate_json(network.to_json())


def totals(document: Document) -> tuple[int, int]:
    """Parameters and MACs, from the document alone. A node stands behind those inside it."""
    known: list[tuple[int, int]] = []
    for entry in document.nodes:
        inside: list[tuple[int, int]] = []
        match entry:
            case LayerEntry():
                inside = [(1, -1)]
                own = sum(math.prod(shape) for shape in entry.weights.values()), entry.macs
                known.append(own)
                continue
            case ChainEntry():
                inside = [(1, member.node) for member in entry.members]
            case RepeatEntry():
                inside = [(run.count, run.node) for run in entry.runs]
            case MergeEntry():
                inside = [(1, branch) for branch in entry.branches]
            case CallEntry():
                inside = [(1, entry.body)]
        known.append(
            (
                sum(count * known[node][0] for count, node in inside),
                sum(count * known[node][1] for count, node in inside),
            )
        )
    return known[document.body]


@pytest.mark.parametrize("name", ["resnet18", "resnet152", "vgg16_bn", "vgg11_lrn"])
def test_counts_come_back(name: str) -> None:
    network = archdsl.load(name)
    shapes = network.shapes()
    assert totals(read(network)) == (shapes.params, shapes.macs)


def test_a_document_is_read_back_as_it_was_written() -> None:
    network = archdsl.load("resnet50", classes=7)
    document = read(network)
    assert document.model_dump_json() == network.to_json()
    assert document.network == "ResNet"
    assert document.variant == "resnet50"
    assert document.parameters == {
        "unit": "bottleneck",
        "depths": [3, 4, 6, 3],
        "groups": 1,
        "width": 64,
        "classes": 7,
    }
    assert document.input.sizes == (3, 224, 224)
    assert document.output.sizes == (7,)
    assert [entry.number for entry in document.nodes] == list(range(len(document.nodes)))


def test_what_is_shared_is_there_once() -> None:
    doublings = "".join(f"block b{i} = [b{i - 1} b{i - 1}]\n" for i in range(1, 19))
    network = archdsl.loads(f"arch net\ninput 3x8x8\nblock b0 = [conv3-3]\n{doublings}b18\n")
    document = read(network)
    assert len(document.nodes) < 60
    assert totals(document)[0] == 84 * 2**18


def test_repeats_are_not_unrolled() -> None:
    document = read(archdsl.loads("arch net\ninput 3x8x8\n[l{i}: conv3-3] x1000000 as i\n"))
    (repeat,) = (entry for entry in document.nodes if isinstance(entry, RepeatEntry))
    assert [run.count for run in repeat.runs] == [1_000_000]
    (label,) = (
        member.label
        for entry in document.nodes
        if isinstance(entry, ChainEntry)
        for member in entry.members
        if member.label
    )
    assert label == "l{i}"


def test_merges_say_whether_the_input_is_added() -> None:
    body = "residual<conv3-4 | optional> residual<conv3-8/2 | optional> residual<conv3-4 | project>"
    text = f"arch net\ninput 4x8x8\n{body}\n"
    merges = [entry for entry in read(archdsl.loads(text)).nodes if isinstance(entry, MergeEntry)]
    assert [(each.shortcut, each.added, len(each.branches)) for each in merges] == [
        ("optional", True, 1),
        ("optional", False, 1),
        ("project", True, 2),
    ]


def test_the_schema_describes_it() -> None:
    described = schema()
    assert json.loads(json.dumps(described)) == described
    assert set(described["properties"]) == set(json.loads(archdsl.load("resnet18").to_json()))
    assert {"LayerEntry", "ChainEntry", "RepeatEntry", "MergeEntry", "CallEntry", "ReferenceEntry"} <= set(
        described["$defs"]
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [('"version":1', '"version":2'), ('"container":true', '"container":"yes"'), ('"network":', '"net":')],
)
def test_another_format_is_refused(old: str, new: str) -> None:
    text = archdsl.load("resnet18").to_json()
    assert old in text
    with pytest.raises(ValidationError):
        Document.model_validate_json(text.replace(old, new))
