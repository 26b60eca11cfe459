"""Whole numbers that may be unknown: the arithmetic behind open sizes and parametric classes.

An `Expr` is a polynomial over atoms (symbols, floor divisions, minima, choices) in a normal form, so
that equal sizes are equal objects: `((H−1)//2+1 − 1)//2 + 1` and `(H−1)//4 + 1` are one expression.
Divisors are taken to be positive, as strides, kernels and group counts are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archdsl.record import record

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Kind = Literal["int", "float", "size", "turn"]


@record
class Symbol:
    """A name that stands for a number: a parameter of a class, an open size, or the turn of a repeat."""

    name: str
    kind: Kind = "int"


@record
class Apply:
    """An operation with no polynomial form; `op` is one of `//`, `%`, `min`, `max`, `if`, `divisible`."""

    op: str
    args: tuple[Any, ...]

    @cached_property
    def hash(self) -> int:
        return hash((self.op, self.args))

    @cached_property
    def weight(self) -> int:
        return 1 + sum(_weight(each) for each in self.args)

    def __hash__(self) -> int:
        return self.hash


Atom: TypeAlias = Symbol | Apply
Monomial: TypeAlias = tuple[Atom, ...]


class NeedsValue(Exception):
    """Something asked for the number behind an expression that has no single value."""

    def __init__(self, *expressions: Expr | Condition) -> None:
        super().__init__(", ".join(python(each) for each in expressions))
        self.expressions = expressions


HEAVIEST = 2000
"""The heaviest expression: one that is written out as text, or printed in a class, has no use beyond that."""


class Expr:
    """A sum of products of atoms with whole coefficients. Immutable; equality is of normal forms."""

    __slots__ = ("_hash", "terms", "weight")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        kept = {monomial: factor for monomial, factor in terms.items() if factor}
        self.terms: dict[Monomial, int] = dict(sorted(kept.items(), key=_term_key))
        self._hash = hash(tuple(self.terms.items()))
        self.weight: int = sum(1 + sum(map(_weight, monomial)) for monomial in self.terms)
        """The size of the expression written out. Parts are shared, so that it may be far more than they take."""
        if self.weight > HEAVIEST:
            raise NeedsValue(*(Expr({(each,): 1}) for each in symbols(*self.terms)))

    # Arithmetic. Every result is simplified back to a plain int where it is one.

    def __add__(self, other: Any) -> Dim:
        return _combine(self, other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Dim:
        return _combine(self, other, -1)

    def __rsub__(self, other: Any) -> Dim:
        return _combine(-self, other, 1)

    def __neg__(self) -> Expr:
        return Expr({monomial: -factor for monomial, factor in self.terms.items()})

    def __mul__(self, other: Any) -> Dim:
        right = _terms(other, self)
        product: dict[Monomial, int] = {}
        for monomial, factor in _terms(self, other).items():
            for more, times in right.items():
                key = tuple(sorted(monomial + more, key=_atom_key))
                product[key] = product.get(key, 0) + factor * times
        return _plain(product)

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Dim:
        return floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Dim:
        return floor_divide(other, self)

    def __mod__(self, other: Any) -> Dim:
        return _modulo(self, other)

    def __rmod__(self, other: Any) -> Dim:
        return _modulo(other, self)

    def __pow__(self, power: Any) -> Dim:
        if not isinstance(power, int) or not 0 <= power <= 8:
            raise NeedsValue(self)
        result: Dim = 1
        for _ in range(power):
            result = result * self
        return result

    def __rpow__(self, base: Any) -> Dim:
        raise NeedsValue(self)

    def __truediv__(self, other: Any) -> Any:
        raise NeedsValue(self)

    def __rtruediv__(self, other: Any) -> Any:
        raise NeedsValue(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and self._hash == other._hash and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        raise NeedsValue(self)

    def __int__(self) -> int:
        raise NeedsValue(self)

    __index__ = __int__

    def __repr__(self) -> str:
        return python(self)

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls, serialization=core_schema.plain_serializer_function_ser_schema(str))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "description": "an open size, as a formula"}


Dim: TypeAlias = int | Expr


@record
class Comparison:
    """A comparison of two numbers that can't be settled yet; `op` is one of `== != < <= > >=`."""

    op: str
    left: Dim
    right: Dim

    def __bool__(self) -> bool:
        raise NeedsValue(self)


@record
class Junction:
    """Conditions joined by `and` or `or`."""

    op: Literal["and", "or"]
    parts: tuple[Condition, ...]

    def __bool__(self) -> bool:
        raise NeedsValue(self)


