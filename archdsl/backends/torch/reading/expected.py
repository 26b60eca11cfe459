"""What a network says that the modules and the flow of tensors in its source are, node by node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

from archdsl.backends.classes.calls import outer_tensors
from archdsl.backends.classes.inner_tensors import InnerTensors, inner_paths
from archdsl.backends.torch.flow import TENSOR, fill
from archdsl.backends.torch.needs import flatten_ahead, holds_modules
from archdsl.backends.torch.reading.expressions import Scope
from archdsl.backends.torch.reading.layers import Layers
from archdsl.backends.torch.reading.objects import Held, Self
from archdsl.backends.torch.reading.python import Reader
from archdsl.backends.torch.reading.source import Source
from archdsl.backends.torch.reading.values import (
    FLATTENED,
    LONG,
    Container,
    Gap,
    Leaf,
    Library,
    Made,
    Parameter,
    Tensor,
    Term,
    Terms,
)
from archdsl.diagnostics import Span
from archdsl.ir.marks import Path
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import names, style
from archdsl.ir.nodes import (
    Aux,
    Chain,
    LayerNode,
    Member,
    Merge,
    Node,
    Reference,
    Repeat,
    at,
    reachable,
    text,
)
from archdsl.layers.torch_call import FLATTEN, Function, Module, Step
from archdsl.layers.torch_call import Parameter as ParameterStep

Labels = dict[Path, Term]


class Classes(Protocol):
    """Which class serves a call, and what it is handed."""

    def __call__(self, node: Node) -> tuple[str, tuple[tuple[str, Any], ...]]: ...


@dataclass(eq=False)
class Wrong(Exception):
    """The source is another network than the spec's from this place on."""

    what: str
    span: Span


class Functions:
    """Functions of layers as steps."""

    def __init__(self, source: Source) -> None:
        world = copy(source)
        # They are ours, whatever the source calls by the same names or doesn't import.
        world.globals = {name: Library(name) for name in ("torch", "nn")}
        self.reader = Reader(world)
        self.known: dict[str, Callable[[dict[Any, Any]], Any]] = {}

    def __call__(self, template: str, values: tuple[Any, ...], **given: Any) -> Any:
        """What a template gives with its values and what else stands in it."""
        words = [f"v{place}" for place in range(len(values))]
        text = fill(template, words, **{name: name for name in given}).replace(TENSOR, "x")
        run = self.known.get(text)
        if run is None:
            scope = Scope({*words, *given, "x"})
            run = self.known[text] = self.reader.expression(ast.parse(text, mode="eval").body, scope)
        return run({**dict(zip(words, values, strict=True)), **given})


