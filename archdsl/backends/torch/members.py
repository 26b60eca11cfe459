"""Members of a container whose `forward` is written out, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archdsl.backends.classes.calls import outer_tensors
from archdsl.backends.classes.names import identifier
from archdsl.backends.python.layout import STEP, Doc, call
from archdsl.backends.torch.context import ClassContext
from archdsl.backends.torch.cutting import cut_points
from archdsl.backends.torch.flow import TENSOR, Flow, fill
from archdsl.backends.torch.items import turned
from archdsl.backends.torch.merging import forward_merge
from archdsl.backends.torch.modules import Modules
from archdsl.backends.torch.needs import holds_modules, may_overwrite
from archdsl.ir.marks import Path, spelled
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import names
from archdsl.ir.nodes import Aux, Choice, LayerNode, Member, Merge, Name, Reference, Repeat
from archdsl.layers.base import Role
from archdsl.layers.torch_call import Function, Module, Parameter
from archdsl.symbolic import Condition, Expr, NeedsValue, negate, symbol

FOLDING = frozenset({Role.NORMALIZATION, Role.ACTIVATION, Role.DROPOUT})
"""What is written on the line of the layer before it."""

UNROLLED = 4
"""A repeat of at most so many turns is written out where its copies are attributes of their own."""


class Members:
    """Writes members for the class that a writer writes: attributes in the constructor, lines in `forward`."""

    def __init__(self, writer: ClassContext, modules: Modules) -> None:
        self.writer = writer
        self.modules = modules
        self.made: dict[Path, tuple[Flow, int, bool]] = {}
        """In which lines the tensor of a label is made, behind how many, and whether an auxiliary output follows."""

    def chain(self, members: Iterable[Named], flow: Flow) -> None:
        """Members in order."""
        for each in members:
            node = each.node
            self.writer.source.budget.write(node.span)
            if isinstance(node, Repeat):
                self.repeat(node, each.runs, flow)
            elif isinstance(node, Choice):
                self.choice(node, each.sides, flow)
            elif each.name is None:
                assert isinstance(node, Merge)
                self.open_merge(node, each.sides, flow)
            elif isinstance(node, Aux):
                self.auxiliary(node, each.name, flow)
                continue
            else:
                self.member(each.member, each.name, flow)
            self.settle(each.member, flow)

    def settle(self, member: Member, flow: Flow) -> None:
        """What a member leaves behind: a tensor that may be overwritten, or one that a later reference needs."""
        writer = self.writer
        kept = [(mark,) for mark in member.marks if (mark,) in writer.needed]
        flow.fresh = may_overwrite(member.node) and not kept
        for path in kept:
            self.keep(path, flow)

    def keep(self, path: Path, flow: Flow) -> None:
        """Give the tensor at hand a variable of its own."""
        variable = self.variable(path)
        if flow.pending:
            flow.flush(variable)
        elif flow.held != variable:
            flow.write(f"{variable} = {flow.held}")
        self.made[path] = flow, len(flow.lines), False

    def variable(self, path: Path) -> str:
        """The variable for the tensor of a label."""
        if path not in self.writer.tensors:
            self.writer.tensors[path] = self.writer.locals.claim(path[-1].label)
        return self.writer.tensors[path]

    def member(self, member: Member, name: Name, flow: Flow) -> None:
        """One member under its name."""
        node, writer = member.node, self.writer
        if isinstance(node, Reference):
            flow.text, flow.held = "", writer.tensor(node.target)
        elif isinstance(node, LayerNode):
            self.layer(node, lambda doc: writer.attribute(name, doc), lambda doc: writer.parameter(name, doc), flow)
        elif isinstance(node, Merge) and not holds_modules(node):
            wanted = self.inner_tensors(member).values()
            writer.needed |= {path[1:] for path in wanted}
            self.open_merge(node, tuple(names(branch, "named") for branch in node.branches), flow)
            for path in wanted:
                writer.tensors[path], self.made[path] = writer.tensors[path[1:]], self.made[path[1:]]
        else:
            self.submodule(member, lambda doc: writer.attribute(name, doc), flow)

    def layer(
        self, node: LayerNode, attribute: Callable[[Doc], str], parameter: Callable[[Doc], str], flow: Flow
    ) -> None:
        """One layer: its modules as attributes, its functions in place."""
        writer = self.writer
        fold = node.layer.role in FOLDING
        for place, step in enumerate(node.layer.torch(node.input)):
            if isinstance(step, Module):
                target = attribute(self.modules.step(step, node.layer.has_inplace and flow.fresh))
                flow.apply(f"{target}({TENSOR})", folds=fold)
            elif isinstance(step, Parameter):
                values = [writer.value(value) for value in step.values]
                initial = fill(step.initial, values, shape=writer.value(step.shape))
                made = parameter(call("nn.Parameter", [initial]))
                flow.apply(fill(step.template, values, parameter=made))
            elif step.template != "{x}":
                if flow.parted:
                    flow.parted = False
                    continue
                template = self.function(step, step.template)
                flow.apply(template, folds=place > 0 and step.template.startswith("torch."))

    def function(self, step: Function, template: str) -> str:
        """A template of a function with its values put in, as `forward` sees them."""
        return fill(template, [self.writer.value(value, forward=True) for value in step.values])

    def submodule(self, member: Member, attribute: Callable[[Doc], str], flow: Flow) -> None:
        """A block, container or merge as an attribute; a flatten that it needs goes ahead of it."""
        node, writer = member.node, self.writer
        if self.modules.flatten_ahead(node):
            flow.apply(f"torch.flatten({TENSOR}, 1)")
        given = writer.source.inner.of(node)
        wanted = self.inner_tensors(member)
        plain = self.modules.plain(node) if given else None
        doc = plain or self.modules.node(node, flow.fresh)
        assert doc is not None
        target = attribute(doc)
        extra = "".join(f", {writer.tensor(each)}" for each in outer_tensors(node))
        if plain is not None and wanted:
            self.taken_apart(member, target, wanted, flow)
        elif plain is None and given:
            held = flow.flush()
            variables = [self.variable(wanted[word]) if word in wanted else "_" for word in given]
            flow.write(f"{', '.join([flow.target, *variables])} = {target}({held}{extra})")
            flow.held = flow.target
            self.made |= {path: (flow, len(flow.lines), False) for path in wanted.values()}
        else:
            flow.apply(f"{target}({TENSOR}{extra})")

    def auxiliary(self, node: Aux, name: Name, flow: Flow) -> None:
        """An output that exists in training only, worked out right where the last tensor it needs is made.

        Its modules stand where the spec has it. To work it out later would hold the tensor, and change the order
        in which gradients are summed.
        """
        writer = self.writer
        output = writer.locals.claim("".join(map(str, name)))
        inner = Flow(writer.tensor(node.target), output, depth=flow.depth + 1)
        self.member(Member(label=name, node=node.body), name, inner)
        inner.carry()
        # What was made in the lines of a branch or of a turn is there when those are done, at the latest here.
        found = [self.made[target] for target in outer_tensors(node)]
        here = [(place, shared) for lines, place, shared in found if lines is flow]
        place, shared = max(here) if len(here) == len(found) else (len(flow.lines), False)
        # Outputs of one tensor share one condition.
        added = inner.lines if shared else [f"{STEP * flow.depth}if self.training:", *inner.lines]
        flow.lines[place:place] = added
        for target, (lines, at, known) in self.made.items():
            if lines is flow:
                # The next output of the same tensor stands right behind, under the same condition.
                follows = known or (target == node.target and at == place)
                self.made[target] = flow, at + len(added) * (at >= place), follows
        writer.auxiliary["".join(map(str, name))] = output

    def inner_tensors(self, member: Member) -> dict[str, Path]:
        """Tensors inside a container that are referred to from outside it, by the way to each from inside."""
        needed = (path for path in self.writer.needed if len(path) > 1 and path[0] in member.marks)
        return {spelled(path[1:]): path for path in sorted(needed, key=spelled)}

    def taken_apart(self, member: Member, target: str, wanted: dict[str, Path], flow: Flow) -> None:
        """Run an `nn.Sequential` module by module, to get at tensors inside it.

        A part of it, `self.features[:17]`, would be a module that nothing holds, which neither a trace nor a
        script takes.
        """
        points = cut_points(member.node, wanted)
        assert points is not None
        writer = self.writer
        place, layer = (writer.source.variable_names(writer.locals.taken).claim(word) for word in ("place", "layer"))
        flow.carry()
        for _, word in points:
            flow.write(f"{self.variable(wanted[word])} = {flow.target}")
        # What is reached by its position is any module to a type checker.
        modules = f"{target}.children()" if target.startswith("self[") else target
        flow.write(f"for {place}, {layer} in enumerate({modules}):")
        flow.write(f"{STEP}{flow.target} = {layer}({flow.target})")
        for behind, word in points:
            flow.write(f"{STEP}if {place} == {behind - 1}:")
            flow.write(f"{STEP * 2}{self.variable(wanted[word])} = {flow.target}")
        self.made |= {path: (flow, len(flow.lines), False) for path in wanted.values()}

    def open_merge(self, node: Merge, sides: tuple[tuple[Named, ...], ...], flow: Flow) -> None:
        """Branches whose modules belong to this container."""
        open_shortcut = node.shortcut == "project" and not isinstance(node.agrees, bool)
        projection = (lambda: self.optional_projection(node, sides[1])) if open_shortcut else None
        parts = self.parts(node)
        forward_merge(self.writer, node, flow, lambda place, inner: self.chain(sides[place], inner), projection, parts)

    def parts(self, node: Merge) -> str | None:
        """The call whose results the branches of a merge begin with, one each in order, if there is one."""
        steps: list[Function] = []
        for branch in node.branches:
            first = branch.members[0].node if branch.members else None
            made = first.layer.torch(first.input) if isinstance(first, LayerNode) else ()
            if len(made) != 1 or not isinstance(made[0], Function):
                return None
            steps.append(made[0])
        if [step.part for step in steps] != [(place, len(steps)) for place in range(len(steps))]:
            return None
        calls = {self.function(step, step.whole) for step in steps}
        return calls.pop() if len(calls) == 1 else None

    def optional_projection(self, node: Merge, members: tuple[Named, ...]) -> str:
        """A projection that is there only for some of the calls: an attribute that may be None."""
        assert not isinstance(node.agrees, bool)
        if len(members) != 1 or members[0].member.label is None:
            # Without a label it is several attributes, which one `if` in `forward` can't stand for.
            raise NeedsValue(node.agrees)
        writer = self.writer
        name = "".join(map(str, members[0].name or ()))
        if name != identifier(name):
            # What may be None is no module to get by its name.
            raise NeedsValue(node.agrees)
        condition = negate(node.agrees)
        with writer.witnesses.narrow(condition):  # type: ignore[arg-type]
            doc = self.modules.node(members[0].node)
        assert doc is not None
        writer.init.append(f"{STEP * writer.indent}self.{name}: nn.Module | None = None")
        self.under(condition, lambda: writer.add_line(f"self.{name} = ", doc))
        return f"self.{name}"

    def under(self, condition: Condition | bool, write: Callable[[], None]) -> None:
        """Write constructor lines under an `if`."""
        writer = self.writer
        writer.add_line("if ", writer.value(condition), ":")
        writer.indent += 1
        write()
        writer.indent -= 1

    def repeat(self, node: Repeat, runs: Iterable[NamedRun], flow: Flow) -> None:
        """Copies that are attributes each: written out if they are few, else in a loop."""
        for each in runs:
            count = each.run.count
            if each.run.turn is None and isinstance(count, int) and count <= UNROLLED:
                for turn in range(count):
                    with self.writer.index(node, each.start + turn):
                        self.chain([turned(inner, each.turn, turn) for inner in each.members], flow)
            else:
                self.loop(node, each, flow)

    def loop(self, node: Repeat, each: NamedRun, flow: Flow) -> None:
        writer, run = self.writer, each.run
        if isinstance(run.count, Expr):
            # `forward` has no count of its own.
            raise NeedsValue(run.count)
        with writer.turn(run, node, each.start) as variable:
            members = [turned(inner, each.turn, symbol(variable)) for inner in each.members]
            flow.carry()
            inner = Flow(flow.held, flow.target, depth=flow.depth + 1)
            written, writer.init = writer.init, []
            writer.indent += 1
            self.chain(members, inner)
            writer.indent -= 1
            inner.carry()
            head = f"for {variable} in range({run.count}):"
            if writer.init:
                written += [f"{STEP * writer.indent}{head}", *writer.init]
            writer.init = written
            if inner.lines:
                flow.write(head)
                flow.lines += inner.lines

    def choice(self, node: Choice, sides: tuple[tuple[Named, ...], ...], flow: Flow) -> None:
        """Members that are there only for some of the calls: attributes that may be None."""
        writer = self.writer
        found = [self.attributes_of(side, node.condition) for side in sides]
        if len({word for words in found for word in words}) != sum(map(len, found)):
            raise NeedsValue(node.condition)
        flow.carry()
        for side, holds, words in zip(sides, (True, False), found, strict=True):
            if not side:
                continue
            writer.init += [f"{STEP * writer.indent}self.{word}: nn.Module | None = None" for word in words]
            inner = Flow(flow.held, flow.target, depth=flow.depth + 1)

            def write(members: tuple[Named, ...] = side, inside: Flow = inner) -> None:
                self.chain(members, inside)

            condition = node.condition if holds else negate(node.condition)
            with writer.witnesses.narrow(condition):  # type: ignore[arg-type]
                if words:
                    self.under(condition, write)
                else:
                    write()
            inner.carry()
            if not inner.lines:
                continue
            if not words:
                # `forward` has nothing to tell the sides by.
                raise NeedsValue(node.condition)
            flow.write(f"if {' and '.join(f'self.{word} is not None' for word in words)}:")
            flow.lines += inner.lines

    def attributes_of(self, members: tuple[Named, ...], condition: Condition) -> list[str]:
        """The attributes that one side of a choice makes; raises NeedsValue for what no attribute stands for."""
        words = []
        for each in members:
            if each.name is None:
                raise NeedsValue(condition)
            if holds_modules(each.node):
                words.append("".join(map(str, each.name)))
        if any(word != identifier(word) for word in words):
            # What may be None is no module to get by its name.
            raise NeedsValue(condition)
        return words
