"""A spec taken apart: its parameters, input, blocks, variants and expectations, and how to build its network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, proposal, similar_help
from archdsl.diagnostics.edits import removal
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.expressions import SIZES, unpack
from archdsl.elaborate.free_names import free_names
from archdsl.elaborate.initializations import settle_initializations
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.statements import Elaborator
from archdsl.elaborate.values import Scope, Value, describe
from archdsl.elaborate.variants import Variant, read_variants
from archdsl.elaborate.witnesses import Witnesses
from archdsl.ir.nodes import Architecture, Chain
from archdsl.limits import USUAL, Limits
from archdsl.shape import Dim, Shape
from archdsl.symbolic import Expr, NeedsValue
from archdsl.syntax import tree
from archdsl.syntax.survey import too_deep

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


class BadInput(Diagnostic):
    """An input with a size that is no whole number of at least one."""

    code = "bad-input"
    bad = "arch net(size = 0)\ninput 3x{size}x{size}\nrelu\n"
    mended = "arch net(size = 8)\ninput 3x{size}x{size}\nrelu\n"


class NeedsSize(Diagnostic):
    """The very number of a size is needed that was left open: in a condition, a repeat, a name, for memory."""

    code = "needs-a-size"
    asked = (
        "archdsl shapes resnet18 --input 3xHxW --batch 8",
        "archdsl shapes resnet18 --input 3x224x224 --batch 8",
    )


class MissingParameter(Diagnostic):
    """A parameter without a default that neither a variant nor the caller gives."""

    code = "missing-parameter"
    bad = "arch net(classes)\ninput 8\nfc-{classes}\n"
    mended = "arch net(classes = 10)\ninput 8\nfc-{classes}\n"


class UnknownParameter(Diagnostic):
    """A value is given for a parameter that the architecture doesn't have."""

    code = "unknown-parameter"
    asked = ("archdsl shapes resnet18 --set klasses=10", "archdsl shapes resnet18 --set classes=10")


