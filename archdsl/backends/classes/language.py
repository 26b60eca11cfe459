"""What a language of source is asked for, and what it gets: a class to be written, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field
from typing import ClassVar, Protocol, TypeVar

from archdsl.backends.classes.names import Namespace
from archdsl.backends.classes.parameters import Argument
from archdsl.elaborate.witnesses import Witnesses
from archdsl.ir.marks import Path
from archdsl.ir.names import Kind
from archdsl.ir.nodes import Chain, Choice, Merge, Node, Repeat
from archdsl.record import record
from archdsl.symbolic import Expr, compare, negate


@record
class Work:
    """A class to be written: what is in it, on unknown numbers."""

    kind: Kind
    node: Node | None
    """A call of it; None of the network's own class."""
    title: str
    """What it is called after."""
    body: Chain | Merge
    outer: tuple[Path, ...]
    """The tensors of labels outside it that it takes beside what arrives, in order."""
    given: tuple[Path, ...]
    """The tensors of labels inside it that it gives beside its output, in order."""
    witnesses: Witnesses
    """The calls that it serves."""
    identifiers: Mapping[str, str]
    """What a number of a call is called in it."""
    wholes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """The parameters that stand for several symbols at once, such as a kernel with its axes."""
    lets: Mapping[Expr, str] = field(default_factory=dict)
    """Sums and products that the spec gives a name."""

    @contextmanager
    def within(self, node: Node, part: Node) -> Iterator[None]:
        """Look only at the calls in which a part of a node is there, and at each turn in which it is."""
        with ExitStack() as inside:
            if isinstance(node, Choice):
                holds = node.condition if part is node.then else negate(node.condition)
                inside.enter_context(self.witnesses.narrow(holds))  # type: ignore[arg-type]
            elif isinstance(node, Merge) and not isinstance(node.agrees, bool) and part is not node.branches[0]:
                inside.enter_context(self.witnesses.narrow(negate(node.agrees)))  # type: ignore[arg-type]
            elif isinstance(node, Repeat):
                (run,) = (run for run in node.runs if run.node is part)
                if run.turn is not None:
                    inside.enter_context(self.witnesses.turns(run.turn, run.count))
                elif isinstance(run.count, Expr):
                    # Where there is no turn there is no call to serve.
                    inside.enter_context(self.witnesses.narrow(compare(">=", run.count, 1)))  # type: ignore[arg-type]
            yield


Text = TypeVar("Text")


class Language(Protocol[Text]):
    """What writes classes."""

    words: ClassVar[Mapping[str, str]]
    """What it calls the numbers of a layer that is handed over, where it has another word than the layer."""

    def variables(self) -> Namespace:
        """Names for the parameters of one class."""
        ...

    def body(self, work: Work) -> tuple[Text, set[str]]:
        """The text of a class, and the identifiers that it uses. Raises NeedsValue for what it can't leave open."""
        ...

    def define(self, work: Work, text: Text, arguments: tuple[Argument, ...]) -> str:
        """Make a class of a text, and say what it is called."""
        ...

    def drop(self, names: Iterable[str]) -> None:
        """Give up classes, and what they are called."""
        ...


@record
class Class:
    """A class and how it is called."""

    name: str
    arguments: tuple[Argument, ...]
    fixed: frozenset[str] = frozenset()
    """The numbers of a call that stand in its text."""