Condition: TypeAlias = Comparison | Junction

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _weight(value: Any) -> int:
    if isinstance(value, (Expr, Apply)):
        return value.weight
    if isinstance(value, Comparison):
        return 1 + _weight(value.left) + _weight(value.right)
    return 1 + sum(map(_weight, value.parts)) if isinstance(value, Junction) else 1


def symbol(name: str, kind: Kind = "int") -> Expr:
    """An expression that is one unknown number."""
    return Expr({(Symbol(name, kind),): 1})


def apply(op: str, *args: Any) -> Expr:
    """An expression that is one operation without a polynomial form."""
    return Expr({(Apply(op, args),): 1})


def floor_divide(numerator: Dim, divisor: Dim) -> Dim:
    """`numerator // divisor` with nested floors folded and whole parts taken out."""
    if isinstance(numerator, int) and isinstance(divisor, int):
        return numerator // divisor
    if divisor == 1:
        return numerator
    quotient: Dim = 0
    rest: dict[Monomial, int] = {}
    for monomial, factor in _terms(numerator, divisor).items():
        whole, left = _divide_term(monomial, factor, divisor)
        quotient = quotient + whole
        if left:
            rest[monomial] = left
    remainder = _plain(rest)
    if remainder == 0:
        return quotient
    inner = _single_floor(remainder)
    if inner is not None:
        dividend, by, offset = inner
        return quotient + floor_divide(dividend + by * offset, by * divisor)
    if isinstance(remainder, int) and isinstance(divisor, int):
        return quotient + remainder // divisor
    return quotient + apply("//", remainder, divisor)


def ceil_divide(numerator: Dim, divisor: Dim) -> Dim:
    """`⌈numerator / divisor⌉`."""
    return (numerator + divisor - 1) // divisor


def minimum(left: Dim, right: Dim) -> Dim:
    """The lesser of two sizes."""
    if isinstance(left, int) and isinstance(right, int):
        return min(left, right)
    return left if left == right else apply("min", left, right)


def maximum(left: Dim, right: Dim) -> Dim:
    """The greater of two sizes."""
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    return left if left == right else apply("max", left, right)


def choose(condition: Condition | bool, then: Dim, otherwise: Dim) -> Dim:
    """`then` where the condition holds, else `otherwise`; one of them where both are equal."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(condition, Comparison) and condition.op in ("==", "!="):
        # `h * t if t != 1 else h` is `h * t` in both cases.
        everywhere, special = (then, otherwise) if condition.op == "!=" else (otherwise, then)
        name = _lone_symbol(condition.left)
        if name is not None and substitute(everywhere, {name: condition.right}) == special:
            return everywhere
    return then if then == otherwise else apply("if", condition, then, otherwise)


def compare(op: str, left: Dim, right: Dim) -> Condition | bool:
    """A comparison, settled at once where both sides are numbers or the same expression."""
    if isinstance(left, int) and isinstance(right, int):
        return _COMPARE[op](left, right)
    if left == right:
        return op in ("==", "<=", ">=")
    difference = left - right
    if isinstance(difference, int):
        return _COMPARE[op](difference, 0)
    if op in ("==", "!=") and difference.terms.get((), 0) % gcd(*(n for each, n in difference.terms.items() if each)):
        # `2 * s == 1` holds for no whole number.
        return op == "!="
    remainder = _remainder(difference) if op in ("==", "!=") else None
    if remainder is not None:
        return Comparison(op, *remainder)
    if isinstance(left, int):
        return Comparison(_MIRRORED[op], right, left)
    return Comparison(op, left, right)


def negate(condition: Condition | bool) -> Condition | bool:
    """The opposite of a condition."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, Comparison):
        return Comparison(_OPPOSITE[condition.op], condition.left, condition.right)
    parts = [negate(part) for part in condition.parts]
    return disjunction(parts) if condition.op == "and" else conjunction(parts)


def conjunction(parts: Iterable[Condition | bool]) -> Condition | bool:
    """All of the conditions."""
    return _join("and", parts)


def disjunction(parts: Iterable[Condition | bool]) -> Condition | bool:
    """At least one of the conditions."""
    return _join("or", parts)


