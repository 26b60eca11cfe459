"""The network as JSON: a table of nodes that refer to each other by number, so that what is shared is there once.

A node stands after those inside it, and the network's body is the last. `schema()` describes the format to
other tools; a field that goes away or changes its meaning raises `VERSION`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from archdsl.ir.marks import Mark, Path
from archdsl.ir.nodes import (
    Architecture,
    Aux,
    Call,
    Chain,
    LayerNode,
    Merge,
    Node,
    Reference,
    Repeat,
    Shortcut,
    text,
)
from archdsl.ir.walk import walk
from archdsl.shape import Shape

VERSION: Literal[1] = 1

Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=0, description="the number of another node, smaller than this node's own")]


class Entry(BaseModel):
    """A piece of the document."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Tensor(Entry):
    """The sizes of one sample, without the batch, and what its axes mean."""

    sizes: tuple[Count, ...]
    layout: Literal["vector", "channels first", "channels last"]


class Place(Entry):
    """Where in the spec a node was written; lines and columns count from 1."""

    file: str
    line: int
    column: int


class NodeEntry(Entry):
    """A node: what takes a tensor of one shape and makes another."""

    number: Count
    input: Tensor
    output: Tensor
    place: Place


class LayerEntry(NodeEntry):
    """One layer. `weights` has the shape of each parameter by its name in PyTorch, '' for a bare one."""

    kind: Literal["layer"] = "layer"
    keyword: str
    written: str
    arguments: dict[str, JsonValue]
    weights: dict[str, tuple[Count, ...]]
    macs: Count


class MemberEntry(Entry):
    """A node in a chain. Braces in a label hold a formula of the index of a repeat around it."""

    node: Number
    label: str | None
    marks: tuple[str, ...]


class ChainEntry(NodeEntry):
    """Members in sequence; a container is a module of its own."""

    kind: Literal["chain"] = "chain"
    container: bool
    members: tuple[MemberEntry, ...]


class RunEntry(Entry):
    """Consecutive equal turns of a repeat."""

    count: Count
    node: Number


class RepeatEntry(NodeEntry):
    """A chain several times over."""

    kind: Literal["repeat"] = "repeat"
    count: Count
    index: str | None
    runs: tuple[RunEntry, ...]


class MergeEntry(NodeEntry):
    """Branches that meet again; the first of a residual is its main path.

    `shortcut` is how a residual's other side was written; where it has one branch and `added` is true, its
    input is added unchanged.
    """

    kind: Literal["merge"] = "merge"
    operation: str
    branches: tuple[Number, ...]
    shortcut: Shortcut | None
    added: bool


class CallEntry(NodeEntry):
    """A block with its arguments, as a spec writes them."""

    kind: Literal["call"] = "call"
    block: str
    arguments: dict[str, JsonValue]
    body: Number


class ReferenceEntry(NodeEntry):
    """The tensor that a label names, in place of the one that arrives."""

    kind: Literal["reference"] = "reference"
    target: str


class AuxEntry(NodeEntry):
    """A second output, made of the tensor of a label and in training only; what arrives goes on unchanged."""

    kind: Literal["aux"] = "aux"
    target: str
    body: Number


AnyEntry = Annotated[
    LayerEntry | ChainEntry | RepeatEntry | MergeEntry | CallEntry | ReferenceEntry | AuxEntry,
    Field(discriminator="kind"),
]


class InitialEntry(Entry):
    """How the weights of the layers of a keyword, or of the layer at a label, begin."""

    target: str
    rule: str
    arguments: dict[str, JsonValue]


class Document(Entry):
    """A whole network."""

    version: Literal[1] = VERSION
    network: str
    variant: str | None
    parameters: dict[str, JsonValue]
    input: Tensor
    output: Tensor
    nodes: tuple[AnyEntry, ...]
    body: Count
    initials: tuple[InitialEntry, ...]


def document(architecture: Architecture, written: Callable[[Any], str] = str) -> Document:
    """A network as a document; `written` gives the text of values that JSON has no kind for, such as a block."""
    writer = _Writer(written, _words(architecture.body))
    body = writer.number(architecture.body)
    return Document(
        network=architecture.name,
        variant=architecture.variant,
        parameters={name: writer.plain(value) for name, value in architecture.parameters},
        input=_tensor(architecture.input),
        output=_tensor(architecture.output),
        nodes=tuple(writer.entries),
        body=body,
        initials=tuple(
            InitialEntry(
                target=each.target,
                rule=each.rule.keyword,
                arguments={name: getattr(each.rule, name) for name in type(each.rule).model_fields},
            )
            for each in architecture.initials
        ),
    )


