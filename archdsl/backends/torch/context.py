"""One class of a source in the making: its values and names, the lines of its constructor, and the loops around."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from archdsl.backends.classes.calls import SIZE, needed_marks
from archdsl.backends.classes.language import Work
from archdsl.backends.classes.names import Namespace, identifier
from archdsl.backends.python.layout import Bracket, Doc, call, lines
from archdsl.backends.python.literals import literal, name_literal
from archdsl.backends.torch.namespace import ATTRIBUTES, TAKEN
from archdsl.backends.torch.shared import Shared
from archdsl.ir.marks import Path
from archdsl.ir.nodes import Name, Node, Repeat, Run, at
from archdsl.shape import Dim
from archdsl.symbolic import Expr, NeedsValue, choices, compare, substitute, symbol, symbols


class ClassContext:
    """What is known of a class while it is written. Its parts write down here what they make."""

    def __init__(self, source: Shared, work: Work) -> None:
        self.source = source
        self.work = work
        self.witnesses = work.witnesses
        self.identifiers = work.identifiers
        self.lets, self.wholes, self.given = work.lets, work.wholes, work.given
        self.axes = {axis for axes in self.wholes for axis in axes}
        self.used: set[str] = set()
        self.init: list[str] = []
        self.attributes = Namespace(ATTRIBUTES)
        self.locals = source.variable_names({*TAKEN, "x", *work.identifiers.values()})
        self.tensors: dict[Path, str] = {}
        """The variables that have the tensors of labels."""
        self.needed: frozenset[Path] = frozenset()
        self.counters: list[str] = []
        """The variables of the loops around."""
        self.loops: dict[str, Dim] = {}
        """What the indices of the repeats around stand for."""
        self.named: dict[Expr, str] = {}
        self.stored: dict[str, str] = {}
        """The attributes that have parameters, by the parameter."""
        self.stored_lets: dict[Expr, str] = {}
        self.indent = 2
        self.auxiliary: dict[str, str] = {}
        """The variables of the outputs that exist in training only, by their names."""

    # Values and calls

    def value(self, value: Any, forward: bool = False) -> str:
        """A value as Python source; raises NeedsValue for a size or for one axis of a whole value.

        `forward` sees no parameters of the constructor, so what it needs of them is kept as attributes.
        """
        if isinstance(value, tuple):
            whole = self.wholes.get(tuple(literal(each) for each in value))
            if whole is not None:
                self.used.add(whole)
                return whole
            inner = ", ".join(self.value(each, forward) for each in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        for each in symbols(value):
            if each.name.startswith(SIZE) or each.name in self.axes:
                raise NeedsValue(value)
            if each.name not in self.loops:
                self.used.add(each.name)
        if forward and isinstance(value, Expr) and self.is_named(value):
            return f"self.{self.kept_let(value)}"
        if forward:
            names = sorted(each.name for each in symbols(value))
            self.source.note_functions(value)
            return literal(substitute(value, self.loops | {name: self.kept(name) for name in names}))
        if isinstance(value, Expr) and self.is_named(value):
            return self.let(value)
        self.source.note_functions(value)
        return literal(substitute(value, self.loops))

    def is_named(self, value: Expr) -> bool:
        """Whether a constructor has a variable for a value: a `let` names it, and it is the same in every turn."""
        return value in self.lets and self.loops.keys().isdisjoint(each.name for each in symbols(value))

    def let(self, value: Expr) -> str:
        """The local variable of a constructor for what a `let` names."""
        if value not in self.named:
            self.named[value] = self.locals.claim(self.lets[value])
        return self.named[value]

    def kept(self, name: str) -> Dim:
        """A parameter as `forward` sees it."""
        if name in self.loops:
            return self.loops[name]
        if name not in self.stored:
            self.stored[name] = self.attributes.claim(name)
        return symbol(f"self.{self.stored[name]}")

    def kept_let(self, value: Expr) -> str:
        """The attribute that has what a `let` names."""
        if value not in self.stored_lets:
            self.source.note_functions(value)
            self.stored_lets[value] = self.attributes.claim(self.lets[value])
        return self.stored_lets[value]

    def construct(self, node: Node) -> Doc:
        """The call of the class that serves a node in all calls of the class being written."""
        made, row = self.source.classes.called(node, self.witnesses)
        items: list[Doc] = []
        named = False
        for argument in made.arguments:
            text = self.value(argument.value(row))
            if argument.default is not None and text == literal(argument.default):
                named = True
            elif argument.default is not None or named or argument.by_name:
                items.append(f"{argument.name}={text}")
            else:
                items.append(text)
        return call(made.name, items)

    @contextmanager
    def turn(self, run: Run, node: Repeat, start: Dim) -> Iterator[str]:
        """Within the turns of a run that begins with turn `start`; gives the variable that counts them."""
        # `name` and `layer` are what comprehensions go through.
        taken = {*self.locals.taken, *self.counters, *self.loops, "name", "layer"}
        variable = self.source.variable_names(taken).claim(run.turn or node.index or "i")
        counted = symbol(variable)
        if isinstance(run.count, Expr) and all(
            self.witnesses.value(run.count, row) == 0 for row in self.witnesses.rows
        ):
            raise NeedsValue(run.count)
        self.counters.append(variable)
        with ExitStack() as inside:
            inside.enter_context(self.index(node, start + counted))
            if run.turn is not None:
                inside.enter_context(self.known(run.turn, counted))
                inside.enter_context(self.witnesses.turns(run.turn, run.count))
            elif isinstance(run.count, Expr):
                # Where there is no turn there is no call to serve.
                inside.enter_context(self.witnesses.narrow(compare(">=", run.count, 1)))  # type: ignore[arg-type]
            yield variable
        self.counters.pop()

    @contextmanager
    def in_turn(self, run: Run, turn: int) -> Iterator[None]:
        """Within one turn of a run that is written out turn by turn."""
        if run.turn is None:
            yield
            return
        with self.known(run.turn, turn), self.witnesses.turn(run.turn, turn):
            yield

    def index(self, node: Repeat, value: Dim) -> AbstractContextManager[None]:
        """Have the index of a repeat, which labels inside may use, stand for a turn."""
        return nullcontext() if node.index is None else self.known(node.index, value)

    @contextmanager
    def known(self, name: str, value: Dim) -> Iterator[None]:
        """Have a name of a loop stand for a value."""
        outer = dict(self.loops)
        self.loops[name] = value
        try:
            yield
        finally:
            self.loops = outer

    # Attributes

    def add_line(self, ahead: str, doc: Doc, behind: str = "") -> None:
        """A line of the constructor, broken where it is too long."""
        self.init += lines(ahead, doc, behind, self.indent)

    def attribute(self, name: Name, doc: Doc) -> str:
        """Make a submodule an attribute, and return how `forward` reaches it."""
        return self._held(name, doc, "add_module", "get_submodule")

    def parameter(self, name: Name, doc: Doc) -> str:
        """Make a bare parameter, and return how `forward` reaches it."""
        return self._held(name, doc, "register_parameter", "get_parameter")

    def _held(self, name: Name, doc: Doc, register: str, get: str) -> str:
        name = _settled(at(name, **self.loops))
        text = "".join(map(str, name))
        if all(isinstance(piece, str) for piece in name) and text == identifier(text):
            self.add_line(f"self.{text} = ", doc)
            return f"self.{text}"
        self.add_line("", Bracket(f"self.{register}(", (name_literal(name), doc), ")"))
        return reached(name, get)

    def tensor(self, target: Path) -> str:
        """The variable that has the tensor of a label."""
        return self.tensors[target]

    def prepare(self, node: Node, extra: tuple[Path, ...]) -> None:
        """Note which labels are referred to, and name the tensors that come from outside."""
        self.needed = needed_marks(node).union(self.given)
        for target in extra:
            self.tensors[target] = self.locals.claim(target[-1].label)

    def is_alone(self, total: Dim) -> bool:
        """Whether a name needs no number in any call. Raises NeedsValue where calls differ on it."""
        if isinstance(total, int):
            return total <= 1
        condition = compare("<=", total, 1)
        outcome = condition if isinstance(condition, bool) else self.witnesses.outcome(condition)
        if outcome is None:
            assert not isinstance(condition, bool)
            raise NeedsValue(condition)
        return outcome

    def local_lines(self) -> list[str]:
        """The variables of the constructor."""
        found: list[str] = []
        for value, name in self.named.items():
            self.source.note_functions(value)
            found += lines(f"{name} = ", literal(value), "", 2)
        return found


def _settled(name: Name) -> Name:
    """A name that `forward` can say. Raises NeedsValue where its number depends on an `if` ahead of it."""
    undecided = [condition for piece in name if isinstance(piece, Expr) for condition in choices(piece)]
    if undecided:
        raise NeedsValue(*undecided)
    return name


def reached(name: Name, method: str) -> str:
    """How `forward` reaches what has no identifier for a name.

    A script takes `getattr` of a fixed name; one that depends on the turn of a loop it takes in no form.
    """
    fixed = all(isinstance(piece, str) for piece in name)
    return f"getattr(self, {name_literal(name)})" if fixed else f"self.{method}({name_literal(name)})"