class Expected:
    """Follows a node of the network beside a module of the source. Raises Wrong where they differ."""

    def __init__(self, source: Source, terms: Terms, layers: Layers, classes: Classes, inner: InnerTensors) -> None:
        self.source = source
        self.terms = terms
        self.layers = layers
        self.classes = classes
        self.inner = inner
        self.functions = Functions(source)
        self.spans: dict[Term, Span] = {}
        self.made = Self("")
        self.named: dict[str, None] = {}
        """The members of the module at hand that the network has met."""
        self.held: set[tuple[Node, Container]] = set()
        """What was found to be in sequence; loops make one container for all of their turns."""
        self.unrolled = False
        self.training = False
        self.outputs: dict[str, Term] = {}

    def follow(
        self, made: Self, chain: Chain | Merge, named: Iterable[Named], x: Term, labels: Labels, unrolled: bool
    ) -> tuple[Term, Labels]:
        """The flow through the members of a class's module."""
        self.made, self.named, self.unrolled, self.outputs = made, {}, unrolled, {}
        if isinstance(chain, Merge):
            return self.merge_by_place(chain, x, labels)
        return self.members(named, "", x, labels, {})

    def note(self, node: Node, term: Term) -> Term:
        self.spans.setdefault(term, node.span)
        return term

    def module(self, path: str) -> Any:
        """The module of a name, if there is one, which the network has met then."""
        found = self.held_at(path)
        if found is not None:
            self.named[path.partition(".")[0]] = None
        return found

    def held_at(self, path: str) -> Any:
        first, *rest = path.split(".")
        held = self.made.values.get(first)
        found = held.value if isinstance(held, Held) else None
        for name in rest:
            found = found.child(name) if isinstance(found, Container) else None
        return found

    # Members

    def members(
        self, members: Iterable[Named], prefix: str, x: Term, around: Labels, values: Mapping[str, Any]
    ) -> tuple[Term, Labels]:
        """The members of a chain in order: the last tensor, and those of the labels that they make reachable."""
        labels = dict(around)
        made: Labels = {}
        for each in members:
            x, inner = self.member(each, prefix, x, labels, values)
            new = reachable(each.member, inner, x)
            labels |= new
            made |= new
        return x, made

    def member(
        self, each: Named, prefix: str, x: Term, labels: Labels, values: Mapping[str, Any]
    ) -> tuple[Term, Labels]:
        node = each.node
        if isinstance(node, Repeat):
            return self.repeat(node, each.runs, prefix, x, labels, values)
        if each.name is None:
            assert isinstance(node, Merge)
            return self.merge_of(node, each.sides, prefix, x, labels, values)
        name = prefix + text(at(each.name, **values))
        match node:
            case Reference():
                return self.note(node, labels[node.target]), {}
            case Aux():
                if self.training:
                    alone = Named(Member(label=each.member.label, node=node.body), each.name)
                    self.outputs[name], _ = self.member(alone, prefix, labels[node.target], labels, values)
                return x, {}
            case LayerNode():
                return self.note(node, self.layer(node, name, x)), {}
            case Merge() if self.in_place(node, name, prefix):
                sides = tuple(names(branch, "named") for branch in node.branches)
                return self.merge_of(node, sides, prefix, x, labels, values)
        return self.submodule(each.member, name, x, labels)

    def merge_of(
        self,
        node: Merge,
        sides: Sequence[Iterable[Named]],
        prefix: str,
        x: Term,
        labels: Labels,
        values: Mapping[str, Any],
    ) -> tuple[Term, Labels]:
        """A merge whose branches stand in the `forward` at hand."""
        return self.merge(node, x, labels, lambda place, around: self.members(sides[place], prefix, x, around, values))

    def in_place(self, node: Merge, name: str, prefix: str) -> bool:
        """Whether a merge stands in the `forward` at hand; in a container it is a module even where it holds none."""
        held = self.held_at(name)
        if not isinstance(held, Made):
            return True
        # Another call of its text may hold some. A label of no modules may be the name of one elsewhere.
        return not prefix and not holds_modules(node) and held.kind != self.classes(node)[0]

    def repeat(
        self,
        node: Repeat,
        runs: Iterable[NamedRun],
        prefix: str,
        x: Term,
        around: Labels,
        values: Mapping[str, Any],
    ) -> tuple[Term, Labels]:
        labels = dict(around)
        made: Labels = {}
        for run in runs:
            count = run.run.count
            assert isinstance(count, int)
            for turn in range(count) if self.unrolled or count <= LONG else (0, 1, count - 1):
                x, new = self.members(run.members, prefix, x, labels, {**values, str(run.turn): turn})
                labels |= new
                made |= new
        return x, made

    def layer(self, node: LayerNode, name: str, x: Term) -> Term:
        """A layer: its modules by its name, its functions in place."""
        steps = node.layer.torch(node.input)
        # A label of functions alone may be the name of a module elsewhere.
        held: Any = None if all(isinstance(step, Function) for step in steps) else self.module(name)
        several = isinstance(held, Container)
        for place, step in enumerate(steps):
            if isinstance(step, Module):
                # A flatten that was hoisted leaves one module behind it, which takes no place of its own.
                found = held.child(str(place)) if several else held
                if found is None:
                    raise Wrong(f"there is no module `{name}`", node.span)
                x = self.layers.term(name, leaf_of(step), self.terms, x)
                self.same_module(node, name, found, step)
            elif isinstance(step, ParameterStep):
                if not isinstance(held, Parameter):
                    raise Wrong(f"there is no parameter `{name}`", node.span)
                initial = self.functions(step.initial, step.values, shape=step.shape)
                if held.initial != initial:
                    raise Wrong(f"the parameter `{name}` begins as {held.initial} and not as {initial}", node.span)
                parameter = Tensor(self.terms(("parameter", name)))
                x = self.functions(step.template, step.values, parameter=parameter, x=Tensor(x)).read()
            else:
                x = self.function(step, x)
        return x

    def function(self, step: Function, x: Term) -> Term:
        term: Term = self.functions(step.template, step.values, x=Tensor(x)).read()
        return term

    def same_module(self, node: Node, name: str, found: Any, step: Module) -> None:
        wanted = self.layers.plain(leaf_of(step))
        if not isinstance(found, Leaf):
            raise Wrong(f"`{name}` is no {step.name}", node.span)
        kwargs = found.kwargs
        if found.kind in self.layers.inplace:
            kwargs = tuple(each for each in kwargs if each[0] != "inplace")
        if self.layers.plain(Leaf(found.kind, found.args, kwargs)) != wanted:
            raise Wrong(f"`{name}` is {shown(found)} and not {shown(wanted)}", node.span)

    def submodule(self, member: Member, name: str, x: Term, labels: Labels) -> tuple[Term, Labels]:
        """A block, a container or a merge that is a module of its own."""
        node = member.node
        held = self.module(name)
        if held is None:
            raise Wrong(f"there is no module `{name}`", node.span)
        if flatten_ahead(node, self.inner):
            x = self.terms(FLATTENED, x)
        if isinstance(held, Container) and isinstance(node, Chain):
            named = names(node, style(node, "group"))
            self.sequence(node, named, held, name)
            if held.is_long:
                return self.note(node, self.terms(("run", name), x)), {}
            return self.members(named, f"{name}.", x, labels, {})
        return self.called(node, held, name, x, labels)

    def called(self, node: Node, held: Any, name: str, x: Term, labels: Labels) -> tuple[Term, Labels]:
        """A module of a class of the source."""
        self.same_class(node, held, name)
        outer = [labels[path] for path in outer_tensors(node)]
        call = self.terms(("call", name, held), x, *outer)
        given = self.inner.of(node)
        if not given:
            return self.note(node, call), {}
        first, *others = (self.terms(("[]", place), call) for place in range(1 + len(given)))
        own = inner_paths(node)
        return self.note(node, first), {own[word]: term for word, term in zip(given, others, strict=True)}

    def same_class(self, node: Node, held: Any, name: str) -> None:
        kind, arguments = self.classes(node)
        if not isinstance(held, Made) or held.kind != kind:
            raise Wrong(f"`{name}` is no {kind}", node.span)
        if held.arguments != arguments:
            raise Wrong(f"`{name}` is {shown_call(held)} and not {shown_call(Made(kind, arguments))}", node.span)

    # Merges

    def merge_by_place(self, node: Merge, x: Term, labels: Labels) -> tuple[Term, Labels]:
        """A merge whose branches are modules by number."""

        def branch(place: int, around: Labels) -> tuple[Term, Labels]:
            chain = node.branches[place]
            held = self.module(str(place))
            start = x
            if isinstance(held, Container):
                if flatten_ahead(chain, self.inner):
                    start = self.terms(FLATTENED, start)
                named = names(chain, "numbered")
                self.sequence(chain, named, held, str(place))
                if held.is_long:
                    return self.terms(("run", str(place)), start), {}
                return self.members(named, f"{place}.", start, around, {})
            if isinstance(held, Made):
                return self.called(chain, held, str(place), start, around)
            return self.members(names(chain, "named"), "", start, around, {})

        return self.merge(node, x, labels, branch)

    def merge(
        self, node: Merge, x: Term, around: Labels, branch: Callable[[int, Labels], tuple[Term, Labels]]
    ) -> tuple[Term, Labels]:
        """Branches that meet, as the language joins them."""
        labels = dict(around)
        made: Labels = {}
        ends: list[Term] = []
        for place in range(len(node.branches)):
            end, new = branch(place, labels)
            labels |= new
            made |= new
            ends.append(end)
        return self.note(node, self.joined(node, x, ends)), made

    def joined(self, node: Merge, x: Term, ends: list[Term]) -> Term:
        if node.is_left_out:
            return ends[0]
        step = node.join.torch(node.shapes, node.output)
        tensors = {f"x{place}": Tensor(end) for place, end in enumerate([*ends, x] if node.adds_arriving else ends)}
        term: Term = self.functions(step.template, step.values, **tensors).read()
        return term

    # Modules in sequence

    def sequence(self, chain: Chain, named: Iterable[Named], held: Container, path: str) -> None:
        """Whether a container holds the modules of a chain, by name and in order."""
        wanted = Positions(named)
        position = 0
        for each in held.modules:
            if isinstance(each, Gap):
                self.gap(wanted, each, position, path, chain.span)
                position += each.count * each.width
                continue
            if position >= wanted.length:
                raise Wrong(f"`{path}` has more modules than the spec", chain.span)
            self.at(wanted, position, each, path)
            position += 1
        if position != wanted.length:
            raise Wrong(f"`{path}` has {position} modules where the spec has {wanted.length}", chain.span)

    def gap(self, wanted: Positions, gap: Gap, start: int, path: str, span: Span) -> None:
        """The turns that were left out: those about each place where the spec changes are made and looked at."""
        end = start + gap.count * gap.width
        if end > wanted.length:
            raise Wrong(f"`{path}` has more modules than the spec", span)
        turns = {0, 1, gap.count - 1, gap.count // 2}
        for border in wanted.borders:
            if start <= border <= end:
                turn = (border - start) // gap.width
                turns |= {turn - 1, turn, turn + 1}
        for turn in sorted(turns):
            if 0 <= turn < gap.count:
                for place, item in enumerate(gap.turn(gap.first + turn)):
                    position = start + turn * gap.width + place
                    named = item if isinstance(item, tuple) else (str(position), item)
                    self.at(wanted, position, named, path)

    def at(self, wanted: Positions, position: int, found: tuple[str, Any], path: str) -> None:
        member, name = wanted.at(position)
        node, inside = member.node, f"{path}.{name}" if path else name
        if found[0] != name:
            raise Wrong(f"`{path}.{found[0]}` stands where the spec has `{name}`", node.span)
        self.named[inside.partition(".")[0]] = None
        if isinstance(node, LayerNode):
            steps = without_flatten(node)
            several = isinstance(found[1], Container)
            for place, step in enumerate(steps):
                module = step.module if isinstance(step, Function) else step
                one = found[1].child(str(place)) if several else found[1]
                if not isinstance(module, Module):
                    raise Wrong(f"`{inside}` is no module", node.span)
                self.same_module(node, inside, one, module)
        elif isinstance(found[1], Container) and isinstance(node, Chain):
            if (node, found[1]) not in self.held:
                self.held.add((node, found[1]))
                self.sequence(node, names(node, style(node, "group")), found[1], inside)
        else:
            self.same_class(node, found[1], inside)


class Positions:
    """The members of a container by their positions, turns of repeats told apart without being unrolled."""

    def __init__(self, members: Iterable[Named]) -> None:
        self.parts: list[tuple[int, int, Any]] = []
        """Where each part begins and ends, and what it is: a member with its name, or a turn with its width."""
        self.length = 0
        self.borders: set[int] = {0}
        for each in members:
            if each.name is not None:
                self.add(1, (each.member, each.name))
            for run in each.runs:
                assert isinstance(run.run.count, int)
                turn = Positions(run.members)
                self.add(turn.length * run.run.count, (turn, str(run.turn)))
                self.borders |= {self.parts[-1][0] + border for border in turn.borders}
        self.borders.add(self.length)

    def add(self, width: int, what: Any) -> None:
        self.parts.append((self.length, self.length + width, what))
        self.borders.add(self.length)
        self.length += width

    def at(self, position: int) -> tuple[Member, str]:
        member, entry, values = self.found(position)
        return member, text(at(entry, **values))

    def found(self, position: int) -> tuple[Member, Any, dict[str, Any]]:
        for start, end, what in self.parts:
            if start <= position < end:
                if isinstance(what[0], Positions):
                    turn, place = divmod(position - start, what[0].length)
                    member, entry, values = what[0].found(place)
                    return member, entry, {**values, what[1]: turn}
                return what[0], what[1], {}
        raise AssertionError(position)


def leaf_of(step: Module) -> Leaf:
    return Leaf(step.name, step.args, step.kwargs)


def without_flatten(node: LayerNode) -> tuple[Step, ...]:
    """The steps of a layer behind the flatten that is left to whoever calls its container."""
    steps = node.layer.torch(node.input)
    return steps[1:] if len(steps) > 1 and steps[0] is FLATTEN else steps


def shown(leaf: Leaf) -> str:
    words = [*map(str, leaf.args), *(f"{name}={value}" for name, value in leaf.kwargs)]
    return f"{leaf.kind}({', '.join(words)})"


def shown_call(made: Made) -> str:
    return f"{made.kind}({', '.join(f'{name}={value}' for name, value in made.arguments)})"
