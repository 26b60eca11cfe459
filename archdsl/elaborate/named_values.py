"""The `let`s of a file whose value is settled before its parameters are: what a cell of `variants` may name."""

from __future__ import annotations

from contextlib import suppress

from archdsl.diagnostics import ArchError, Diagnostic, Label
from archdsl.elaborate.expressions import SIZES, Evaluator, unpack
from archdsl.elaborate.program import Program
from archdsl.ir.free_names import free_names
from archdsl.ir.values import Value
from archdsl.layers.base import keywords
from archdsl.syntax import tree


class UnsettledLet(Diagnostic):
    """A cell of `variants` or an expectation names a `let` whose value depends on what is built."""

    code = "unsettled-let"
    bad = (
        "arch net(widths, base = 8)\ninput 3x8x8\nlet wide = {[base, 2 * base]}\nfor c in {widths} [conv3-{c}]\n"
        "variants\n| name | widths |\n| large | wide |\n"
    )
    mended = (
        "arch net(widths)\ninput 3x8x8\nlet wide = {[8, 16]}\nfor c in {widths} [conv3-{c}]\n"
        "variants\n| name | widths |\n| large | wide |\n"
    )


def named_values(program: Program, expression: tree.Expression, evaluate: Evaluator) -> dict[str, Value]:
    """The values of the file's `let`s that an expression outside of the network names, a parameter's name aside.

    Raises ArchError for one that depends on a parameter or on what arrives, or that is said twice.
    """
    parameters = {each.name.text for each in program.arch.parameters} if program.arch else set()
    lets = [item for item in program.body if isinstance(item, tree.Let)]
    known = {*keywords(), *program.blocks, *(word.text for each in lets for word in each.names)}
    needed: set[int] = set()
    for node in expression.walk():
        if isinstance(node, tree.Name) and node.text not in parameters:
            needed |= _needed(node, lets, parameters)
            if node.text not in known:
                # It is told with those that it may be meant for.
                for each in lets:
                    with suppress(ArchError):
                        needed |= _needed(tree.Name(node.span, each.names[0]), lets, parameters)
    scope = program.scope({})
    for number in sorted(needed):
        value = evaluate(lets[number].value, scope)
        scope = scope.bind(**unpack(lets[number].names, value, lets[number].value.span))
    return dict(scope.names)


def _needed(asked: tree.Name, lets: list[tree.Let], parameters: set[str]) -> set[int]:
    """The places of the `let`s that the value of a name takes; none where there is no `let` of that name."""
    found: set[int] = set()
    pending = {(asked.text, len(lets))}
    while pending:
        name, end = pending.pop()
        bound = [(number, each) for number, each in enumerate(lets) for word in each.names if word.text == name]
        ahead = [(number, each) for number, each in bound if number < end]
        if not ahead:
            continue
        if len(bound) > 1:
            raise _unsettled(asked, bound[1][1], f"`{name}` is said twice", "the second")
        ((number, item),) = ahead
        if number in found:
            continue
        found.add(number)
        names = free_names(item.value)
        on = next((each for each in (*SIZES, *sorted(parameters)) if each in names), None)
        if on is not None:
            what = "what arrives" if on in SIZES else f"the parameter `{on}`"
            raise _unsettled(asked, item, f"its value depends on {what}", f"`{on}` is asked for here")
        pending |= {(each, number) for each in names}
    return found


def _unsettled(asked: tree.Name, item: tree.Let, reason: str, there: str) -> ArchError:
    return ArchError(
        UnsettledLet(
            asked.span,
            f"`{asked.text}` can't be named here: {reason}",
            "worked out before anything is built",
            labels=[Label(item.span, there)],
            helps=["write the value itself here, or a `let` of numbers alone"],
        )
    )
