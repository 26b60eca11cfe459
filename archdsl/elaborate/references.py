"""`@label`: which tensors can be reached by their labels, and what a reference makes of one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError, Diagnostic, Span
from archdsl.elaborate.labels import LabelTwice, evaluate_template, unknown_label
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.marks import Mark
from archdsl.ir.nodes import MAX_MARKS, Call, Member, Name, Reference
from archdsl.ir.values import Labelled, Scope
from archdsl.shape import Shape
from archdsl.syntax import tree

if TYPE_CHECKING:
    from archdsl.elaborate.statements import Elaborator


class MisplacedReference(Diagnostic):
    """A `@label` elsewhere than at the beginning of a branch, where it would throw away what arrives."""

    code = "misplaced-reference"
    bad = "arch net\ninput 3x8x8\na: conv3-3\nconcat<relu @a | identity>\n"
    mended = "arch net\ninput 3x8x8\na: conv3-3\nconcat<@a relu | identity>\n"


def make_reachable(elaborator: Elaborator, label: Name, sequence: Sequence, member: Member, node: tree.Node) -> None:
    """Make a label, and the labels inside what it names, reachable from what follows."""
    if len(label) != 1 or not isinstance(label[0], str):
        return
    name = label[0]
    if name in sequence.labels:
        raise ArchError(
            LabelTwice(
                node.span,
                f"the label `{name}` is given twice",
                "the second of that name",
                helps=["give each its own name"],
            )
        )
    last = sequence.members[-1]
    mark = Mark(name)
    sequence.members[-1] = Member(label=last.label, node=last.node, marks=(*last.marks, mark))
    # Labels inside a block stay inside it: what it is built of is its own business.
    inner = {} if isinstance(member.node, Call) or member is not last else elaborator.labels_of.get(member.node, {})
    # A reference that is longer than a name may be can't be written.
    room = elaborator.budget.limits.letters - len(name)
    inside = islice(((word, tensor) for word, tensor in inner.items() if len(word) < room), MAX_MARKS)
    found = {name: Labelled((mark,), sequence.x)}
    for word, tensor in inside:
        found[f"{name}.{word}"] = Labelled((mark, *tensor.path), tensor.shape)
    sequence.reach(found)


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
    tensor = labelled(elaborator, node.target, node.span, sequence.scope, sequence.x)
    sequence.add(Reference(input=sequence.x, output=tensor.shape, span=node.span, target=tensor.path))


def labelled(elaborator: Elaborator, template: tree.Template, span: Span, scope: Scope, x: Shape) -> Labelled:
    """The tensor that a label names where `x` arrives. Raises ArchError where nothing has the label."""
    name = "".join(map(str, evaluate_template(elaborator.evaluate, template, scope, x)))
    found = scope.labels.get(name)
    if found is None or _is_hidden(name, scope):
        seen = {word: each for word, each in scope.labels.items() if not _is_hidden(word, scope)}
        raise ArchError(unknown_label(name, span, seen, hidden=found is not None))
    return found


def _is_hidden(name: str, scope: Scope) -> bool:
    """Whether a label is inside another one than the nearest of that name, which hides all that is in the other."""
    nearest = scope.labels.get(name.partition(".")[0])
    return nearest is not None and nearest.path[0] is not scope.labels[name].path[0]
