"""The third stage: a spec sorted into what it declares."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics import Span
from archdsl.stages.base import Stage, Way, at


class Taken(Stage):
    """Parameters, input, blocks, variants, expectations and the statements, each with its place."""

    name = "program"
    place = 2

    def lines(self, way: Way) -> Iterator[str]:
        program = way.program
        if program.arch is not None:
            yield f"arch {program.arch.name.text}"
            for each in program.arch.parameters:
                yield _line("parameter", each.span)
        if program.input is not None:
            yield _line("", program.input.span)
        for path, library in program.imported.items():
            yield f"  from {path!r}: {', '.join(sorted(library.blocks))}"
        for name, block in program.blocks.items():
            yield _line(f"block {name}", block.span)
        for name, variant in program.variants.items():
            yield _line(f"variant {name}", variant.span)
        for expect in program.expects:
            yield _line("", expect.span)
        for initial in program.inits:
            yield _line("", initial.span)
        if program.body:
            yield "body"
        for statement in program.body:
            yield _line("", statement.span, "    ")


def _line(what: str, span: Span, indent: str = "  ") -> str:
    """A piece of text in one line, with where it stands."""
    text = " ".join(span.text.split())
    return f"{indent}{at(span):<8}{what + ': ' if what else ''}{text}"