def schema() -> dict[str, Any]:
    """The JSON schema of a document."""
    return Document.model_json_schema()


def digest(found: Document) -> str:
    """A hash of the network that is the same wherever in a text its parts were written: SHA-256, in hexadecimal."""
    text = json.dumps(_without_places(found.model_dump(mode="json")), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_places(each) for name, each in value.items() if name != "place"}
    return [_without_places(each) for each in value] if isinstance(value, list) else value


def _words(body: Node) -> dict[Mark, str]:
    """What labels that are referred to are called where other nodes have the same: `a`, `a#2` for the second."""
    marks: dict[Mark, None] = {}
    referred: set[str] = set()
    for node in walk(body):
        if isinstance(node, (Reference, Aux)):
            referred |= {mark.label for mark in node.target}
        if isinstance(node, Chain):
            marks |= {mark: None for member in node.members for mark in member.marks}
    words: dict[Mark, str] = {}
    counts: Counter[str] = Counter()
    for mark in marks:
        counts[mark.label] += 1
        if mark.label in referred and counts[mark.label] > 1:
            words[mark] = f"{mark.label}#{counts[mark.label]}"
    return words


class _Writer:
    """Gives every node its number, those inside it first."""

    def __init__(self, written: Callable[[Any], str], words: dict[Mark, str]) -> None:
        self.written = written
        self.words = words
        self.numbers: dict[Node, int] = {}
        self.entries: list[Any] = []

    def number(self, node: Node) -> int:
        found = self.numbers.get(node)
        if found is None:
            entry = self.entry(node)
            found = self.numbers[node] = len(self.entries)
            self.entries.append(entry(found))
        return found

    def entry(self, node: Node) -> Callable[[int], Entry]:
        """What makes the entry of a node from its number. The nodes inside get theirs here, ahead of it."""
        common: dict[str, Any] = {
            "input": _tensor(node.input),
            "output": _tensor(node.output),
            "place": Place(file=node.span.source.name, line=node.span.line, column=node.span.column),
        }
        kind: type[NodeEntry]
        match node:
            case LayerNode():
                kind, own = LayerEntry, self.layer(node)
            case Chain():
                members = tuple(self.member(member.node, member.label, member.marks) for member in node.members)
                kind, own = ChainEntry, {"container": node.container, "members": members}
            case Repeat():
                runs = tuple(RunEntry(count=_settled(run.count), node=self.number(run.node)) for run in node.runs)
                kind, own = RepeatEntry, {"count": _settled(node.count), "index": node.index, "runs": runs}
            case Merge():
                kind, own = MergeEntry, self.merge(node)
            case Call():
                arguments = {name: self.plain(value) for name, value in node.arguments}
                kind, own = CallEntry, {"block": node.block, "arguments": arguments, "body": self.number(node.body)}
            case Aux():
                kind, own = AuxEntry, {"target": self.path(node.target), "body": self.number(node.body)}
            case Reference():
                kind, own = ReferenceEntry, {"target": self.path(node.target)}
            case _:
                raise AssertionError(f"a settled network has no {type(node).__name__}")
        return lambda number: kind(number=number, **common, **own)

    def layer(self, node: LayerNode) -> dict[str, Any]:
        layer = node.layer
        return {
            "keyword": layer.keyword,
            "written": layer.written,
            "arguments": {name: self.plain(getattr(layer, name)) for name in type(layer).model_fields},
            "weights": {name: tuple(map(_settled, shape)) for name, shape in layer.weights(node.input).items()},
            "macs": _settled(layer.macs(node.input)),
        }

    def member(self, node: Node, label: Any, marks: Path) -> MemberEntry:
        return MemberEntry(
            node=self.number(node),
            label=None if label is None else text(label),
            marks=tuple(self.word(each) for each in marks),
        )

    def word(self, mark: Mark) -> str:
        return self.words.get(mark, mark.label)

    def path(self, target: Path) -> str:
        return ".".join(map(self.word, target))

    def merge(self, node: Merge) -> dict[str, Any]:
        return {
            "operation": node.join.written,
            "branches": tuple(self.number(branch) for branch in node.branches),
            "shortcut": node.shortcut,
            "added": not node.is_left_out,
        }

    def plain(self, value: Any) -> JsonValue:
        """A value as JSON has it; what it has no kind for as a spec writes it."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, tuple):
            return [self.plain(each) for each in value]
        return self.written(value)


def _tensor(shape: Shape) -> Tensor:
    return Tensor(sizes=tuple(map(_settled, shape.dims)), layout=shape.layout.value)


def _settled(value: Any) -> int:
    assert isinstance(value, int)
    return value
