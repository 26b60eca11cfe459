"""Expressions and conditions as Python source, as a good engineer would write them."""

from __future__ import annotations

from typing import Any

from archdsl.symbolic.expression import Apply, Atom, Comparison, Expr, Junction, Monomial, Symbol

_LEVEL = {"if": 0, "or": 1, "and": 2, "==": 4, "+": 5, "*": 6, "atom": 9}


def python(value: Any) -> str:
    """An expression or condition as Python source."""
    return _python(value)[0]


def _python(value: Any) -> tuple[str, int]:
    if isinstance(value, Expr):
        return _sum(value)
    if isinstance(value, Apply):
        return _atom(value)
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
        condition, then, otherwise = (_python(each) for each in atom.args)
        # What is chosen on one side may stand bare behind `else` alone.
        return f"{_wrap(then, 1)} if {_wrap(condition, 1)} else {otherwise[0]}", _LEVEL["if"]
    return f"{atom.op}({', '.join(python(each) for each in atom.args)})", _LEVEL["atom"]


def _wrap(piece: tuple[str, int], level: int) -> str:
    return piece[0] if piece[1] >= level else f"({piece[0]})"