def window_map(size: Dim, start: Expr) -> tuple[Dim, Dim] | None:
    """A size as `⌊(start + A)/S⌋`, the form of every chain of windows: A and S, or None if it has none."""
    rest = size - start
    if not _mentions(rest, start):
        return rest, 1
    floors = [monomial for monomial in _terms(size) if symbols(*monomial) & symbols(start)]
    if len(floors) != 1 or len(floors[0]) != 1 or _terms(size)[floors[0]] != 1:
        return None
    atom = floors[0][0]
    if not isinstance(atom, Apply) or atom.op != "//":
        return None
    dividend, stride = atom.args
    offset = dividend - start
    if _mentions(offset, start) or _mentions(stride, start):
        return None
    return offset + stride * (size - Expr({floors[0]: 1})), stride


def identity_condition(size: Dim, start: Expr) -> Condition | bool:
    """When `size` is `start` whatever number `start` is.

    A chain of windows is the identity exactly if S = 1 and A = 0. That is asked of the map and never of the
    two numbers: at a size of 1 a stride of 2 "agrees" too.
    """
    found = window_map(size, start)
    if found is None:
        return False
    shift, stride = found
    unit = compare("==", stride, 1)
    if unit is False:
        return False
    if isinstance(stride, Expr) and len(stride.terms) == 1:
        shift = substitute_monomial(shift, next(iter(stride.terms)), 1)
    return conjunction([unit, compare("==", shift, 0)])


def stride_of(size: Dim, start: Expr) -> Dim:
    """By how much a chain of windows shrinks a size; 1 where it is no chain of windows."""
    found = window_map(size, start)
    return 1 if found is None else found[1]


def substitute(value: Any, values: Mapping[str, Dim]) -> Any:
    """An expression or condition with symbols replaced, simplified afresh; other values are kept."""
    if isinstance(value, Expr):
        total: Dim = 0
        for monomial, factor in value.terms.items():
            product: Dim = factor
            for atom in monomial:
                product = product * _substitute_atom(atom, values)
            total = total + product
        return total
    if isinstance(value, Comparison):
        return compare(value.op, substitute(value.left, values), substitute(value.right, values))
    if isinstance(value, Junction):
        return _join(value.op, [substitute(part, values) for part in value.parts])
    if isinstance(value, tuple):
        return tuple(substitute(each, values) for each in value)
    return value


def substitute_monomial(value: Dim, monomial: Monomial, number: int) -> Dim:
    """`value` with a product of symbols (say `s1 * s2`) taken to be a number."""
    if isinstance(value, int):
        return value
    total: Dim = 0
    for atoms, factor in value.terms.items():
        rest = _without(atoms, monomial)
        total = total + (_plain({atoms: factor}) if rest is None else _plain({rest: factor * number}))
    return total


def symbols(*values: Any) -> set[Symbol]:
    """Every symbol that occurs in expressions, conditions and tuples of them."""
    found: set[Symbol] = set()
    for value in values:
        if isinstance(value, Expr):
            for monomial in value.terms:
                found |= symbols(*monomial)
        elif isinstance(value, Symbol):
            found.add(value)
        elif isinstance(value, Apply):
            found |= symbols(*value.args)
        elif isinstance(value, Comparison):
            found |= symbols(value.left, value.right)
        elif isinstance(value, Junction):
            found |= symbols(*value.parts)
        elif isinstance(value, (tuple, list)):
            found |= symbols(*value)
    return found


def operations(value: Any) -> set[str]:
    """The operations without polynomial form in an expression or condition."""
    if isinstance(value, Expr):
        return {op for monomial in value.terms for atom in monomial for op in operations(atom)}
    if isinstance(value, Apply):
        return {value.op, *(op for each in value.args for op in operations(each))}
    if isinstance(value, Comparison):
        return operations(value.left) | operations(value.right)
    if isinstance(value, Junction):
        return {op for part in value.parts for op in operations(part)}
    if isinstance(value, tuple):
        return {op for each in value for op in operations(each)}
    return set()


def choices(value: Dim) -> list[Condition]:
    """The conditions on which an expression is one thing or another, in the order in which they stand."""
    atoms = [atom for monomial in value.terms for atom in monomial] if isinstance(value, Expr) else []
    found: list[Condition] = []
    for atom in atoms:
        if isinstance(atom, Apply):
            found += [atom.args[0]] if atom.op == "if" else []
            found += [condition for each in atom.args for condition in choices(each)]
    return found


# Printing

_LEVEL = {"if": 0, "or": 1, "and": 2, "==": 4, "+": 5, "*": 6, "atom": 9}


def python(value: Any) -> str:
    """An expression or condition as Python source."""
    return _python(value)[0]


