"""One class of generated source: its constructor and its `forward`, written from the nodes of its body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.backends.torch.calls import SIZE, key_and_row, outer_references, walk
from archdsl.backends.torch.flow import Flow
from archdsl.backends.torch.layout import STEP, Bracket, Doc, call, lines
from archdsl.backends.torch.merging import forward_merge
from archdsl.backends.torch.modules import Item, Modules, flatten_ahead, may_overwrite, sequential, turned
from archdsl.backends.torch.namespace import ATTRIBUTES, TAKEN, Namespace, identifier
from archdsl.backends.torch.printing import literal, name_literal
from archdsl.elaborate.witnesses import Row, Witnesses
from archdsl.ir.names import Entry, Inside, Turns, names, style
from archdsl.ir.nodes import Chain, Choice, LayerNode, Member, Merge, Name, Node, Reference, Repeat, Run
from archdsl.layers.base import Role
from archdsl.layers.torch_call import Module, Parameter
from archdsl.symbolic import Condition, Expr, NeedsValue, negate, symbol, symbols

if TYPE_CHECKING:
    from archdsl.backends.torch.source import SourceWriter

FOLDING = frozenset({Role.NORMALIZATION, Role.ACTIVATION, Role.DROPOUT})
"""What is written on the line of the layer before it."""

UNROLLED = 4
"""A repeat of at most so many turns is written out where its copies are attributes of their own."""


@dataclass(frozen=True)
class Argument:
    """A parameter of a generated constructor and where its value stands in a call's row."""

    name: str
    source: str
    kind: str
    default: str | None


@dataclass
class GeneratedClass:
    """A class and how it is called."""

    name: str
    arguments: tuple[Argument, ...]
    lines: list[str]


