"""Labels: what they may be, and how their holes are filled."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Span, proposal
from archdsl.elaborate.expressions import BadOperands, Evaluator
from archdsl.ir.names import CONTAINER_ATTRIBUTES, MODULE_ATTRIBUTES
from archdsl.ir.nodes import Name
from archdsl.ir.values import Scope, describe
from archdsl.shape import Shape
from archdsl.symbolic import Expr, NeedsValue, symbols
from archdsl.syntax import tree


class LabelTwice(Diagnostic):
    """Two things in one container have the same label."""

    code = "label-twice"
    bad = "arch net\ninput 3x8x8\na: conv3-4 a: conv3-4\n"
    mended = "arch net\ninput 3x8x8\na: conv3-4 b: conv3-4\n"


class UnknownLabel(Diagnostic):
    """A reference to a label that doesn't exist, or only later."""

    code = "unknown-label"
    bad = "arch net\ninput 3x8x8\nstem: conv3-4\nconcat<@sten | identity>\n"
    mended = "arch net\ninput 3x8x8\nstem: conv3-4\nconcat<@stem | identity>\n"


def unknown_label(name: str, span: Span, labels: Mapping[str, object], hidden: bool = False) -> Diagnostic:
    """The diagnostic for a label that isn't in reach, with what was probably meant.

    It is `hidden` where it would be but for a nearer one of its first name.
    """
    # The label stands behind its `@`.
    at = span.source.span(span.start + span.text.startswith("@"), span.end)
    meant = proposal(at, name, labels, "a label")
    meant["helps"] = meant["helps"] or ["a label is set ahead of where its tensor is named: `name: conv3-64`"]
    return UnknownLabel(
        span,
        f"no label `{name}` was set before this place",
        "nothing earlier in reach has that label",
        **meant,
        notes=_why(name, labels, hidden),
    )


def _why(name: str, labels: Mapping[str, object], hidden: bool) -> list[str]:
    first, _, rest = name.partition(".")
    if hidden:
        return [f"the nearest `{first}` has no `{rest}`, and hides what others of that name have"]
    return ["labels inside a block stay inside it"] if rest and first in labels else []


class BadLabel(Diagnostic):
    """A label that can't be the name of a submodule: a Python keyword, an attribute of `nn.Module`."""

    code = "bad-label"
    bad = "arch net\ninput 3x8x8\nforward: conv3-4\n"
    mended = "arch net\ninput 3x8x8\nforward1: conv3-4\n"


def evaluate_template(evaluate: Evaluator, template: tree.Template, scope: Scope, x: Shape) -> Name:
    """A label with its holes filled. Raises ArchError where the outcome can't name a module."""
    pieces: list[str | Expr] = []
    for part in template.parts:
        value = part if isinstance(part, str) else evaluate(part, scope, x)
        if isinstance(value, Expr):
            # A name may depend on the turn of a repeat, which the module's loop knows, and on nothing else.
            if any(each.kind != "turn" for each in symbols(value)):
                raise NeedsValue(value)
            pieces.append(value)
            continue
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            assert isinstance(part, tree.Node)
            raise ArchError(
                BadOperands(
                    part.span, f"{describe(value)} can't be part of a label", "a whole number or a string is needed"
                )
            )
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] += str(value)
        else:
            pieces.append(str(value))
    check_label(tuple(pieces), template)
    return tuple(pieces)


def check_label(name: Name, template: tree.Template) -> None:
    """Raise ArchError if a label can't be the name of a submodule."""
    if any(not isinstance(piece, str) for piece in name):
        return
    text = "".join(map(str, name))
    if template.span.source.text[template.span.start - 1 : template.span.start] == "@":
        return
    reason = ""
    if keyword.iskeyword(text):
        reason = "is a keyword of Python"
    elif text in MODULE_ATTRIBUTES:
        reason = "is an attribute of every `nn.Module`"
    elif text in CONTAINER_ATTRIBUTES:
        reason = "is an attribute of `nn.Sequential` and `nn.ModuleList`"
    elif text.startswith("_"):
        reason = "begins with an underscore, as what `nn.Module` keeps for itself"
    elif "." in text or not text:
        reason = "can't be part of the name of a weight"
    if reason:
        other = re.sub(r"[^A-Za-z0-9_]", "_", text).lstrip("_") if "_" in text[:1] or "." in text else f"{text}_"
        raise ArchError(
            BadLabel(
                template.span,
                f"the label `{text}` {reason}",
                "can't name a submodule",
                helps=["choose another label"],
                fixes=[Edit(template.span, other)] if other and template.plain is not None else [],
            )
        )