def _python(value: Any) -> tuple[str, int]:
    if isinstance(value, Expr):
        return _sum(value)
    if isinstance(value, Comparison):
        left, right = _wrap(_python(value.left), 5), _wrap(_python(value.right), 5)
        return f"{left} {value.op} {right}", _LEVEL["=="]
    if isinstance(value, Junction):
        level = _LEVEL[value.op]
        return f" {value.op} ".join(_wrap(_python(part), level + 1) for part in value.parts), level
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        return str(value), _LEVEL["*"]
    return repr(value), _LEVEL["atom"]


def _sum(value: Expr) -> tuple[str, int]:
    value = _folded(value)
    pieces: list[str] = []
    level = _LEVEL["+"] if len(value.terms) > 1 else 0
    # A sum reads better when it doesn't open with a minus: `s - 1`, not `-1 + s`.
    ordered = sorted(value.terms.items(), key=lambda term: (term[1] < 0, not term[0]))
    for monomial, factor in ordered:
        text, strength = _product(monomial, abs(factor))
        if len(value.terms) > 1 and strength < _LEVEL["*"]:
            text, strength = f"({text})", _LEVEL["atom"]
        if not pieces:
            level = level or strength
            # A minus binds more tightly than `//`: −⌊s/2⌋ is not `-s // 2`.
            bare = strength == _LEVEL["atom"] or not isinstance(monomial[0], Apply)
            pieces.append(text if factor > 0 else f"-{text}" if bare else f"-({text})")
        else:
            pieces.append(("- " if factor < 0 else "+ ") + text)
    return " ".join(pieces), level


def _folded(value: Expr) -> Expr:
    """`(k + 1) // 2 - 1` as it is better read, `(k - 1) // 2`."""
    constant = value.terms.get((), 0)
    floors = [m for m in value.terms if len(m) == 1 and isinstance(m[0], Apply) and m[0].op == "//"]
    if constant >= 0 or len(floors) != 1 or value.terms[floors[0]] != 1:
        return value
    atom = floors[0][0]
    assert isinstance(atom, Apply)
    dividend, divisor = atom.args
    if not isinstance(divisor, int):
        return value
    kept = {monomial: factor for monomial, factor in value.terms.items() if monomial not in (floors[0], ())}
    return Expr({**kept, (Apply("//", (dividend + constant * divisor, divisor)),): 1})


def _product(monomial: Monomial, factor: int) -> tuple[str, int]:
    factors = [_atom(atom) for atom in monomial]
    if factor != 1 or not factors:
        factors.insert(0, (str(factor), _LEVEL["atom"]))
    if len(factors) == 1:
        return factors[0]
    # `//` and `%` bind like `*` from the left, so only the first factor may stand bare.
    first, *rest = factors
    return " * ".join([_wrap(first, 6)] + [_wrap(each, 7) for each in rest]), _LEVEL["*"]


def _atom(atom: Atom) -> tuple[str, int]:
    if isinstance(atom, Symbol):
        return atom.name, _LEVEL["atom"]
    if atom.op in ("//", "%"):
        left, right = (_python(each) for each in atom.args)
        return f"{_wrap(left, 6)} {atom.op} {_wrap(right, 7)}", _LEVEL["*"]
    if atom.op == "if":
        condition, then, otherwise = (_python(each)[0] for each in atom.args)
        return f"{then} if {condition} else {otherwise}", _LEVEL["if"]
    return f"{atom.op}({', '.join(python(each) for each in atom.args)})", _LEVEL["atom"]


def _wrap(piece: tuple[str, int], level: int) -> str:
    return piece[0] if piece[1] >= level else f"({piece[0]})"


# The normal form


def _atom_key(atom: Atom) -> tuple[int, str]:
    return (0, atom.name) if isinstance(atom, Symbol) else (1, _atom(atom)[0])


def _term_key(term: tuple[Monomial, int]) -> tuple[bool, int, list[tuple[int, str]]]:
    monomial = term[0]
    return (not monomial, len(monomial), [_atom_key(atom) for atom in monomial])


def _terms(value: Any, partner: Any = None) -> dict[Monomial, int]:
    if isinstance(value, Expr):
        for monomial in value.terms:
            for atom in monomial:
                if isinstance(atom, Symbol) and atom.kind == "float":
                    raise NeedsValue(value)
        return value.terms
    if isinstance(value, int):
        return {(): int(value)}
    if isinstance(partner, Expr):
        raise NeedsValue(partner)
    raise TypeError(f"no arithmetic on {type(value).__name__}")


def _plain(terms: Mapping[Monomial, int]) -> Dim:
    kept = {monomial: factor for monomial, factor in terms.items() if factor}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Expr(kept)


