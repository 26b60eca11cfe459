"""The shortest text that has the same fault: pieces of its tree are left out for as long as it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from archdsl.diagnostics import ArchError
from archdsl.opening.reading import text_source
from archdsl.syntax import parse, tree

Edit = tuple[int, int, str]


def shortened(text: str, has_fault: Callable[[str], bool], tries: int = 400) -> str:
    """A text with the fault that none of the edits below leaves it in. Tries at most so many texts."""
    while True:
        for start, end, new in sorted(_edits(text), key=lambda edit: edit[0] - edit[1] + len(edit[2])):
            candidate = text[:start] + new + text[end:]
            if len(candidate) >= len(text) and new != "2":
                continue
            tries -= 1
            if tries < 0:
                return text
            if has_fault(candidate):
                text = _without_blanks(candidate)
                break
        else:
            return text


def _without_blanks(text: str) -> str:
    return re.sub(r"\n\s*\n", "\n", re.sub(r"(?<=\S) {2,}", " ", text))


def _edits(text: str) -> Iterator[Edit]:
    try:
        file = parse(text_source(text, "net.arch"))
    except ArchError:
        return
    for item in file.items:
        if not isinstance(item, (tree.Arch, tree.Input)):
            yield _out(item)
        for node in item.walk():
            yield from _of(node, text)


def _of(node: tree.Node, text: str) -> Iterator[Edit]:
    start, end = node.span.start, node.span.end
    match node:
        case tree.Statement():
            yield _out(node)
            if node.label is not None:
                yield start, node.body.span.start, ""
            if node.repeat is not None:
                yield node.body.span.end, end, ""
        case tree.Let() | tree.After() | tree.Default() | tree.Aux():
            yield _out(node)
        case tree.LabelledTable() if node.label is not None:
            yield start, node.body.span.start, ""
        case tree.Group():
            if text[start:end].startswith("["):
                yield start, end, text[start + 1 : end - 1]
        case tree.Merge():
            for path in node.paths:
                yield start, end, path.span.text
            if len(node.paths) > 2:
                for _place, path in enumerate(node.paths):
                    kept = [each.span.text for each in node.paths if each is not path]
                    yield start, end, f"{node.name.text}<{' | '.join(kept)}>"
            for path in node.paths:
                if path.span.text.strip() not in ("identity", "relu"):
                    yield path.span.start, path.span.end, " identity "
        case tree.For() | tree.If():
            body = node.body if isinstance(node, tree.For) else node.then
            yield start, end, body.span.text[1:-1]
            if isinstance(node, tree.If) and node.otherwise is not None:
                yield node.then.span.end, end, ""
                yield start, end, node.otherwise.span.text[1:-1]
        case tree.Head():
            if node.call is not None:
                yield node.call.span.start, node.call.span.end, ""
            if not re.fullmatch(r"relu|identity", text[start:end]):
                yield start, end, "relu"
        case tree.Argument():
            yield start, end + (1 if text[end : end + 1] == "," else 0), ""
        case tree.Parameter():
            yield start, end + (1 if text[end : end + 1] == "," else 0), ""
        case tree.Parameters():
            yield start, end, ""
        case tree.IfElse():
            yield start, end, node.then.span.text
            yield start, end, node.otherwise.span.text
        case tree.Binary():
            yield start, end, node.left.span.text
            yield start, end, node.right.span.text
        case tree.Function() | tree.Index():
            yield start, end, "2"
        case tree.Literal() if isinstance(node.value, int) and node.value > 4:
            yield start, end, "2"


def _out(node: tree.Node) -> Edit:
    return node.span.start, node.span.end, ""


def skeleton(text: str) -> str:
    """What texts of one kind of fault have in common: their shape without numbers and names."""
    text = re.sub(r"#[^\n]*", "", text)
    text = re.sub(r"arch \w+|input [0-9x{}a-z]+", "", text)
    text = re.sub(r'"[^"\n]*"\s*:', "LABEL:", text)
    text = re.sub(r"\b[A-Za-z_]\w*(\{[^{}]*\}\w*)*\s*:", "LABEL:", text)
    text = re.sub(r"@[\w.{}]+", "@", text)
    text = re.sub(r"conv[0-9{}x]*-(\{[^{}]*\}|\d+)|fc-(\{[^{}]*\}|\d+)|dwconv\d|linear-\S+", "CONV", text)
    text = re.sub(
        r"\b(relu|tanh|bn|gelu|identity|sigmoid|silu|elu|mish|ln|softmax|prelu|layerscale|pad|crop)\b(\([^()]*\))?",
        "ACT",
        text,
    )
    text = re.sub(r"\d+", "N", text)
    return " ".join(text.split())
