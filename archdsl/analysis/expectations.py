"""Holds the figures that a spec promises against what comes out: `expect params == 25_557_032`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from archdsl.analysis.cost import Costs
from archdsl.analysis.summary import Summary
from archdsl.analysis.trace import Tracer
from archdsl.diagnostics import ArchError, Diagnostic, Edit, proposal, similar_help
from archdsl.elaborate.architecture import resized
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.named_values import named_values
from archdsl.elaborate.program import Program
from archdsl.elaborate.variants import Expectation
from archdsl.ir.marks import spelled
from archdsl.ir.nodes import Architecture
from archdsl.ir.values import Scope
from archdsl.record import record
from archdsl.shape import Dim, Shape
from archdsl.symbolic import symbols
from archdsl.syntax import tree

Figure: TypeAlias = "Dim | tuple[Dim, ...] | None"
"""What is promised: a count, sizes, or nothing (a network on vectors has no smallest input)."""


class ExpectationFailed(Diagnostic):
    """A figure that the spec promises is another than the one that comes out."""

    code = "expectation-failed"
    bad = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 225\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 224\n"

    found: str = ""
    """What comes out, as a spec writes it."""


class UnknownMetric(Diagnostic):
    """An expectation of something that isn't measured."""

    code = "unknown-metric"
    bad = "arch net\ninput 3x8x8\nconv3-8\nexpect parms == 224\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 224\n"


class BadExpectation(Diagnostic):
    """An expectation that can't be held against anything, such as sizes for a number of parameters."""

    code = "bad-expectation"
    bad = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 8x8x8\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\nexpect output == 8x8x8\n"


def expectations(program: Program, variant: str | None) -> list[Expectation]:
    """What a variant is expected to be: what the spec says of all of them, and what the variant's row says."""
    found = [_statement(each) for each in program.expects]
    chosen = program.variant(variant)
    return found + list(chosen.expects if chosen else ())


def failures(
    program: Program, architecture: Architecture, costs: Costs | None = None, budget: Budget | None = None
) -> list[Diagnostic]:
    """A diagnostic for every expectation that isn't met, or can't be; `budget` counts what working them out takes."""
    checker = _Checker(program, architecture, costs, budget or Budget(program.limits))
    found: list[Diagnostic] = []
    for each in expectations(program, architecture.variant):
        try:
            found += checker.check(each)
        except ArchError as error:
            found += error.diagnostics
    return found


def _statement(item: tree.Expect) -> Expectation:
    argument = item.argument.span.text if item.argument is not None else None
    if isinstance(item.argument, tree.Template):
        argument = f"@{argument}"
    return Expectation(item.metric.text, argument, item.op.text, item.value, item.metric.span)


@record
class Measured:
    """A number as it was written; `half` is half a unit of its last digit."""

    value: Decimal
    half: Decimal

    def equals(self, number: int) -> bool:
        """Whether a number is this one to the digits written: 4.089G is all that rounds to 4.089G."""
        return abs(number - self.value) <= self.half


_POWERS = {"k": 3, "M": 6, "G": 9}

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def measured(text: str) -> Measured:
    """The number of a literal, `25_557_032`, `4.089G` or `1e6`, with what its last digit is worth."""
    power = _POWERS.get(text[-1], 0)
    value = Decimal(text[:-1] if power else text).scaleb(power)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    # A whole number is exact, down to its last digit.
    return Measured(value, Decimal(5).scaleb(exponent - 1) if exponent > 0 or "." in text else Decimal(0))