def _combine(left: Expr, right: Any, sign: int) -> Dim:
    total = dict(_terms(left, right))
    for monomial, factor in _terms(right, left).items():
        total[monomial] = total.get(monomial, 0) + sign * factor
    return _plain(total)


def _lone_symbol(value: Dim) -> str | None:
    """The name of a symbol that is a whole expression, else None."""
    if isinstance(value, Expr) and len(value.terms) == 1:
        ((monomial, factor),) = value.terms.items()
        if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol) and monomial[0].kind != "float":
            return monomial[0].name
    return None


def _remainder(difference: Expr) -> tuple[Dim, Dim] | None:
    """`n − d⌊n/d⌋`, whose comparison with 0 is better said as that of a remainder: `k % 2` and 1."""
    for monomial, factor in difference.terms.items():
        atom = monomial[0] if len(monomial) == 1 else None
        if not isinstance(atom, Apply) or atom.op != "//":
            continue
        dividend, divisor = atom.args
        if abs(factor) == divisor and difference == (Expr({monomial: divisor}) - dividend) * (factor // divisor):
            constant = _terms(dividend).get((), 0)
            return apply("%", dividend - constant, divisor), -constant % divisor
    return None


def _modulo(left: Any, right: Any) -> Dim:
    if right == 1:
        return 0
    quotient = floor_divide(left, right)
    rest: Dim = left - right * quotient
    if isinstance(rest, int):
        return rest
    return apply("%", left, right)


def _divide_term(monomial: Monomial, factor: int, divisor: Dim) -> tuple[Dim, int]:
    """The whole quotient of one term and what is left of its factor."""
    if isinstance(divisor, int):
        if not monomial:
            return factor // divisor, factor % divisor
        if factor % divisor == 0:
            return _plain({monomial: factor // divisor}), 0
        return 0, factor
    if len(divisor.terms) == 1:
        ((atoms, times),) = divisor.terms.items()
        rest = _without(monomial, atoms)
        if rest is not None and factor % times == 0:
            return _plain({rest: factor // times}), 0
    return 0, factor


def _without(monomial: Monomial, part: Monomial) -> Monomial | None:
    rest = list(monomial)
    for atom in part:
        if atom not in rest:
            return None
        rest.remove(atom)
    return tuple(rest)


def _single_floor(value: Dim) -> tuple[Dim, Dim, Dim] | None:
    """`value` as `dividend // by + offset` where offset holds no unknown size, else None."""
    if isinstance(value, int):
        return None
    floors = [m for m in value.terms if len(m) == 1 and isinstance(m[0], Apply) and m[0].op == "//"]
    floors = [m for m in floors if value.terms[m] == 1]
    if len(floors) > 1:
        # `⌊H/s⌋ + ⌊k/2⌋`: the size is what a chain of windows goes on from.
        floors = [m for m in floors if any(each.kind == "size" for each in symbols(*m))]
    if len(floors) != 1:
        return None
    atom = floors[0][0]
    assert isinstance(atom, Apply)
    dividend, by = atom.args
    return dividend, by, value - Expr({floors[0]: 1})


def _mentions(value: Dim, start: Expr) -> bool:
    return bool(symbols(value) & symbols(start))


def _join(op: Literal["and", "or"], parts: Iterable[Condition | bool]) -> Condition | bool:
    absorbing = op == "or"
    kept: list[Condition] = []
    for part in parts:
        if isinstance(part, bool):
            if part is absorbing:
                return absorbing
        else:
            inner = part.parts if isinstance(part, Junction) and part.op == op else (part,)
            kept += [each for each in inner if each not in kept]
    if not kept:
        return not absorbing
    return kept[0] if len(kept) == 1 else Junction(op, tuple(kept))


def _substitute_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        replacement = values.get(atom.name)
        return Expr({(atom,): 1}) if replacement is None else replacement
    args = [substitute(each, values) for each in atom.args]
    return OPERATIONS[atom.op](*args)


def divisible(value: Any, divisor: Any) -> Any:
    """The multiple of `divisor` nearest to `value`, not below nine tenths of it (MobileNet's rounding)."""
    if isinstance(value, Expr) or isinstance(divisor, Expr):
        _terms(value, divisor), _terms(divisor, value)
        return apply("divisible", value, divisor)
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


OPERATIONS: dict[str, Callable[..., Dim]] = {
    "//": floor_divide,
    "%": lambda left, right: left % right,
    "min": minimum,
    "max": maximum,
    "if": choose,
    "divisible": divisible,
}
