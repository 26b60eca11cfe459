"""The walk that evaluates expressions. No text of a spec reaches Python's own evaluation."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Span, proposal
from archdsl.elaborate.budget import Budget, shown
from archdsl.elaborate.functions import FUNCTIONS, length
from archdsl.ir.values import BlockValue, LayerValue, PathValue, Scope, Value, describe, is_number
from archdsl.layers.base import keywords
from archdsl.shape import Layout, Shape
from archdsl.symbolic import (
    Comparison,
    Condition,
    Expr,
    Junction,
    NeedsValue,
    choose,
    compare,
    conjunction,
    disjunction,
    negate,
    weight,
)
from archdsl.syntax import tree
from archdsl.syntax.survey import too_deep


class UnknownName(Diagnostic):
    """An expression uses a name that nothing here defines."""

    code = "unknown-name"
    bad = "arch net(width = 8)\ninput 3x8x8\nconv3-{widht}\n"
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\n"


class BadOperands(Diagnostic):
    """An expression that can't be worked out: a sum of a number and a string, an index past the end."""

    code = "bad-expression"
    bad = 'arch net(width = "8")\ninput 3x8x8\nconv3-{width + 1}\n'
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width + 1}\n"


class TooLarge(Diagnostic):
    """A number in an expression grows beyond what any network needs."""

    code = "expression-too-large"
    bad = "arch net\ninput 3x8x8\nconv3-{9 ** 9 ** 9}\n"
    mended = "arch net\ninput 3x8x8\nconv3-{9 ** 2}\n"


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}

SIZES = ("in_channels", "in_depth", "in_height", "in_width")


