"""The value of every parameter of a spec: what the caller gives, else the variant, else the default."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.named_values import named_values
from archdsl.elaborate.program import Program
from archdsl.elaborate.variants import Variant
from archdsl.ir.values import Scope, Value


class MissingParameter(Diagnostic):
    """A parameter without a default that neither a variant nor the caller gives."""

    code = "missing-parameter"
    bad = "arch net(classes)\ninput 8\nfc-{classes}\n"
    mended = "arch net(classes = 10)\ninput 8\nfc-{classes}\n"


class UnknownParameter(Diagnostic):
    """A value is given for a parameter that the architecture doesn't have."""

    code = "unknown-parameter"
    asked = ("archdsl shapes resnet18 --set klasses=10", "archdsl shapes resnet18 --set classes=10")


def settle_parameters(
    program: Program, variant: Variant | None, given: Mapping[str, Value], budget: Budget | None = None
) -> dict[str, Value]:
    """The value of every parameter: what the caller gives, else the variant, else the default."""
    declared = program.arch.parameters if program.arch else ()
    known = {each.name.text for each in declared}
    for name in given:
        if name not in known:
            raise ArchError(
                UnknownParameter(
                    None,
                    f"`{program.name}` has no parameter `{name}`",
                    helps=similar_help(name, [each.name.text for each in declared], "a parameter")
                    or [
                        "its parameters are " + ", ".join(each.name.text for each in declared)
                        if declared
                        else "it has none"
                    ],
                )
            )
    evaluate = program.evaluator(budget)
    values: dict[str, Value] = {}
    # A parameter sees those before it.
    scope = Scope(values, program.blocks)
    for each in declared:
        name = each.name.text
        cell = variant.values.get(name) if variant else None
        if name in given:
            values[name] = given[name]
        elif cell is not None:
            values[name] = evaluate(cell, scope.bind(**named_values(program, cell, evaluate)))
        elif each.default is not None:
            values[name] = evaluate(each.default, scope)
        else:
            raise ArchError(
                MissingParameter(
                    each.name.span,
                    f"the parameter `{name}` has no value",
                    "no default here",
                    helps=[f"give it a default, or `--set {name}=…`"],
                )
            )
    return values
