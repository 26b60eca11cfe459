"""Diagnostics as text for a person: the place, the arithmetic and the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from archdsl.diagnostics.columns import safe
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.diagnostics.excerpt import Excerpt
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.underline import Mark, Role, Run, underline

AT_MOST = 20

ANSI: dict[Role, str] = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "secondary": "\x1b[1;34m",
    "gutter": "\x1b[1;34m",
    "message": "\x1b[1m",
}
ANSI_END = "\x1b[0m"


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """One diagnostic as lines of text, without a line end after the last."""
    return "\n".join(
        "".join(_painted(role, text, diagnostic) if color else text for role, text in row) for row in _rows(diagnostic)
    )


def render_all(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """Diagnostics in the order of their places, a blank line between them; a count stands for those past twenty."""
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key)
    parts = [render(diagnostic, color=color) for diagnostic in ordered[:AT_MOST]]
    rest = Counter(diagnostic.severity for diagnostic in ordered[AT_MOST:])
    if rest:
        counts = (f"{count} more {severity}{'s' * (count > 1)}" for severity, count in sorted(rest.items()))
        parts.append("… and " + " and ".join(counts))
    return "\n\n".join(parts)


def _painted(role: Role, text: str, diagnostic: Diagnostic) -> str:
    code = ANSI.get(diagnostic.severity if role == "primary" else role)
    return f"{code}{text}{ANSI_END}" if code else text


def _rows(diagnostic: Diagnostic) -> Iterator[list[Run]]:
    header: Run = (diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    yield [header, ("message", f": {safe(diagnostic.message)}")]

    at = diagnostic.at
    blocks: list[list[Label]] = [] if at is None else _blocks([Label(at, diagnostic.label), *diagnostic.labels])
    width = max((len(str(label.span.line)) for block in blocks for label in block), default=1)
    margin = " " * (width + 1)
    bar: list[Run] = [("gutter", f"{margin} |")]
    for number, block in enumerate(blocks):
        primary = block[0] if number == 0 else None
        place = (primary or min(block, key=lambda label: label.span.start)).span
        if primary is None:
            yield bar
        yield [("gutter", f"{margin}{':::' if primary is None else '-->'}"), ("", f" {safe(repr(place))}")]
        yield bar
        yield from _source_rows(block, primary, width)

    remarks = [("note", note) for note in diagnostic.notes] + [("help", text) for text in diagnostic.helps]
    if remarks and blocks:
        yield bar
    for kind, remark in remarks:
        yield [("gutter", f"{margin} = "), ("message", f"{kind}:"), ("", f" {safe(remark)}")]


def _blocks(labels: Iterable[Label]) -> list[list[Label]]:
    """The labels of each source together, sources in the order they are first mentioned."""
    blocks: dict[tuple[str, str], list[Label]] = {}
    for label in labels:
        blocks.setdefault((label.span.source.name, label.span.source.text), []).append(label)
    return list(blocks.values())


def _source_rows(block: list[Label], primary: Label | None, width: int) -> Iterator[list[Run]]:
    """The labelled lines of one source with their underlines, and ``...`` for the lines between them."""
    lines: dict[int, list[Label]] = {}
    for label in block:
        lines.setdefault(label.span.line, []).append(label)
    before = min(lines)
    for number, labels in sorted(lines.items()):
        if number > before + 1:
            yield [("gutter", "...")]
        before = number
        source = labels[0].span.source
        line = source.line(number).removesuffix("\r")
        stretches = [_stretch(label.span, line) for label in labels]
        excerpt = Excerpt(line, stretches)
        text = excerpt.text.rstrip()
        yield [("gutter", f" {number:>{width}} |"), ("", f" {text}" if text else "")]
        marks = [
            Mark(*excerpt.stretch(*stretch), safe(label.text), label is primary)
            for label, stretch in zip(labels, stretches, strict=True)
        ]
        for row in underline(marks):
            yield [("gutter", f" {'':{width}} | "), *row]


def _stretch(span: Span, line: str) -> tuple[int, int]:
    """The part of a span on its first line, which is `line`, as indices into it."""
    start = min(span.column - 1, len(line))
    end = start + span.end - span.start
    if "\n" in span.text:
        end = len(line.rstrip())
    return start, max(start, min(end, len(line)))
