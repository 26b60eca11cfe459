"""The network of a spec: what is built of its statements where its input arrives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.expressions import Evaluator
from archdsl.elaborate.initializations import settle_initializations
from archdsl.elaborate.items import Incomplete
from archdsl.elaborate.parameters import settle_parameters
from archdsl.elaborate.program import Program
from archdsl.elaborate.scopes import block_scopes
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.whole_names import check_whole_names
from archdsl.elaborate.witnesses import Witnesses
from archdsl.ir.nodes import Architecture, Chain
from archdsl.ir.values import Scope, Value, describe
from archdsl.shape import Dim, Shape
from archdsl.symbolic import Expr, NeedsValue
from archdsl.syntax import tree
from archdsl.syntax.survey import too_deep


class BadInput(Diagnostic):
    """An input with a size that is no whole number of at least one."""

    code = "bad-input"
    bad = "arch net(size = 0)\ninput 3x{size}x{size}\nrelu\n"
    mended = "arch net(size = 8)\ninput 3x{size}x{size}\nrelu\n"


class NeedsSize(Diagnostic):
    """The very number of a size is needed that was left open: in a condition, a repeat, a name, for memory."""

    code = "needs-a-size"
    asked = (
        "archdsl shapes resnet18 --input 3xHxW --batch 8",
        "archdsl shapes resnet18 --input 3x224x224 --batch 8",
    )


def elaborate(
    program: Program,
    variant: str | None = None,
    given: Mapping[str, Value] | None = None,
    dims: tuple[Dim, ...] | None = None,
    budget: Budget | None = None,
) -> Architecture:
    """The network of a spec with every number settled. `dims` replaces the declared input, `budget` counts the work.

    Raises ArchError for every mistake of the spec.
    """
    if program.arch is None:
        raise ArchError(
            Incomplete(
                program.file.source.span(0, 0),
                f"`{program.name}` holds only blocks and has no network",
                helps=["use its blocks in another spec"],
            )
        )
    chosen = program.variant(variant)
    budget = budget or Budget(program.limits)
    parameters = settle_parameters(program, chosen, given or {}, budget)
    elaborator = elaborator_of(program, parameters, variant=chosen.name if chosen else None, budget=budget)
    try:
        x = Shape.of(dims) if dims else _input_shape(program, elaborator.evaluate, parameters)
        body = build_body(program, elaborator, parameters, x)
        check_whole_names(body, program.limits)
        initials = settle_initializations(program.inits, elaborator, program.scope(parameters), body)
    except RecursionError:
        raise ArchError(too_deep(program.arch.span, program.limits)) from None
    except NeedsValue as need:
        raise ArchError(
            NeedsSize(
                None,
                f"`{program.name}` asks for the number behind {need}, which is open",
                helps=["give the input in numbers"],
            )
        ) from None
    return Architecture(
        name=program.name,
        variant=chosen.name if chosen else None,
        parameters=tuple(parameters.items()),
        input=x,
        output=body.output,
        body=body,
        initials=initials,
        follows_input=elaborator.evaluate.follows_input,
    )


def resized(program: Program, architecture: Architecture) -> Callable[[tuple[Dim, ...]], Architecture] | None:
    """What makes the network of a spec for another input; None where it is the same network for all.

    What is called raises ArchError where the spec has none for an input.
    """
    if not architecture.follows_input:
        return None
    return lambda dims: elaborate(program, architecture.variant, dict(architecture.parameters), dims)


def elaborator_of(
    program: Program,
    parameters: Mapping[str, Value],
    witnesses: Witnesses | None = None,
    variant: str | None = None,
    budget: Budget | None = None,
) -> Elaborator:
    """What builds nodes of a spec's text under these parameters; several may share a budget."""
    scopes: dict[tree.Block, Scope] = {}

    def block_scope(block: tree.Block) -> Scope:
        if not scopes:
            scopes.update(block_scopes(program, parameters, made.evaluate))
        return scopes[block]

    budget = budget or Budget(program.limits)
    made = Elaborator(block_scope, budget, witnesses, variant, program.references, program.names)
    return made


def _input_shape(program: Program, evaluate: Evaluator, parameters: Mapping[str, Value]) -> Shape:
    """The declared input. Raises ArchError for sizes below one."""
    assert program.input is not None
    dims: list[Dim] = []
    for expression in program.input.sizes.dims:
        value = evaluate(expression, program.scope(parameters))
        if isinstance(value, bool) or not isinstance(value, (int, Expr)) or (isinstance(value, int) and value < 1):
            raise ArchError(
                BadInput(
                    expression.span,
                    f"an input size is a whole number of at least 1, got {describe(value)}",
                    helps=["an input is its channels and its sizes: `input 3x224x224`"],
                )
            )
        dims.append(value)
    if len(dims) > 4:
        raise ArchError(
            BadInput(
                program.input.span,
                f"an input has at most three spatial axes, got {len(dims) - 1}",
                helps=["the batch is no part of it: `input 3x224x224`"],
            )
        )
    return Shape.of(dims)


def build_body(program: Program, elaborator: Elaborator, parameters: Mapping[str, Value], x: Shape) -> Chain:
    """The network's body where `x` arrives."""
    sequence = Sequence(x, program.scope(parameters))
    elaborator.statements(program.body, sequence)
    if not sequence.members:
        assert program.arch is not None
        raise ArchError(
            Incomplete(
                program.arch.span,
                f"`{program.name}` has no layers",
                "nothing is built here",
                helps=["write them below: `conv3-64 bn relu gap fc-10`"],
            )
        )
    return elaborator.finish(sequence, program.file.span, container=True, kind="top")
