"""The items of a file, sorted by what they are; one that is missing, double or misnamed is told here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, proposal
from archdsl.diagnostics.edits import removal
from archdsl.elaborate.program import Program
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.variants import read_variants
from archdsl.limits import USUAL, Limits
from archdsl.syntax import tree

Item = TypeVar("Item", bound=tree.Node)


class Incomplete(Diagnostic):
    """A spec without `arch`, without an input or without layers: there is nothing to build."""

    code = "incomplete-spec"
    bad = "arch net\ninput 3x8x8\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\n"


class Twice(Diagnostic):
    """Something that can be said once is said twice: the architecture, its input, a block, a parameter."""

    code = "defined-twice"
    bad = "arch net\ninput 3x8x8\ninput 3x9x9\nrelu\n"
    mended = "arch net\ninput 3x8x8\nrelu\n"


class UnknownImport(Diagnostic):
    """`from … use` names a block that the file doesn't have."""

    code = "unknown-import"
    beside = {"blocks.arch": "block cbr(c) = [conv3-{c} bn relu]\n"}
    bad = 'from "blocks.arch" use cba\narch net\ninput 3x8x8\ncba(8)\n'
    mended = 'from "blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'


def read(file: tree.File, library: Callable[[tree.Import], Program], limits: Limits = USUAL) -> Program:
    """Sort the items of a file, where `library` gives the files that it brings blocks from.

    Raises ArchError for what is missing, double or misnamed.
    """
    arch = _one(file, tree.Arch, "the architecture")
    input_ = _one(file, tree.Input, "the input")
    variants = _one(file, tree.Variants, "the table of variants")
    blocks = _blocks(file)
    imported: dict[str, Program] = {}
    for item in file.items:
        if isinstance(item, tree.Import):
            found = imported[str(item.path.value)] = library(item)
            for word in item.names:
                check_import(word, found, blocks)
                blocks[word.text] = found.blocks[word.text]
    kinds = (tree.Import, tree.Arch, tree.Input, tree.Variants, tree.Block, tree.Expect, tree.Init)
    body = tuple(item for item in file.items if not isinstance(item, kinds))
    if arch is not None:
        check_parameters([each.name for each in arch.parameters])
    _check_whole(file, arch, input_, blocks, body)
    return Program(
        file=file,
        arch=arch,
        input=input_,
        blocks=blocks,
        imported=imported,
        variants=read_variants(variants, arch, limits),
        expects=tuple(item for item in file.items if isinstance(item, tree.Expect)),
        inits=tuple(item for item in file.items if isinstance(item, tree.Init)),
        limits=limits,
        body=body,
    )


def _blocks(file: tree.File) -> dict[str, tree.Block]:
    """The blocks of a file by their names. Raises ArchError for two of one name, and for names that mean something."""
    blocks: dict[str, tree.Block] = {}
    for item in file.items:
        if not isinstance(item, tree.Block):
            continue
        name = item.name.text
        check_name(item.name, "a block")
        if name in blocks:
            raise ArchError(
                Twice(
                    item.name.span,
                    f"the block `{name}` is defined twice",
                    "the second",
                    labels=[Label(blocks[name].name.span, "the first")],
                    helps=["leave one of them out, or give it a name of its own"],
                    fixes=[removal(item.span)],
                )
            )
        check_parameters([*item.layers, *(each.name for each in item.parameters)])
        blocks[name] = item
    return blocks


def _check_whole(
    file: tree.File,
    arch: tree.Arch | None,
    input_: tree.Input | None,
    blocks: Mapping[str, tree.Block],
    body: tuple[tree.Node, ...],
) -> None:
    """Raise ArchError for an architecture without an input, a network without an architecture, and an empty spec."""
    if arch is not None:
        if input_ is None:
            raise ArchError(
                Incomplete(
                    arch.span,
                    f"`{arch.name.text}` has no input",
                    "its input is not given",
                    helps=["say what comes in: `input 3x224x224`"],
                )
            )
        return
    of_a_network = (tree.Input, tree.Variants, tree.Init)
    if any(isinstance(item, of_a_network) for item in file.items) or any(
        not isinstance(item, (tree.Let, tree.Default)) for item in body
    ):
        place = next(item for item in file.items if isinstance(item, of_a_network) or item in body)
        raise ArchError(
            Incomplete(
                place.span,
                "the spec has no `arch`",
                "an architecture begins here, but has no name",
                helps=["name it on the first line: `arch net`"],
                fixes=_small_arch(file) or [Edit(file.source.span(0, 0), "arch net\n")],
            )
        )
    if not blocks and not body:
        raise ArchError(
            Incomplete(
                file.source.span(0, 0),
                "the spec is empty",
                helps=["a spec begins with `arch NAME` and `input 3x224x224`"],
            )
        )


def _small_arch(file: tree.File) -> list[Edit]:
    """What mends an `Arch` with capital letters, which is read like a layer."""
    first = file.items[0]
    if not isinstance(first, tree.Statement) or not isinstance(first.body, tree.Head):
        return []
    word = first.body.name
    return [Edit(word.span, "arch", True)] if word.text.lower() == "arch" else []


def check_import(word: tree.Word, library: Program, blocks: Mapping[str, tree.Block]) -> None:
    """Raise ArchError if a library has no such block, or the name is taken."""
    name = word.text
    if name not in library.blocks:
        lets = {each.text for item in library.body if isinstance(item, tree.Let) for each in item.names}
        raise ArchError(
            UnknownImport(
                word.span,
                f"`{library.file.source.name}` has no block `{name}`",
                "a `let` there, and only blocks can be brought" if name in lets else "not defined there",
                **proposal(word.span, name, library.blocks, "a block"),
            )
        )
    if name in blocks:
        place = blocks[name].name.span
        raise ArchError(
            Twice(word.span, f"the block `{name}` is defined twice", "the second", labels=[Label(place, "the first")])
        )


def check_parameters(names: list[tree.Word]) -> None:
    seen: dict[str, tree.Word] = {}
    for word in names:
        check_name(word, "a parameter")
        if word.text in seen:
            raise ArchError(
                Twice(
                    word.span,
                    f"the parameter `{word.text}` is there twice",
                    "the second",
                    labels=[Label(seen[word.text].span, "the first")],
                    helps=["leave one of them out"],
                )
            )
        seen[word.text] = word


def _one(file: tree.File, kind: type[Item], what: str) -> Item | None:
    found = [item for item in file.items if isinstance(item, kind)]
    if len(found) > 1:
        raise ArchError(
            Twice(
                found[1].span,
                f"{what} is given twice",
                "the second",
                labels=[Label(found[0].span, "the first")],
                helps=["leave one of them out"],
                fixes=[removal(found[1].span)],
            )
        )
    return found[0] if found else None