class ClassWriter:
    """Writes one class. `identifiers` are the class's possible parameters: name in the row → name in Python."""

    def __init__(self, source: SourceWriter, witnesses: Witnesses, identifiers: dict[str, str]) -> None:
        self.source = source
        self.witnesses = witnesses
        self.identifiers = identifiers
        self.modules = Modules(self)
        self.used: set[str] = set()
        self.init: list[str] = []
        self.attributes = Namespace(ATTRIBUTES)
        self.locals = Namespace({*TAKEN, *identifiers.values()})
        self.tensors: dict[str, str] = {}
        self.needed: set[str] = set()
        self.indent = 2

    # Values and calls

    def value(self, value: Any) -> str:
        """A value as Python source; raises NeedsValue for a size, which no class may depend on."""
        for each in symbols(value):
            if each.name.startswith(SIZE):
                raise NeedsValue(value)
            self.used.add(each.name)
        return literal(value)

    def construct(self, node: Node) -> Doc:
        """The call of the class that serves a node in all calls of the class being written."""
        key, row = key_and_row(node)
        classes = self.source.classes_for(key)
        found = {
            id(each): each for each in (classes[freeze(self.settled(row, outer))] for outer in self.witnesses.rows)
        }
        if len(found) != 1:
            raise NeedsValue(*[each for each in row.values() if isinstance(each, Expr)])
        (generated,) = found.values()
        items: list[Doc] = []
        named = False
        for argument in generated.arguments:
            text = self.value(row[argument.source])
            if argument.default is not None and text == argument.default:
                named = True
            elif argument.default is not None or named:
                items.append(f"{argument.name}={text}")
            else:
                items.append(text)
        return call(generated.name, items)

    def settled(self, row: Row, outer: Row) -> Row:
        """The numbers of a call inside this class, for one call of the class."""
        return {name: self.witnesses.value(value, outer) for name, value in row.items()}  # type: ignore[misc]

    def must_settle(self, *conditions: Any) -> None:
        """Ask for a class of its own for each outcome, where one text can't serve them all."""
        raise NeedsValue(*conditions)

    def side(self, node: Choice, holds: bool) -> Any:
        condition = node.condition if holds else negate(node.condition)
        return self.witnesses.narrow(condition)  # type: ignore[arg-type]

    @contextmanager
    def turn(self, run: Run, node: Repeat) -> Iterator[str]:
        """Within the turns of a run; gives the variable that counts them."""
        variable = run.turn or node.index or "i"
        if run.turn is None:
            while variable in self.identifiers.values():
                variable += "_"
            yield variable
            return
        with self.witnesses.turns(variable, run.count):
            yield variable
        self.used.discard(variable)

    # Attributes

    def add_line(self, ahead: str, doc: Doc, behind: str = "") -> None:
        self.init += lines(ahead, doc, behind, self.indent)

    def attribute(self, name: Name, doc: Doc, optional: bool = False) -> str:
        """Make a submodule an attribute, and return how `forward` reaches it."""
        text = "".join(map(str, name))
        if all(isinstance(piece, str) for piece in name) and text == identifier(text):
            self.add_line(f"self.{text} = ", doc)
            return f"self.{text}"
        self.add_line("", Bracket("self.add_module(", (name_literal(name), doc), ")"))
        return f"self.get_submodule({name_literal(name)})"

    def tensor(self, target: str) -> str:
        """The variable that has the tensor of a label."""
        return self.tensors[target]

    # Members of a container whose forward is written out

    def members(self, members: tuple[Member, ...], entries: tuple[Entry, ...], flow: Flow) -> None:
        for member, entry in zip(members, entries, strict=True):
            node = member.node
            if isinstance(node, Repeat):
                assert isinstance(entry, Inside)
                self.repeat(node, entry, flow)
            elif isinstance(node, Choice):
                assert isinstance(entry, Inside)
                self.choice(node, entry, flow)
            elif isinstance(entry, Inside):
                assert isinstance(node, Merge)
                self.open_merge(node, entry, flow)
            else:
                self.member(member, entry, flow)
            flow.fresh = may_overwrite(node) and not (set(member.marks) & self.needed)
            self.keep(member, flow)

    def keep(self, member: Member, flow: Flow) -> None:
        """Give a tensor a variable of its own if a later reference needs it."""
        for mark in member.marks:
            if mark in self.needed:
                variable = self.tensors.setdefault(mark, self.locals.claim(mark))
                if flow.pending:
                    flow.flush(variable)
                elif flow.held != variable:
                    flow.write(f"{variable} = {flow.held}")

    def member(self, member: Member, name: Name, flow: Flow) -> None:
        node = member.node
        if isinstance(node, Reference):
            flow.text, flow.held = "", self.tensor(node.target)
        elif isinstance(node, LayerNode):
            self.layer(node, lambda doc: self.attribute(name, doc), lambda doc: self.parameter(name, doc), flow)
        elif isinstance(node, Merge) and not holds_modules(node):
            self.open_merge(node, Inside(tuple(names(branch, "named") for branch in node.branches)), flow)
        else:
            self.submodule(member, name, flow)

    def layer(
        self, node: LayerNode, attribute: Callable[[Doc], str], parameter: Callable[[Doc], str], flow: Flow
    ) -> None:
        """One layer: its modules as attributes, its functions in place."""
        fold = node.layer.role in FOLDING
        for place, step in enumerate(node.layer.torch(node.input)):
            if isinstance(step, Module):
                target = attribute(self.modules.step(step, node.layer.has_inplace and flow.fresh))
                flow.apply(f"{target}({{x}})", folds=fold)
            elif isinstance(step, Parameter):
                shape = self.value(step.shape)
                values = [self.value(value) for value in step.values]
                made = parameter(call("nn.Parameter", [fill(step.initial, values, shape=shape)]))
                flow.apply(fill(step.template, values, parameter=made))
            elif step.template != "{x}":
                template = fill(step.template, [self.value(value) for value in step.values])
                flow.apply(template, folds=place > 0 and step.template.startswith("torch."))

    def parameter(self, name: Name, doc: Doc) -> str:
        text = "".join(map(str, name))
        if text == identifier(text):
            self.add_line(f"self.{text} = ", doc)
            return f"self.{text}"
        self.add_line("", Bracket("self.register_parameter(", (name_literal(name), doc), ")"))
        return f"self.get_parameter({name_literal(name)})"

    def submodule(self, member: Member, name: Name, flow: Flow) -> None:
        """A block, container or merge as an attribute; a flatten that it needs goes ahead of it."""
        node = member.node
        if flatten_ahead(node):
            flow.apply("torch.flatten({x}, 1)")
        inner = self.inner_marks(member)
        doc = self.modules.node(node, flow.fresh)
        assert doc is not None
        target = self.attribute(name, doc)
        if inner:
            self.sliced(node, target, inner, flow)
            return
        extra = "".join(f", {self.tensor(each)}" for each in outer_references(node))
        flow.apply(f"{target}({{x}}{extra})")

    def inner_marks(self, member: Member) -> list[str]:
        """Labels inside a container that are referred to from outside it."""
        return [mark for mark in self.needed for own in member.marks if mark.startswith(f"{own}.")]

    def sliced(self, node: Node, target: str, marks: list[str], flow: Flow) -> None:
        """Run an `nn.Sequential` in parts, to get at tensors inside it."""
        places = self.source.places(node, marks)
        start = 0
        for place, mark in places:
            flow.apply(f"{target}[{start or ''}:{place}]({{x}})")
            flow.flush(self.tensors.setdefault(mark, self.locals.claim(mark.rsplit(".", 1)[-1])))
            start = place
        if start < self.source.width(node):
            flow.apply(f"{target}[{start}:]({{x}})")

    def open_merge(self, node: Merge, entry: Inside, flow: Flow) -> None:
        """Branches whose modules belong to this container."""

        def branch(place: int, inner: Flow) -> None:
            entries = entry.parts[place]
            assert isinstance(entries, tuple)
            self.members(node.branches[place].members, entries, inner)

        open_shortcut = node.shortcut == "project" and not isinstance(node.agrees, bool)
        projection = (lambda: self.optional_projection(node, entry)) if open_shortcut else None
        forward_merge(self, node, flow, branch, projection)

    def optional_projection(self, node: Merge, entry: Inside) -> str:
        """A projection that is there only for some of the calls: an attribute that may be None."""
        (member,) = node.branches[1].members if len(node.branches[1].members) == 1 else (None,)
        entries = entry.parts[1]
        assert isinstance(entries, tuple)
        if member is None or member.label is None or isinstance(node.agrees, bool):
            self.must_settle(node.agrees)
        assert member is not None and not isinstance(node.agrees, bool)
        name = "".join(map(str, entries[0]))  # type: ignore[arg-type]
        condition = negate(node.agrees)
        with self.witnesses.narrow(condition):  # type: ignore[arg-type]
            doc = self.modules.node(member.node)
        assert doc is not None
        self.init.append(f"{STEP * self.indent}self.{name}: nn.Module | None = None")
        self.under(condition, lambda: self.add_line(f"self.{name} = ", doc))
        return f"self.{name}"

    def under(self, condition: Condition | bool, write: Callable[[], None]) -> None:
        """Write constructor lines under an `if`."""
        self.add_line("if ", self.value(condition), ":")
        self.indent += 1
        write()
        self.indent -= 1

    def repeat(self, node: Repeat, entry: Inside, flow: Flow) -> None:
        """Copies that are attributes each: written out if they are few, else in a loop."""
        for run, part in zip(node.runs, entry.parts, strict=True):
            assert isinstance(part, Turns)
            if run.turn is None and isinstance(run.count, int) and run.count <= UNROLLED:
                for turn in range(run.count):
                    entries = tuple(turned(each, part.turn, turn) for each in part.entries)
                    self.members(run.node.members, entries, flow)
            else:
                self.loop(node, run, part, flow)

    def loop(self, node: Repeat, run: Run, part: Turns, flow: Flow) -> None:
        with self.turn(run, node) as variable:
            entries = tuple(turned(each, part.turn, symbol(variable)) for each in part.entries)
            if isinstance(run.count, Expr):
                raise NeedsValue(run.count)
            self.init.append(f"{STEP * self.indent}for {variable} in range({run.count}):")
            if flow.held != flow.target and not flow.pending:
                flow.text = flow.held
            flow.flush()
            flow.write(f"for {variable} in range({run.count}):")
            inner = Flow(flow.held, flow.target, depth=flow.depth + 1, fresh=False)
            self.indent += 1
            self.members(run.node.members, entries, inner)
            self.indent -= 1
            inner.flush()
            flow.lines += inner.lines

    def choice(self, node: Choice, entry: Inside, flow: Flow) -> None:
        """Members that are there only for some of the calls: attributes that may be None."""
        if flow.held != flow.target and not flow.pending:
            flow.text = flow.held
        flow.flush()
        keyword = "if"
        for chain, entries, holds in zip((node.then, node.otherwise), entry.parts, (True, False), strict=True):
            assert isinstance(entries, tuple)
            if not chain.members:
                continue
            settled = [name for name in entries if not isinstance(name, Inside)]
            if len(settled) != len(entries) or not all(holds_modules(member.node) for member in chain.members):
                self.must_settle(node.condition)
            attributes = ["".join(map(str, name)) for name in settled]
            self.init += [f"{STEP * self.indent}self.{name}: nn.Module | None = None" for name in attributes]
            inner = Flow(flow.held, flow.target, depth=flow.depth + 1)
            condition = node.condition if holds else negate(node.condition)

            def write(members: tuple[Member, ...] = chain.members, inside: Flow = inner, own: Any = entries) -> None:
                self.members(members, own, inside)

            with self.side(node, holds):
                self.under(condition, write)
            inner.flush()
            guard = " and ".join(f"self.{name} is not None" for name in attributes)
            flow.write(f"{keyword} {guard}:")
            flow.lines += inner.lines

    # Containers whose members are reached by position

    def positional(self, chain: Chain, access: str) -> tuple[list[Item], Flow]:
        """The modules of a numbered container and the `forward` that runs them: `self[0](x)`.

        What has no module keeps its place with an `nn.Identity`, so that positions and names agree.
        """
        items: list[Item] = []
        flow = Flow("x", "x")
        self._positional(chain.members, names(chain, "numbered"), items, access, flow)
        flow.flush()
        return items, flow

    def _positional(
        self, members: tuple[Member, ...], entries: tuple[Entry, ...], items: list[Item], access: str, flow: Flow
    ) -> None:
        for member, entry in zip(members, entries, strict=True):
            node = member.node
            if isinstance(node, Choice):
                self.must_settle(node.condition)
            elif isinstance(node, Repeat):
                assert isinstance(entry, Inside)
                for run, part in zip(node.runs, entry.parts, strict=True):
                    assert isinstance(part, Turns)
                    if not isinstance(run.count, int) or run.turn is not None:
                        raise NeedsValue(run.count if isinstance(run.count, Expr) else symbol(run.turn or ""))  # type: ignore[arg-type]
                    for turn in range(run.count):
                        inner = tuple(turned(each, part.turn, turn) for each in part.entries)
                        self._positional(run.node.members, inner, items, access, flow)
            else:
                assert not isinstance(entry, Inside)
                self._place(member, entry, items, access, flow)
            flow.fresh = may_overwrite(node) and not (set(member.marks) & self.needed)
            self.keep(member, flow)

    def _place(self, member: Member, name: Name, items: list[Item], access: str, flow: Flow) -> None:
        node = member.node
        place = len(items)
        docs: list[Doc] = []

        def attribute(doc: Doc) -> str:
            docs.append(doc)
            return f"{access}[{place}]"

        if isinstance(node, LayerNode):
            self.layer(node, attribute, lambda doc: self.parameter(name, doc), flow)
        elif isinstance(node, Reference) or (isinstance(node, Merge) and not holds_modules(node)):
            self.member(member, name, flow)
        else:
            if flatten_ahead(node):
                flow.apply("torch.flatten({x}, 1)")
            doc = self.modules.node(node, flow.fresh)
            assert doc is not None
            extra = "".join(f", {self.tensor(each)}" for each in outer_references(node))
            flow.apply(f"{attribute(doc)}({{x}}{extra})")
        if len(docs) > 1:
            raise NotImplementedError(f"{stem_of(node)} is several modules")
        items.append(Item(name if member.label is not None else None, docs[0] if docs else "nn.Identity()"))

    # Whole classes

    def prepare(self, node: Node, extra: tuple[str, ...]) -> None:
        """Note which labels are referred to, and name the tensors that come from outside."""
        self.needed = {each.target for each in walk(node) if isinstance(each, Reference)}
        for target in extra:
            self.tensors[target] = self.locals.claim(target.rsplit(".", 1)[-1])

    def chain_class(self, chain: Chain, kind: str, base: list[str]) -> tuple[str, list[str]]:
        """The base class and `forward` lines of a container; the constructor's are in `init`."""
        if kind == "top" or style(chain, "block" if kind == "block" else "group") == "named":
            flow = Flow("x", "x")
            self.members(chain.members, names(chain, "named"), flow)
            flow.text = flow.text or (flow.held if flow.held != "x" else "")
            flow.flush()
            return "nn.Module", [*flow.lines, "return x"]
        items = self.modules.items(chain)
        if items is not None:
            doc = sequential("super().__init__", items)
            base += lines("", doc, "", 2)
            return "nn.Sequential", []
        items, flow = self.positional(chain, "self")
        base += lines("", sequential("super().__init__", items), "", 2)
        result = flow.held
        return "nn.Sequential", [*flow.lines, f"return {result}"]

    def merge_class(self, node: Merge, base: list[str]) -> tuple[str, list[str]]:
        """A merge that keeps its labels to itself: an `nn.ModuleList` of its branches."""
        docs: list[Doc] = []
        flows: list[Callable[[Flow], None]] = []
        for place, branch in enumerate(node.branches):
            doc, run = self.branch(branch, place)
            if node.shortcut == "project" and place == 1 and not isinstance(node.agrees, bool):
                condition = self.value(negate(node.agrees))
                doc = Bracket("(", (doc, f"if {condition}", "else nn.Identity()"), ")", commas=False)
            docs.append(doc)
            flows.append(run)
        while docs and docs[-1] == "nn.Identity()":
            docs.pop()
        base += lines("super().__init__(", Bracket("[", tuple(docs), "]"), ")", 2)
        flow = Flow("x", "x")
        forward_merge(self, node, flow, lambda place, inner: flows[place](inner), None)
        flow.flush()
        return "nn.ModuleList", [*flow.lines, "return x"]

    def branch(self, branch: Chain, place: int) -> tuple[Doc, Callable[[Flow], None]]:
        """The module of a branch and how it is called."""
        hoisted = flatten_ahead(branch)
        if not holds_modules(branch):
            return "nn.Identity()", lambda flow: self.members(branch.members, names(branch, "named"), flow)
        leading = branch.members[0].node
        if isinstance(leading, Reference) or any(outer_references(member.node) for member in branch.members):
            return self.positional_branch(branch, place)
        items = self.modules.chain_items(branch.members, names(branch, "numbered"), hoisted)
        if items is None:
            return self.positional_branch(branch, place)

        def run(flow: Flow) -> None:
            if hoisted:
                flow.apply("torch.flatten({x}, 1)")
            flow.apply(f"self[{place}]({{x}})", folds=hoisted)

        return sequential("nn.Sequential", items), run

    def positional_branch(self, branch: Chain, place: int) -> tuple[Doc, Callable[[Flow], None]]:
        """A branch that is no `nn.Sequential`: its modules in a list, run one by one."""
        items: list[Item] = []
        self._positional(branch.members, names(branch, "numbered"), items, f"self[{place}]", Flow("x", "x"))

        def run(flow: Flow) -> None:
            self._positional(branch.members, names(branch, "numbered"), [], f"self[{place}]", flow)

        return Bracket("nn.ModuleList([", tuple(item.doc for item in items), "])"), run


def holds_modules(node: Node) -> bool:
    """Whether a node needs any submodule."""
    if isinstance(node, LayerNode):
        return any(isinstance(step, (Module, Parameter)) for step in node.layer.torch(node.input))
    if isinstance(node, Reference):
        return False
    return any(holds_modules(part) for part in node.parts)


def stem_of(node: Node) -> str:
    return node.layer.keyword if isinstance(node, LayerNode) else type(node).__name__


def fill(template: str, values: list[str], **names: str) -> str:
    """A template with values put in; `{x}` is left for the tensor."""
    for place, value in enumerate(values):
        template = template.replace(f"{{{place}}}", value)
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def freeze(row: Row) -> frozenset[tuple[str, Any]]:
    return frozenset(row.items())
