"""One class of generated source: its parameters, its constructor and its `forward`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archdsl.backends.classes.language import Work
from archdsl.backends.python.layout import STEP, WIDTH, call, lines
from archdsl.backends.python.literals import literal
from archdsl.backends.torch.class_text import ClassText
from archdsl.backends.torch.context import ClassContext
from archdsl.backends.torch.flow import Flow
from archdsl.backends.torch.items import listed, sequential
from archdsl.backends.torch.members import UNROLLED, Members
from archdsl.backends.torch.modules import Modules
from archdsl.backends.torch.needs import is_keyed
from archdsl.backends.torch.positional import Positional
from archdsl.backends.torch.shared import Shared
from archdsl.ir.named import Named
from archdsl.ir.names import as_container, is_open, leaks, names, style
from archdsl.ir.nodes import Chain, Merge, Repeat
from archdsl.symbolic import Expr

SUPER = "super().__init__"


class ClassWriter(ClassContext):
    """Writes one class: the attributes that its constructor makes, and the lines of its `forward`."""

    def __init__(self, source: Shared, work: Work) -> None:
        super().__init__(source, work)
        self.text = ClassText("nn.Module", [], [])
        self.modules = Modules(self)
        self.members = Members(self, self.modules)
        self.positional = Positional(self, self.modules, self.members)

    def write(self) -> None:
        """The text of a class for the body of a network, block or group, or for a merge."""
        body, kind, extra = self.work.body, self.work.kind, self.work.outer
        self.prepare(body, extra)
        self.attributes.taken |= self.module_names(body, kind)
        base: list[str] = []
        flow: Flow | None
        if isinstance(body, Merge) and is_open(body):
            # A label made a container of it, which its labels belong to.
            body = as_container(body)
            self.prepare(body, ())
        if isinstance(body, Merge):
            parent, flow = self.positional.merge(body, base)
        elif kind == "top" or style(body, "block" if kind == "block" else "group") == "named":
            named = names(body, "named", self.is_alone)
            long = kind == "block" and is_long(body) and not self.given
            items = self.modules.chain_items(named, False) if long else None
            if items is None:
                parent, flow = "nn.Module", Flow("x", "x")
                self.members.chain(named, flow)
            else:
                parent, flow = "nn.Sequential", None
                base += lines("", sequential(SUPER, items, keyed=True), "", 2)
        else:
            items = None if self.given else self.modules.items(body)
            parent, flow = "nn.Sequential", None
            if items is None:
                items, flow = self.positional.container(body)
            # A bare parameter has a number, but is no module: the others need theirs said.
            numbered = all("".join(map(str, item.name)) == str(place) for place, item in enumerate(items))
            keyed = is_keyed(body.members) or not (numbered or flow is None)
            if extra and not keyed:
                # `nn.Sequential` takes one tensor, and a subclass can't take more.
                parent = "nn.ModuleList"
                base += lines("", call(SUPER, [listed(items)]), "", 2)
            elif extra:
                parent, flow = "nn.Module", Flow("x", "x")
                self.init.clear()
                self.members.chain(names(body, "numbered"), flow)
            else:
                base += lines("", sequential(SUPER, items, keyed), "", 2)
        # What `super().__init__` takes must be there before it.
        constructor = [*self.local_lines(), *base] if base else [f"{STEP * 2}super().__init__()", *self.local_lines()]
        constructor += [f"{STEP * 2}self.{attribute} = {name}" for name, attribute in self.stored.items()]
        for value, attribute in self.stored_lets.items():
            constructor += lines(f"self.{attribute} = ", self.named.get(value) or literal(value), "", 2)
        self.text = ClassText(parent, [*constructor, *self.init], [] if flow is None else self.returned(flow))

    def module_names(self, body: Chain | Merge, kind: str) -> set[str]:
        """What modules of the class may be called, of names in a loop each that they can be."""
        if isinstance(body, Merge):
            body = as_container(body)
        chosen = "named" if kind == "top" else style(body, "block" if kind == "block" else "group")
        found = {name for name in words(names(body, chosen, self.is_alone)) if name}
        loops = {name for name in found if LOOPED in name}
        self.attributes.patterns += [re.compile(re.escape(name).replace(LOOPED, "-?[0-9]+")) for name in loops]
        return found - loops

    def returned(self, flow: Flow) -> list[str]:
        """The lines of a `forward`, the last of which returns the tensor."""
        if self.auxiliary:
            held = flow.flush()
            outputs = ", ".join([held, *self.auxiliary.values()])
            flow.write("if self.training:")
            flow.write(f"{STEP}return {self.source.outputs}({outputs})")
            flow.write(f"return {held}")
            return flow.lines
        if self.given:
            held = flow.flush()
            return [*flow.lines, f"return {', '.join([held, *(self.tensors[path] for path in self.given)])}"]
        # What a module gives is `Any` to a type checker until it stands in a variable.
        if flow.pending and flow.text.startswith("torch.") and len(f"{STEP * 2}return {flow.text}") <= WIDTH:
            return [*flow.lines, f"return {flow.text}"]
        held = flow.flush()
        return [*flow.lines, f"return {held}"]


def is_long(chain: Chain) -> bool:
    """Whether labelled copies in a plain sequence are so many, or of unknown number, that a loop must make them."""
    return not leaks(chain) and any(
        isinstance(run.count, Expr) or run.turn is not None or run.count > UNROLLED
        for member in chain.members
        if isinstance(member.node, Repeat)
        for run in member.node.runs
    )


LOOPED = "\0"
"""Stands for a number in a name that depends on the turn of a loop."""


def words(members: Iterable[Named]) -> Iterator[str]:
    """The names in a container, with a sign in place of what depends on the turn of a loop."""
    for each in members:
        if each.name is not None:
            yield "".join(LOOPED if isinstance(piece, Expr) else str(piece) for piece in each.name)
        for inner in (*each.sides, *(run.members for run in each.runs)):
            yield from words(inner)
