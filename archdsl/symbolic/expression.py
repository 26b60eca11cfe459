"""Expressions of whole numbers in a normal form, and their arithmetic.

An `Expr` is a polynomial over atoms (symbols, floor divisions, minima, choices) in a normal form, so
that equal sizes are equal objects: `((H−1)//2+1 − 1)//2 + 1` and `(H−1)//4 + 1` are one expression.
Divisors are taken to be positive, as strides, kernels and group counts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
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
    def text(self) -> str:
        """As Python source, by which factors and terms are put in order."""
        return _text(self)

    @cached_property
    def weight(self) -> int:
        return 1 + sum(weight(each) for each in self.args)

    def __hash__(self) -> int:
        return self.hash


Atom: TypeAlias = Symbol | Apply
Monomial: TypeAlias = tuple[Atom, ...]


class NeedsValue(Exception):
    """Something asked for the number behind an expression that has no single value."""

    def __init__(self, *expressions: Expr | Condition) -> None:
        super().__init__(", ".join(map(_text, expressions)))
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
        self.weight: int = sum(1 + sum(map(weight, monomial)) for monomial in self.terms)
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
        right = terms(other, self)
        if len(self.terms) * len(right) > 2 * HEAVIEST:
            # What this would come to, weighed before it is multiplied out.
            raise NeedsValue(*(Expr({(each,): 1}) for each in symbols(*self.terms, *right)))
        product: dict[Monomial, int] = {}
        for monomial, factor in terms(self, other).items():
            for more, times in right.items():
                key = tuple(sorted(monomial + more, key=_atom_key))
                product[key] = product.get(key, 0) + factor * times
        return plain(product)

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
        return _text(self)

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


def weight(value: Any) -> int:
    """The size of an expression or condition written out; 1 for anything else."""
    if isinstance(value, (Expr, Apply)):
        return value.weight
    if isinstance(value, Comparison):
        return 1 + weight(value.left) + weight(value.right)
    return 1 + sum(map(weight, value.parts)) if isinstance(value, Junction) else 1


def _text(value: Expr | Apply | Condition) -> str:
    # Printing needs all that is defined here.
    from archdsl.symbolic.printing import python

    return python(value)


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
    wholes: list[Dim] = []
    rest: dict[Monomial, int] = {}
    for monomial, factor in terms(numerator, divisor).items():
        whole, left = _divide_term(monomial, factor, divisor)
        wholes.append(whole)
        if left:
            rest[monomial] = left
    quotient, remainder = total(wholes), plain(rest)
    if remainder == 0:
        return quotient
    inner = _single_floor(remainder)
    # ⌊⌊a/b⌋/n⌋ is ⌊a/(b·n)⌋ only where n is above 0.
    if inner is not None and _is_positive(divisor):
        dividend, by, offset = inner
        return quotient + floor_divide(dividend + by * offset, by * divisor)
    if isinstance(remainder, int) and isinstance(divisor, int):
        return quotient + remainder // divisor
    return quotient + apply("//", remainder, divisor)


def _is_positive(value: Any) -> bool:
    """Whether a number is above 0, if all unknown ones in it are: nothing is subtracted."""
    if isinstance(value, (int, Symbol)):
        return not isinstance(value, int) or value > 0
    if isinstance(value, Expr):
        return all(factor > 0 and all(map(_is_positive, monomial)) for monomial, factor in value.terms.items())
    return isinstance(value, Apply) and value.op in ("//", "max", "min") and all(map(_is_positive, value.args))


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


# The normal form


def _atom_key(atom: Atom) -> tuple[int, str]:
    return (0, atom.name) if isinstance(atom, Symbol) else (1, atom.text)


def _term_key(term: tuple[Monomial, int]) -> tuple[bool, int, list[tuple[int, str]]]:
    monomial = term[0]
    return (not monomial, len(monomial), [_atom_key(atom) for atom in monomial])


def terms(value: Any, partner: Any = None) -> dict[Monomial, int]:
    """The terms of an expression or number. Raises NeedsValue where it, or its partner, is no whole number."""
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


def plain(summed: Mapping[Monomial, int]) -> Dim:
    """A sum of terms, as a number where it is one."""
    kept = {monomial: factor for monomial, factor in summed.items() if factor}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Expr(kept)


def total(values: Iterable[Dim]) -> Dim:
    """The sum of many expressions, put in order once."""
    summed: dict[Monomial, int] = {}
    for value in values:
        for monomial, factor in terms(value).items():
            summed[monomial] = summed.get(monomial, 0) + factor
    return plain(summed)


def _combine(left: Expr, right: Any, sign: int) -> Dim:
    summed = dict(terms(left, right))
    for monomial, factor in terms(right, left).items():
        summed[monomial] = summed.get(monomial, 0) + sign * factor
    return plain(summed)


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
            return plain({monomial: factor // divisor}), 0
        return 0, factor
    if len(divisor.terms) == 1:
        ((atoms, times),) = divisor.terms.items()
        rest = without(monomial, atoms)
        if rest is not None and factor % times == 0:
            return plain({rest: factor // times}), 0
    return 0, factor


def without(monomial: Monomial, part: Monomial) -> Monomial | None:
    """A product without some of its factors, or None where it doesn't have them."""
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


def divisible(value: Any, divisor: Any) -> Any:
    """The multiple of `divisor` nearest to `value`, not below nine tenths of it (MobileNet's rounding)."""
    if isinstance(value, Expr) or isinstance(divisor, Expr):
        terms(value, divisor), terms(divisor, value)
        return apply("divisible", value, divisor)
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