class _Checker:
    """Holds expectations against one network."""

    def __init__(self, program: Program, architecture: Architecture, costs: Costs | None, budget: Budget) -> None:
        self.program = program
        self.evaluate = program.evaluator(budget)
        self.architecture = architecture
        self.summary = Summary(architecture, costs, resized=resized(program, architecture))
        self.metrics: dict[str, Callable[[Expectation], Figure]] = {
            "params": self._params,
            "macs": lambda each: self.summary.macs,
            "output": lambda each: self.summary.output,
            "smallest_input": lambda each: self.summary.smallest_input,
            "size": self._size,
        }

    @cached_property
    def marks(self) -> Mapping[str, Shape]:
        """The shapes of the tensors that labels name."""
        traced = Tracer()(self.architecture.body, self.architecture.input)
        return {spelled(path): shape for path, shape in traced.marks.items()}

    @cached_property
    def rows(self) -> Mapping[str, tuple[Dim, ...]]:
        """The sizes that leave each module, by its whole name."""
        return {row.name: row.output for row in self.summary.rows}

    def check(self, each: Expectation) -> list[Diagnostic]:
        """What is wrong with one expectation. Raises ArchError where it can't be held against anything."""
        metric = self.metrics.get(each.metric)
        if metric is None:
            # In a table of variants the name stands in the header, and the place is the cell's.
            meant = proposal(each.span, each.metric, self.metrics, "a figure")
            meant["helps"] = meant["helps"] or [f"the figures are {', '.join(self.metrics)}"]
            meant["fixes"] = meant["fixes"] if each.span.text == each.metric else []
            raise ArchError(UnknownMetric(each.span, f"`{each.metric}` is no figure of a network", "unknown", **meant))
        if each.argument is not None and each.metric not in ("params", "size"):
            raise ArchError(
                BadExpectation(
                    each.span,
                    f"`{each.metric}` takes nothing in brackets",
                    "expected here",
                    helps=["leave the brackets out"],
                )
            )
        found = metric(each)
        if isinstance(found, int):
            return self._count(each, found)
        if found is not None and symbols(found):
            # Nothing can be held against a formula.
            return []
        return self._sizes(each, found)  # type: ignore[arg-type]

    def _params(self, each: Expectation) -> Figure:
        if each.argument not in (None, "inference"):
            raise ArchError(
                BadExpectation(
                    each.span,
                    f"`params` are of all or of `inference`, not of `{each.argument}`",
                    "expected here",
                    helps=["write `params` or `params(inference)`"],
                )
            )
        return self.summary.params if each.argument is None else self.summary.inference_params

    def _size(self, each: Expectation) -> Figure:
        """The sizes of the tensor that a label names, or of a module by its whole name."""
        label = (each.argument or "").removeprefix("@")
        if not (each.argument or "").startswith("@"):
            raise ArchError(
                BadExpectation(each.span, "`size` needs a label in brackets: `size(@label)`", "expected here")
            )
        if label in self.marks:
            return self.marks[label].dims
        if label in self.rows:
            return self.rows[label]
        helps = similar_help(label, [*self.marks, *self.rows], "a label", each.span)
        helps = helps or ["`archdsl shapes` lists the names of all tensors"]
        raise ArchError(BadExpectation(each.span, f"nothing is labelled `{label}`", "expected here", helps=helps))

    def _count(self, each: Expectation, found: int) -> list[Diagnostic]:
        wanted = self._number(each)
        equal = wanted.equals(found)
        holds = {"==": equal, "!=": not equal}
        if holds[each.op] if each.op in holds else _COMPARE[each.op](Decimal(found), wanted.value):
            return []
        difference = found - wanted.value
        notes = [f"{found:,} − {wanted.value:,f} = {difference:+,f}".replace("-", "−")]
        if wanted.half:
            notes.append(
                f"to the digits written, {wanted.value - wanted.half:,f} to {wanted.value + wanted.half:,f} would do"
            )
        return [self._failed(each, f"{found:,}", notes)]

    def _number(self, each: Expectation) -> Measured:
        if isinstance(each.value, tree.Literal) and not isinstance(each.value.value, (str, bool)):
            return measured(each.value.span.text)
        value = None if isinstance(each.value, tree.Sizes) else self._value(each.value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ArchError(
                BadExpectation(
                    each.value.span,
                    f"`{each.metric}` is a number",
                    "a number is needed here",
                    helps=["sizes are those of `output` or `size(@label)`"],
                )
            )
        return Measured(Decimal(value), Decimal(0))

    def _sizes(self, each: Expectation, found: tuple[int, ...] | None) -> list[Diagnostic]:
        dims = each.value.dims if isinstance(each.value, tree.Sizes) else (each.value,)
        wanted = tuple(self._value(dim) for dim in dims)
        if not all(isinstance(size, int) and not isinstance(size, bool) for size in wanted):
            raise ArchError(
                BadExpectation(each.value.span, f"`{each.metric}` is sizes", "sizes are needed here, such as 64x56x56")
            )
        if each.op not in ("==", "!="):
            raise ArchError(
                BadExpectation(each.span, f"sizes are equal or not, they have no `{each.op}`", "expected here")
            )
        if (found == wanted) == (each.op == "=="):
            return []
        return [self._failed(each, "none" if found is None else "x".join(map(str, found)), [])]

    def _value(self, expression: tree.Expression) -> object:
        named = named_values(self.program, expression, self.evaluate)
        return self.evaluate(expression, Scope({**named, **dict(self.architecture.parameters)}))

    def _failed(self, each: Expectation, found: str, notes: list[str]) -> Diagnostic:
        network = self.architecture.variant or self.architecture.name
        metric = f"{each.metric}({each.argument})" if each.argument else each.metric
        wanted = each.value.span.text if each.op == "==" else f"{each.op} {each.value.span.text}"
        failed = ExpectationFailed(
            each.value.span,
            f"`{metric}` of `{network}` is {found}, expected {wanted}",
            f"{found} comes out",
            notes=notes,
            helps=["mend the network, or write what comes out"],
            fixes=[Edit(each.value.span, found.replace(",", "_"))] if each.op == "==" and found != "none" else [],
        )
        failed.found = found
        return failed