@dataclass(frozen=True, eq=False)
class Program:
    """A spec whose items are sorted by what they are. Made by `read`."""

    file: tree.File
    arch: tree.Arch | None
    input: tree.Input | None
    blocks: dict[str, tree.Block]
    """The blocks in reach, by name: the file's own, and those it brings from others."""
    imported: dict[str, Program]
    """The files that it brings blocks from, by the path that names them."""
    variants: dict[str, Variant]
    expects: tuple[tree.Expect, ...]
    inits: tuple[tree.Init, ...]
    limits: Limits
    """How much may be made of it."""
    body: tuple[tree.Node, ...]
    """The statements of the network in order, `let`, `after` and `default` among them."""

    @property
    def libraries(self) -> tuple[Program, ...]:
        """The files that it brings blocks from, each once."""
        return tuple(dict.fromkeys(self.imported.values()))

    @property
    def is_library(self) -> bool:
        """Whether the file holds only blocks and `let`s, for other files to use."""
        return self.arch is None

    @property
    def name(self) -> str:
        return self.arch.name.text if self.arch else self.file.source.name

    def parameters(self, variant: Variant | None, given: Mapping[str, Value]) -> dict[str, Value]:
        """The value of every parameter: what the caller gives, else the variant, else the default."""
        declared = self.arch.parameters if self.arch else ()
        known = {each.name.text for each in declared}
        for name in given:
            if name not in known:
                raise ArchError(
                    UnknownParameter(
                        None,
                        f"`{self.name}` has no parameter `{name}`",
                        helps=similar_help(name, [each.name.text for each in declared], "a parameter")
                        or [
                            "its parameters are " + ", ".join(each.name.text for each in declared)
                            if declared
                            else "it has none"
                        ],
                    )
                )
        elaborator = self.elaborator({})
        values: dict[str, Value] = {}
        # A parameter sees those before it.
        scope = Scope(values, self.blocks)
        for each in declared:
            name = each.name.text
            cell = variant.values.get(name) if variant else None
            if name in given:
                values[name] = given[name]
            elif cell is not None:
                values[name] = elaborator.evaluate(cell, scope)
            elif each.default is not None:
                values[name] = elaborator.evaluate(each.default, scope)
            else:
                raise ArchError(
                    MissingParameter(
                        each.name.span,
                        f"the parameter `{name}` has no value",
                        "no default here",
                        helps=[f"give it a default, or `--set {name}=…`"],
                    )
                )
        return values

    def scope(self, parameters: Mapping[str, Value]) -> Scope:
        return Scope(dict(parameters), self.blocks)

    def elaborator(
        self,
        parameters: Mapping[str, Value],
        witnesses: Witnesses | None = None,
        variant: str | None = None,
        budget: Budget | None = None,
    ) -> Elaborator:
        """What builds nodes of this spec's text under these parameters; several may share a budget."""
        scopes: dict[tree.Block, Scope] = {}

        def block_scope(block: tree.Block) -> Scope:
            if not scopes:
                for program in self.files:
                    given = parameters if program is self else program.parameters(program.default_variant, {})
                    scopes.update(program._block_scopes(made, program.scope(given)))
            return scopes[block]

        made = Elaborator(block_scope, budget or Budget(self.limits), witnesses, variant, self.has_references)
        return made

    def _block_scopes(self, elaborator: Elaborator, scope: Scope) -> dict[tree.Block, Scope]:
        """For each block the names it sees: parameters, its file's `let`s, and the defaults said before it."""
        lets = scope
        for item in self.body:
            if isinstance(item, tree.Let) and not set(SIZES) & free_names(item.value):
                value = elaborator.evaluate(item.value, lets)
                lets = lets.bind(**unpack(item.names, value, item.value.span))
        scopes: dict[tree.Block, Scope] = {}
        here = lets
        for item in self.file.items:
            if isinstance(item, tree.Default):
                here = here.with_default(item)
            elif isinstance(item, tree.Block):
                scopes[item] = here
        return scopes

    def input_shape(self, elaborator: Elaborator, parameters: Mapping[str, Value]) -> Shape:
        """The declared input. Raises ArchError for sizes below one."""
        assert self.input is not None
        dims: list[Dim] = []
        for expression in self.input.sizes.dims:
            value = elaborator.evaluate(expression, self.scope(parameters))
            if isinstance(value, bool) or not isinstance(value, (int, Expr)) or (isinstance(value, int) and value < 1):
                raise ArchError(
                    BadInput(
                        expression.span,
                        f"an input size is a whole number of at least 1, got {describe(value)}",
                        helps=["an input is its channels and its sizes: `input 3x224x224`"],
                    )
                )
            dims.append(value)
        if len(dims) > 4:
            raise ArchError(
                BadInput(
                    self.input.span,
                    f"an input has at most three spatial axes, got {len(dims) - 1}",
                    helps=["the batch is no part of it: `input 3x224x224`"],
                )
            )
        return Shape.of(dims)

    def build(self, elaborator: Elaborator, parameters: Mapping[str, Value], x: Shape) -> Chain:
        """The network's body where `x` arrives."""
        sequence = Sequence(x, self.scope(parameters))
        elaborator.statements(self.body, sequence)
        if not sequence.members:
            assert self.arch is not None
            raise ArchError(
                Incomplete(
                    self.arch.span,
                    f"`{self.name}` has no layers",
                    "nothing is built here",
                    helps=["write them below: `conv3-64 bn relu gap fc-10`"],
                )
            )
        return elaborator.finish(sequence, self.file.span, container=True)

    @cached_property
    def has_references(self) -> bool:
        """Whether a tensor is called by its label anywhere."""
        items = (item for program in self.files for item in program.file.items)
        return any(isinstance(node, (tree.Reference, tree.Aux)) for item in items for node in item.walk())

    @cached_property
    def files(self) -> tuple[Program, ...]:
        """This file and all that it is built of, each once."""
        found: dict[Program, None] = {self: None}
        for library in self.libraries:
            found |= dict.fromkeys(library.files)
        return tuple(found)

    @cached_property
    def default_variant(self) -> Variant | None:
        return next(iter(self.variants.values()), None)

    def variant(self, name: str | None) -> Variant | None:
        """The variant of a name, or the first. Raises ArchError for a name that isn't there."""
        if name is None:
            return self.default_variant
        if name not in self.variants:
            known = ", ".join(self.variants) or "it has none"
            raise ArchError(
                UnknownVariant(
                    None,
                    f"`{self.name}` has no variant `{name}`",
                    helps=similar_help(name, self.variants, "a variant") or [f"its variants: {known}"],
                )
            )
        return self.variants[name]


class UnknownVariant(Diagnostic):
    """A variant is asked for that the spec doesn't have."""

    code = "unknown-variant"
    asked = (
        "archdsl shapes resnet.arch --variant resnet51",
        "archdsl shapes resnet.arch --variant resnet50",
    )


