"""What is named and never asked for. A name that begins with an underscore says that this is meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from archdsl.diagnostics import Span
from archdsl.diagnostics.edits import removal, removal_from_list
from archdsl.elaborate.program import Program
from archdsl.lints.lint import Lint
from archdsl.syntax import tree


class UnusedParameter(Lint):
    """A parameter of an architecture or a block that changes nothing.

    A block that is handed over as a value has the parameters that its like have, and may leave some unused.
    """

    code = "unused-parameter"
    bad = "arch net(width = 8, depth = 2)\ninput 3x8x8\nconv3-{width}\n"
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\n"

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        used = _uses(program.file.items)
        if program.arch is not None:
            columns = {
                word.text for item in program.file.items if isinstance(item, tree.Variants) for word in item.header
            }
            yield from cls._of(program.arch.parameters, used, f"`{program.name}`", columns)
        values = {node.text for item in program.file.items for node in item.walk() if isinstance(node, tree.Name)}
        for item in program.file.items:
            if isinstance(item, tree.Block) and item.name.text not in values:
                inside = _uses((item,))
                yield from cls._of(item.parameters, inside, f"the block `{item.name.text}`", None)
                for word in item.layers:
                    if _is_unused(word, inside):
                        yield cls(word.span, *_said(f"the layers `{word.text}` that `{item.name.text}` takes"))

    @classmethod
    def _of(
        cls, parameters: Sequence[tree.Parameter], used: Uses, whose: str, columns: set[str] | None
    ) -> Iterator[Lint]:
        spans = [each.span for each in parameters]
        for each in parameters:
            name = each.name.text
            if not _is_unused(each.name, used):
                continue
            # Calls give a block its arguments, and variants an architecture its values.
            alone = columns is not None and name not in columns and len(parameters) > 1
            yield cls(
                each.name.span,
                *_said(f"the parameter `{name}` of {whose}"),
                helps=["leave it out, or use it where its number stands now"],
                fixes=[removal_from_list(each.span, spans)] if alone else (),
            )


class UnusedBlock(Lint):
    """A block that is never built in a spec that has a network. Libraries are blocks for others to use."""

    code = "unused-block"
    bad = "arch net\ninput 3x8x8\nblock unit(c) = [conv3-{c} relu]\nconv3-8\n"
    mended = "arch net\ninput 3x8x8\nblock unit(c) = [conv3-{c} relu]\nunit(8)\n"

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        if program.is_library:
            return
        used = _uses(program.file.items)
        for item in program.file.items:
            if isinstance(item, tree.Block) and _is_unused(item.name, used, item.span):
                yield cls(
                    item.name.span,
                    *_said(f"the block `{item.name.text}`"),
                    helps=["leave it out, or build it"],
                    fixes=[removal(item.span)],
                )


class UnusedLet(Lint):
    """A value that is named and never asked for."""

    code = "unused-let"
    bad = "arch net\ninput 3x8x8\nlet c = {2 * in_channels}\nconv3-6\n"
    mended = "arch net\ninput 3x8x8\nlet c = {2 * in_channels}\nconv3-{c}\n"

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        used = _uses(program.file.items)
        for item in program.file.items:
            for node in item.walk():
                if not isinstance(node, tree.Let):
                    continue
                # Of a row that is taken apart some parts may not be needed.
                if all(_is_unused(word, used, node.span) for word in node.names):
                    names = ", ".join(f"`{word.text}`" for word in node.names)
                    yield cls(
                        node.names[0].span,
                        *_said(f"the value {names}"),
                        helps=["leave it out, or use it where its number stands now"],
                        fixes=[removal(node.span)],
                    )


class UnusedImport(Lint):
    """A block that is brought from another file and not used. A library may bring blocks to hand them on."""

    code = "unused-import"
    beside = {"blocks.arch": "block cbr(c) = [conv3-{c} bn relu]\nblock cr(c) = [conv3-{c} relu]\n"}
    bad = 'from "blocks.arch" use cbr, cr\narch net\ninput 3x8x8\ncbr(8)\n'
    mended = 'from "blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        if program.is_library:
            return
        used = _uses(program.file.items)
        for item in program.file.items:
            if not isinstance(item, tree.Import):
                continue
            spans = [word.span for word in item.names]
            for word in item.names:
                if _is_unused(word, used):
                    fix = removal(item.span, True) if len(spans) == 1 else removal_from_list(word.span, spans, True)
                    yield cls(
                        word.span, *_said(f"the block `{word.text}`"), helps=["leave it out, or build it"], fixes=[fix]
                    )


def _said(what: str) -> tuple[str, str]:
    return f"{what} is never used", "only here"


Uses: TypeAlias = Mapping[str, list[Span]]
"""The places where each name is asked for."""


def _uses(items: Sequence[tree.Node]) -> Uses:
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for item in items:
        for node in item.walk():
            match node:
                case tree.Name():
                    found[node.text].append(node.span)
                case tree.Function() | tree.Head() | tree.Merge():
                    found[node.name.text].append(node.span)
                case tree.Table() if node.column is not None:
                    found[node.column.text].append(node.span)
    return found


def _is_unused(word: tree.Word, used: Uses, within: Span | None = None) -> bool:
    """Whether a name is asked for nowhere, or only `within` what it names."""
    if word.text.startswith("_"):
        return False
    return all(
        within is not None and within.start <= at.start and at.end <= within.end for at in used.get(word.text, ())
    )