class Evaluator:
    """Evaluates expressions.

    `decide` settles a condition that depends on unknown numbers, or returns None where it holds for
    some of the calls that a class is built for and not for others.
    """

    def __init__(self, decide: Callable[[Condition], bool | None], budget: Budget) -> None:
        self.decide = decide
        self.budget = budget
        self.follows_input = False
        """Whether a size was asked for that comes of the input's sides."""

    def __call__(self, node: tree.Expression, scope: Scope, shape: Shape | None = None) -> Value:
        """The value of an expression where `shape` arrives. Raises ArchError, or NeedsValue for unknown numbers."""
        try:
            return self._evaluate(node, scope, shape)
        except RecursionError:
            raise ArchError(too_deep(node.span, self.budget.limits)) from None

    def condition(self, node: tree.Expression, scope: Scope, shape: Shape | None) -> Condition | bool:
        """An expression as a condition, which may be undecided."""
        return self.truth(self(node, scope, shape))

    def truth(self, value: Value) -> Condition | bool:
        if isinstance(value, (bool, Comparison, Junction)):
            return value
        if isinstance(value, Expr):
            return compare("!=", value, 0)
        return bool(value)

    def _evaluate(self, node: tree.Expression, scope: Scope, shape: Shape | None) -> Value:
        def inner(child: tree.Expression) -> Value:
            return self._evaluate(child, scope, shape)

        self.budget.step(node.span)
        match node:
            case tree.Literal():
                return node.value
            case tree.Name():
                return self._name(node.word, scope, shape)
            case tree.Binary():
                return self._binary(node, inner(node.left), inner(node.right))
            case tree.Negative():
                operand = inner(node.operand)
                self._number(operand, node.operand.span)
                return -operand  # type: ignore[operator]
            case tree.Compare():
                return self._compare(node, inner(node.left), inner(node.right))
            case tree.And():
                left = self.truth(inner(node.left))
                return False if left is False else self._joined(conjunction, left, inner(node.right))
            case tree.Or():
                left = self.truth(inner(node.left))
                return True if left is True else self._joined(disjunction, left, inner(node.right))
            case tree.Not():
                return negate(self.truth(inner(node.operand)))
            case tree.IfElse():
                return self._if_else(node, inner)
            case tree.Index():
                return self._index(node, inner(node.operand), inner(node.index))
            case tree.Slice():
                return self._slice(node, inner)
            case tree.Items():
                return self._kept(node, tuple(inner(item) for item in node.items))
            case tree.Comprehension():
                return self._comprehension(node, scope, shape)
            case tree.Function():
                return self._function(node, inner)
        raise ArchError(BadOperands(node.span, "sizes can't stand in an expression"))

    def _joined(self, join: Callable[..., Condition | bool], left: Condition | bool, right: Value) -> Condition | bool:
        joined = join([left, self.truth(right)])
        if isinstance(joined, Junction):
            self.budget.more(len(joined.parts))
        return joined

    def _name(self, word: tree.Word, scope: Scope, shape: Shape | None) -> Value:
        if word.text in scope.names:
            return scope.names[word.text]
        if word.text in SIZES and shape is not None:
            # The channels of a vector may be the places of a map.
            self.follows_input |= word.text != "in_channels" or shape.layout is not Layout.CHANNELS_FIRST
            return arriving(word, shape)
        if word.text in scope.blocks:
            return BlockValue(scope.blocks[word.text])
        if word.text in keywords():
            return LayerValue(word.text)
        known = [*scope.names, *scope.blocks, *SIZES]
        if word.text in ("True", "False"):
            known = [word.text.lower()]
        meant = proposal(word.span, word.text, known, "a name")
        meant["helps"] = meant["helps"] or [f"make it a parameter, or name a value: `let {word.text} = {{…}}`"]
        raise ArchError(
            UnknownName(
                word.span,
                f"unknown name `{word.text}`",
                "not a parameter, loop variable or `let` here",
                **meant,
            )
        )

    def _number(self, value: Value, span: Span) -> None:
        if not is_number(value):
            raise ArchError(BadOperands(span, f"{describe(value)} is not a number", "a number is needed here"))

    def _binary(self, node: tree.Binary, left: Any, right: Any) -> Value:
        op = node.op.text
        if isinstance(left, tuple) or isinstance(right, tuple):
            return self._lists(node, op, left, right)
        self._number(left, node.left.span)
        self._number(right, node.right.span)
        if op in ("/", "//", "%") and right == 0:
            raise ArchError(BadOperands(node.right.span, "division by zero", "this is 0"))
        if isinstance(left, Expr) or isinstance(right, Expr):
            self.budget.step(node.span, _effort(op, left, right))
        try:
            value = self._power(node, left, right) if op == "**" else ARITHMETIC[op](left, right)
        except OverflowError:
            raise ArchError(self._too_large(node, "this number is too large")) from None
        return self._bounded(node, value)

    def _lists(self, node: tree.Binary, op: str, left: Any, right: Any) -> Value:
        if op == "+" and isinstance(left, tuple) and isinstance(right, tuple):
            self.budget.fits(node.span, len(left) + len(right))
            return self._kept(node, left + right)
        times, items = (right, left) if isinstance(left, tuple) else (left, right)
        if op == "*" and isinstance(times, int) and not isinstance(times, bool):
            self.budget.fits(node.span, len(items) * max(times, 0))
            return self._kept(node, items * times)
        if isinstance(times, Expr) and op == "*":
            raise NeedsValue(times)
        raise ArchError(BadOperands(node.op.span, f"`{op}` is not defined on {describe(left)} and {describe(right)}"))

    def _compare(self, node: tree.Compare, left: Value, right: Value) -> Condition | bool:
        op = node.op.text
        if isinstance(left, Expr) or isinstance(right, Expr):
            for value, side in ((left, node.left), (right, node.right)):
                self._number(value, side.span)
                if isinstance(value, float):
                    raise NeedsValue(left if isinstance(left, Expr) else right)  # type: ignore[arg-type]
            return compare(op, left, right)  # type: ignore[arg-type]
        if op in ("==", "!="):
            for value, side in ((left, node.left), (right, node.right)):
                self.budget.items(side.span, value)
                if isinstance(value, (LayerValue, BlockValue, PathValue)):
                    raise ArchError(BadOperands(side.span, f"{describe(value)} can't be compared", "not a number"))
            same = left == right and (isinstance(left, bool) == isinstance(right, bool))
            return same if op == "==" else not same
        if isinstance(left, str) and isinstance(right, str):
            return bool(_ORDER[op](left, right))
        self._number(left, node.left.span)
        self._number(right, node.right.span)
        return bool(_ORDER[op](left, right))

    def _if_else(self, node: tree.IfElse, inner: Callable[[tree.Expression], Value]) -> Value:
        condition = self.truth(inner(node.condition))
        settled = condition if isinstance(condition, bool) else self.decide(condition)
        if settled is not None:
            return inner(node.then if settled else node.otherwise)
        then, otherwise = inner(node.then), inner(node.otherwise)
        if all(isinstance(each, (int, Expr)) and not isinstance(each, bool) for each in (then, otherwise)):
            return choose(condition, then, otherwise)  # type: ignore[arg-type]
        raise NeedsValue(condition)  # type: ignore[arg-type]

    def _index(self, node: tree.Index, operand: Any, index: Any) -> Value:
        if not isinstance(operand, (tuple, str)):
            raise ArchError(BadOperands(node.operand.span, f"{describe(operand)} has no items", "not a list"))
        if isinstance(index, Expr):
            raise NeedsValue(index)
        if not isinstance(index, int) or isinstance(index, bool):
            raise ArchError(BadOperands(node.index.span, f"an index is a whole number, got {describe(index)}"))
        if not -len(operand) <= index < len(operand):
            raise ArchError(
                BadOperands(
                    node.index.span,
                    f"index {shown(index)} is past the end: there are {len(operand)} items",
                    helps=[f"the last item has the index {len(operand) - 1}"] if operand else [],
                    fixes=[Edit(node.index.span, str(len(operand) - 1))] if operand else [],
                )
            )
        return operand[index]

    def _slice(self, node: tree.Slice, inner: Callable[[tree.Expression], Value]) -> Value:
        operand: Any = inner(node.operand)
        if not isinstance(operand, (tuple, str)):
            raise ArchError(BadOperands(node.operand.span, f"{describe(operand)} has no items", "not a list"))
        bounds: list[Any] = [inner(each) if each else None for each in (node.start, node.stop)]
        for bound, side in zip(bounds, (node.start, node.stop), strict=True):
            if isinstance(bound, Expr):
                raise NeedsValue(bound)
            if side and (not isinstance(bound, int) or isinstance(bound, bool)):
                raise ArchError(BadOperands(side.span, f"an index is a whole number, got {describe(bound)}"))
        return self._kept(node, operand[bounds[0] : bounds[1]])

    def _comprehension(self, node: tree.Comprehension, scope: Scope, shape: Shape | None) -> Value:
        items = items_of(self._evaluate(node.iterable, scope, shape), node.iterable.span)
        found: list[Value] = []
        for item in items:
            names = unpack(node.names, item, node.iterable.span)
            self.budget.step(node.span, copying(scope))
            found.append(self._evaluate(node.result, scope.bind(**names), shape))
        return self._kept(node, tuple(found))

    def _function(self, node: tree.Function, inner: Callable[[tree.Expression], Value]) -> Value:
        arguments = [(each.name.text if each.name else None, inner(each.value)) for each in node.arguments]
        function = FUNCTIONS.get(node.name.text)
        if function is None:
            if node.name.text in keywords():
                return LayerValue(node.name.text, tuple(arguments))
            raise ArchError(
                UnknownName(
                    node.name.span,
                    f"unknown function `{node.name.text}`",
                    "not a function of the language",
                    **proposal(node.name.span, node.name.text, FUNCTIONS, "a function"),
                )
            )
        if any(name for name, _ in arguments):
            raise ArchError(BadOperands(node.span, f"`{node.name.text}` takes no named arguments"))
        values = [value for _, value in arguments]
        count = length(node.name.text, values)
        self.budget.fits(node.span, count)
        if node.name.text != "range":
            # The items that it makes are counted when they are kept, as those of any list.
            self.budget.step(node.span, count)
        try:
            return self._bounded(node, function(*values))
        except NeedsValue:
            raise
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            shown = ", ".join(describe(value) for value in values)
            raise ArchError(BadOperands(node.span, f"`{node.name.text}` is not defined on ({shown})")) from None

    def _power(self, node: tree.Binary, base: Any, exponent: Any) -> Any:
        if isinstance(exponent, Expr):
            raise NeedsValue(exponent)
        bits = self.budget.limits.bits
        if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * abs(exponent) > bits:
            raise ArchError(self._too_large(node, "this power is too large"))
        if base == 0 and exponent < 0:
            raise ArchError(BadOperands(node.span, "division by zero: a negative power of 0"))
        value = base**exponent
        if isinstance(value, complex):
            raise ArchError(BadOperands(node.span, "a negative number has no such power"))
        return value

    def _bounded(self, node: tree.Expression, value: Any) -> Value:
        """A result, if it is within the limits."""
        if isinstance(value, int) and value.bit_length() > self.budget.limits.bits:
            raise ArchError(self._too_large(node, "this number is too large"))
        if isinstance(value, float) and not math.isfinite(value):
            raise ArchError(TooLarge(node.span, "this number is too large", "too large"))
        return self._kept(node, value)

    def _kept(self, node: tree.Expression, value: Value) -> Value:
        """A result, if it is no list that is too long."""
        if isinstance(value, tuple):
            self.budget.items(node.span, value)
        return value

    def _too_large(self, node: tree.Expression, message: str) -> Diagnostic:
        return TooLarge(node.span, message, "too large", helps=[self.budget.limits.help("bits")])


