"""A spec taken apart: its parameters, input, blocks, variants, expectations, and the statements of its network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.expressions import Evaluator
from archdsl.elaborate.variants import Variant
from archdsl.elaborate.witnesses import undecided
from archdsl.ir.values import Scope, Value
from archdsl.limits import Limits
from archdsl.record import record
from archdsl.syntax import tree


class UnknownVariant(Diagnostic):
    """A variant is asked for that the spec doesn't have."""

    code = "unknown-variant"
    asked = (
        "archdsl shapes resnet.arch --variant resnet51",
        "archdsl shapes resnet.arch --variant resnet50",
    )


@record
class References:
    """What a spec refers to by labels: words, and whether others are put together in holes."""

    words: frozenset[str]
    open: bool = False

    def __bool__(self) -> bool:
        return self.open or bool(self.words)

    def may_name(self, labels: Iterable[str]) -> bool:
        """Whether one of these labels may be referred to."""
        return any(self.open or label.rpartition(".")[2] in self.words for label in labels)


@dataclass(frozen=True, eq=False)
class Program:
    """A spec whose items are sorted by what they are. Made by `items.read`."""

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

    def scope(self, parameters: Mapping[str, Value]) -> Scope:
        return Scope(dict(parameters), self.blocks)

    def evaluator(self, budget: Budget | None = None) -> Evaluator:
        """What works out expressions of this spec that depend on no unknown number."""
        return Evaluator(undecided, budget or Budget(self.limits))

    @cached_property
    def references(self) -> References:
        """The labels by which tensors are called anywhere."""
        # Nearly all specs refer to nothing, and none does without the sign.
        items = [item for program in self.files if "@" in program.file.source.text for item in program.file.items]
        nodes = [node for item in items for node in item.walk()]
        targets = [node.target for node in nodes if isinstance(node, tree.Reference)]
        targets += [node.source for node in nodes if isinstance(node, tree.Aux)]
        words = {word for target in targets if target.plain is not None for word in target.plain.split(".")}
        return References(frozenset(words), any(target.plain is None for target in targets))

    @cached_property
    def names(self) -> dict[tree.Node, tuple[str, ...]]:
        """The free names of its texts, each found when it is first asked for."""
        return {}

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