def _small_arch(file: tree.File) -> list[Edit]:
    """What mends an `Arch` with capital letters, which is read like a layer."""
    first = file.items[0]
    if not isinstance(first, tree.Statement) or not isinstance(first.body, tree.Head):
        return []
    word = first.body.name
    return [Edit(word.span, "arch", True)] if word.text.lower() == "arch" else []


def read(file: tree.File, library: Callable[[tree.Import], Program], limits: Limits = USUAL) -> Program:
    """Sort the items of a file, where `library` gives the files that it brings blocks from.

    Raises ArchError for what is missing, double or misnamed.
    """
    arch = _one(file, tree.Arch, "the architecture")
    input_ = _one(file, tree.Input, "the input")
    variants = _one(file, tree.Variants, "the table of variants")
    blocks: dict[str, tree.Block] = {}
    for item in file.items:
        if isinstance(item, tree.Block):
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
            names = [*item.layers, *(each.name for each in item.parameters)]
            check_parameters(names)
            blocks[name] = item
    imported: dict[str, Program] = {}
    for item in file.items:
        if isinstance(item, tree.Import):
            found = imported[str(item.path.value)] = library(item)
            for word in item.names:
                check_import(word, found, blocks)
                blocks[word.text] = found.blocks[word.text]
    inits = tuple(item for item in file.items if isinstance(item, tree.Init))
    kinds = (tree.Import, tree.Arch, tree.Input, tree.Variants, tree.Block, tree.Expect, tree.Init)
    body = tuple(item for item in file.items if not isinstance(item, kinds))
    if arch is not None:
        check_parameters([each.name for each in arch.parameters])
        if input_ is None:
            raise ArchError(
                Incomplete(
                    arch.span,
                    f"`{arch.name.text}` has no input",
                    "its input is not given",
                    helps=["say what comes in: `input 3x224x224`"],
                    fixes=[Edit(arch.span.source.span(arch.span.end, arch.span.end), "\ninput 3x224x224")],
                )
            )
    elif (
        input_ is not None
        or variants is not None
        or inits
        or any(not isinstance(item, (tree.Let, tree.Default)) for item in body)
    ):
        place = next(
            item for item in file.items if isinstance(item, (tree.Input, tree.Variants, tree.Init)) or item in body
        )
        raise ArchError(
            Incomplete(
                place.span,
                "the spec has no `arch`",
                "an architecture begins here, but has no name",
                helps=["name it on the first line: `arch net`"],
                fixes=_small_arch(file) or [Edit(file.source.span(0, 0), "arch net\n")],
            )
        )
    elif not blocks and not body:
        raise ArchError(
            Incomplete(
                file.source.span(0, 0),
                "the spec is empty",
                helps=["a spec begins with `arch NAME` and `input 3x224x224`"],
            )
        )
    return Program(
        file=file,
        arch=arch,
        input=input_,
        blocks=blocks,
        imported=imported,
        variants=read_variants(variants, arch, limits),
        expects=tuple(item for item in file.items if isinstance(item, tree.Expect)),
        inits=inits,
        limits=limits,
        body=body,
    )


def elaborate(
    program: Program,
    variant: str | None = None,
    given: Mapping[str, Value] | None = None,
    dims: tuple[Dim, ...] | None = None,
) -> Architecture:
    """The network of a spec with every number settled. `dims` replaces the declared input.

    Raises ArchError for every mistake of the spec.
    """
    if program.arch is None:
        raise ArchError(
            Incomplete(
                program.file.source.span(0, 0),
                f"`{program.name}` holds only blocks and has no network",
                helps=["use its blocks in another spec"],
            )
        )
    chosen = program.variant(variant)
    parameters = program.parameters(chosen, given or {})
    elaborator = program.elaborator(parameters, variant=chosen.name if chosen else None)
    try:
        x = Shape.of(dims) if dims else program.input_shape(elaborator, parameters)
        body = program.build(elaborator, parameters, x)
        initials = settle_initializations(program.inits, elaborator, program.scope(parameters), body)
    except RecursionError:
        raise ArchError(too_deep(program.arch.span, program.limits)) from None
    except NeedsValue as need:
        raise ArchError(
            NeedsSize(
                None,
                f"`{program.name}` asks for the number behind {need}, which is open",
                helps=["give the input in numbers"],
            )
        ) from None
    return Architecture(
        name=program.name,
        variant=chosen.name if chosen else None,
        parameters=tuple(parameters.items()),
        input=x,
        output=body.output,
        body=body,
        initials=initials,
    )


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
