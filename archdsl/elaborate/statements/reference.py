"""`@label`: which tensors can be reached by their labels, and what a reference makes of one."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic, Span
from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.labels import evaluate_template, unknown_label
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Name, Reference
from archdsl.ir.values import Labelled, Scope
from archdsl.shape import Shape
from archdsl.syntax import tree


class MisplacedReference(Diagnostic):
    """A `@label` elsewhere than at the beginning of a branch, where it would throw away what arrives."""

    code = "misplaced-reference"
    bad = "arch net\ninput 3x8x8\na: conv3-3\nconcat<relu @a | identity>\n"
    mended = "arch net\ninput 3x8x8\na: conv3-3\nconcat<@a relu | identity>\n"


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


class ReferenceBody(BodyKind[tree.Reference]):
    """`@label`, in place of the tensor that arrives."""

    of = tree.Reference

    def add(
        self, elaborator: Elaborator, node: tree.Reference, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        reference_into(elaborator, node, sequence)