def _effort(op: str, left: Any, right: Any) -> int:
    """The steps that arithmetic on unknown numbers takes: a product has each term of one with each of the other."""
    if op == "**":
        return weight(left) * 8
    return weight(left) * weight(right) // 4 if op == "*" else (weight(left) + weight(right)) // 4


def copying(scope: Scope) -> int:
    """The steps that a further name in a scope takes, which copies those that are there."""
    return 1 + len(scope.names) // 64


def arriving(word: tree.Word, shape: Shape) -> Value:
    """`in_channels`, `in_height` …: a size of what arrives at a place."""
    if word.text == "in_channels":
        return shape.channels
    axis = len(shape.spatial) - {"in_width": 1, "in_height": 2, "in_depth": 3}[word.text]
    if axis < 0 or shape.layout is Layout.VECTOR:
        raise ArchError(UnknownName(word.span, f"`{word.text}` has no value here", f"{shape} arrives here"))
    return shape.spatial[axis]


def items_of(value: Value, span: Span) -> tuple[Value, ...]:
    """The items of a list; raises ArchError for anything else."""
    if not isinstance(value, tuple):
        if isinstance(value, Expr):
            raise NeedsValue(value)
        raise ArchError(BadOperands(span, f"{describe(value)} is not a list", "a list is needed here"))
    return value


def unpack(names: tuple[tree.Word, ...], item: Value, span: Span) -> dict[str, Value]:
    """The values of `for a, b in …` or `let a, b = …` for one item."""
    if len(names) == 1:
        return {names[0].text: item}
    if not isinstance(item, tuple) or len(item) != len(names):
        wanted = ", ".join(name.text for name in names)
        raise ArchError(
            BadOperands(span, f"{describe(item)} doesn't give values for {wanted}", f"{len(names)} values are needed")
        )
    return {name.text: value for name, value in zip(names, item, strict=True)}


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
