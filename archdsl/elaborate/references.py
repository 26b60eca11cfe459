"""`@label`: which tensors can be reached by their labels, and what a reference makes of one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.labels import LabelTwice, evaluate_template, unknown_label
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Call, Member, Name, Reference
from archdsl.syntax import tree

if TYPE_CHECKING:
    from archdsl.elaborate.statements import Elaborator

MAX_MARKS = 1000
"""The most labels inside one module that `@a.b.c` can reach: blocks within blocks could have countless."""


class MisplacedReference(Diagnostic):
    """A `@label` elsewhere than at the beginning of a branch, where it would throw away what arrives."""

    code = "misplaced-reference"
    bad = "arch net\ninput 3x8x8\na: conv3-3\nconcat<relu @a | identity>\n"
    mended = "arch net\ninput 3x8x8\na: conv3-3\nconcat<@a relu | identity>\n"


def mark(elaborator: Elaborator, label: Name, sequence: Sequence, member: Member, node: tree.Node) -> None:
    """Make a label, and the labels inside what it names, reachable from what follows."""
    if len(label) != 1 or not isinstance(label[0], str):
        return
    name = label[0]
    if name in sequence.marks:
        raise ArchError(
            LabelTwice(
                node.span,
                f"the label `{name}` is given twice",
                "the second of that name",
                helps=["give each its own name"],
            )
        )
    last = sequence.members[-1]
    sequence.members[-1] = Member(label=last.label, node=last.node, marks=(*last.marks, name))
    # Labels inside a block stay inside it: what it is built of is its own business.
    inner_marks = {} if isinstance(member.node, Call) else elaborator.marks_of.get(member.node, {})
    # A reference that is longer than a name may be can't be written.
    room = elaborator.budget.limits.letters - len(name)
    inside = islice(((inner, shape) for inner, shape in inner_marks.items() if len(inner) < room), MAX_MARKS)
    sequence.mark({name: sequence.x, **{f"{name}.{inner}": shape for inner, shape in inside}})


def reference_into(elaborator: Elaborator, node: tree.Reference, sequence: Sequence) -> None:
    """Begin a branch with the tensor of a label. Raises ArchError where no branch begins, or nothing has the label."""
    if sequence.members or not sequence.branch:
        raise ArchError(
            MisplacedReference(
                node.span,
                f"`{node.span.text}` isn't first in its branch",
                "would throw away what arrives here",
                helps=[f"begin a branch with it: `concat<{node.span.text} | identity>`"],
            )
        )
    target = evaluate_template(elaborator.evaluate, node.target, sequence.scope, sequence.x)
    name = "".join(map(str, target))
    if name not in sequence.scope.marks:
        raise ArchError(unknown_label(name, node.span, sequence.scope.marks))
    sequence.add(Reference(input=sequence.x, output=sequence.scope.marks[name], span=node.span, target=name))
