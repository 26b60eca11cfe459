"""Expressions of Python as closures, followed by walking their tree."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from archdsl.backends.torch.reading.binding import bound, free
from archdsl.backends.torch.reading.values import LONG, Gap, Problem
from archdsl.backends.torch.reading.world import Env, Pairs, Ranged, Run, World

BINARY: Mapping[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
COMPARE: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class Scope:
    """Names that are local to a function, or to a comprehension in it."""

    def __init__(self, names: set[str], outer: Scope | None = None) -> None:
        self.keys = {name: (name, id(self)) if outer else name for name in names}
        self.outer = outer

    def find(self, name: str) -> Any:
        if name in self.keys:
            return self.keys[name]
        return self.outer.find(name) if self.outer else None


class Expressions:
    """Makes closures of expressions. `world` says what names, calls and operators of tensors mean."""

    def __init__(self, world: World) -> None:
        self.world = world

    def target(self, node: ast.expr, scope: Scope) -> Callable[[Env, Any], None]:
        if isinstance(node, ast.Name):
            key = scope.find(node.id)

            def set_name(env: Env, value: Any) -> None:
                env[key] = value

            return set_name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            name, world = node.attr, self.world
            return lambda env, value: world.set_attribute(env, name, value)
        if isinstance(node, ast.Tuple):
            places = [self.target(each, scope) for each in node.elts]

            def set_all(env: Env, value: Any) -> None:
                values = [value] * len(places) if isinstance(value, Gap) else self.world.unpacked(value, len(places))
                for place, each in zip(places, values, strict=True):
                    place(env, each)

            return set_all
        raise Problem(f"a source of ours assigns to no `{type(node).__name__}`")

    def expression(self, node: ast.expr, scope: Scope) -> Run:
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise Problem(f"a source of ours has no `{type(node).__name__}`")
        found: Run = method(node, scope)
        return found

    def _Constant(self, node: ast.Constant, scope: Scope) -> Run:
        value = node.value
        return lambda env: value

    def _Name(self, node: ast.Name, scope: Scope) -> Run:
        name, key = node.id, scope.find(node.id)
        if key is None:
            found = self.world.named(name)
            return lambda env: found

        def look_up(env: Env) -> Any:
            if key not in env:
                raise Problem(f"`{name}` has no value where it is used")
            return env[key]

        return look_up

    def _Attribute(self, node: ast.Attribute, scope: Scope) -> Run:
        name, world = node.attr, self.world
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return lambda env: world.attribute(env, name)
        owner = self.expression(node.value, scope)
        return lambda env: world.member(owner(env), name)

    def _Call(self, node: ast.Call, scope: Scope) -> Run:
        function = self.expression(node.func, scope)
        items = [(self.expression(each, scope), isinstance(each, ast.Starred)) for each in node.args]
        kwargs = [(each.arg, self.expression(each.value, scope)) for each in node.keywords]
        if any(name is None for name, _ in kwargs):
            raise Problem("a source of ours hands no dictionary over")
        world = self.world

        def call(env: Env) -> Any:
            args: list[Any] = []
            for item, starred in items:
                value = item(env)
                args += value if starred else [value]
            return world.call(env, function(env), args, [(name, value(env)) for name, value in kwargs])

        return call

    def _Starred(self, node: ast.Starred, scope: Scope) -> Run:
        return self.expression(node.value, scope)

    def _List(self, node: ast.List, scope: Scope) -> Run:
        items = [(self.expression(each, scope), isinstance(each, ast.Starred)) for each in node.elts]

        def make(env: Env) -> list[Any]:
            found: list[Any] = []
            for item, starred in items:
                value = item(env)
                found += value if starred else [value]
            return found

        return make

    def _Tuple(self, node: ast.Tuple, scope: Scope) -> Run:
        make = self._List(ast.List(node.elts, node.ctx), scope)
        return lambda env: tuple(make(env))

    def _Dict(self, node: ast.Dict, scope: Scope) -> Run:
        pairs = [
            (None if key is None else self.expression(key, scope), self.expression(value, scope))
            for key, value in zip(node.keys, node.values, strict=True)
        ]

        def make(env: Env) -> Pairs:
            found = Pairs()
            for key, value in pairs:
                made = value(env)
                if key is None:
                    found += made
                else:
                    found.append((key(env), made))
            return found

        return make

    def _ListComp(self, node: ast.ListComp, scope: Scope) -> Run:
        return self.comprehension(node.generators, scope, None, node.elt, list)

    def _DictComp(self, node: ast.DictComp, scope: Scope) -> Run:
        return self.comprehension(node.generators, scope, node.key, node.value, Pairs)

    def comprehension(
        self,
        generators: list[ast.comprehension],
        outer: Scope,
        key_node: ast.expr | None,
        value_node: ast.expr,
        kind: type[list[Any]],
    ) -> Run:
        inner = Scope(bound(generators), outer)
        key = None if key_node is None else self.expression(key_node, inner)
        value = self.expression(value_node, inner)
        # Loops within loops would be written out, though what they make is the same each time.
        steady = bound(generators).isdisjoint(free(value_node))
        if any(each.ifs for each in generators):
            raise Problem("a source of ours leaves nothing out of a comprehension")
        first = self.expression(generators[0].iter, outer)
        later = [self.expression(each.iter, inner) for each in generators[1:]]
        places = [self.target(each.target, inner) for each in generators]

        def make(env: Env) -> list[Any]:
            iterable = first(env)
            found = kind()
            once: list[Any] = []

            def rest(env: Env, depth: int, found: list[Any]) -> None:
                if depth == len(later):
                    made = once[0] if once else value(env)
                    if steady and not once:
                        once.append(made)
                    made = made if key is None else (key(env), made)
                    # What a loop inside left out goes through as it is, with its name where it has one.
                    found.append(made[0] if isinstance(made, tuple) and made and isinstance(made[0], Gap) else made)
                    return
                for each in self.world.turns(env, later[depth](env)):
                    places[depth + 1](env, each)
                    rest(env, depth + 1, found)

            if not isinstance(iterable, Ranged) or iterable.count <= LONG:
                for each in self.world.turns(env, iterable):
                    places[0](env, each)
                    rest(env, 0, found)
                return found
            around = dict(env)

            def turn(number: int) -> list[Any]:
                inside = dict(around)
                places[0](inside, number)
                made: list[Any] = []
                rest(inside, 0, made)
                return made

            start, end = [*turn(0), *turn(1)], turn(iterable.count - 1)
            found += [*start, Gap(2, iterable.count - 3, width(end), turn), *end]
            return found

        return make

    def _BinOp(self, node: ast.BinOp, scope: Scope) -> Run:
        left, right = self.expression(node.left, scope), self.expression(node.right, scope)
        sign, function = BINARY[type(node.op)]
        world = self.world
        return lambda env: world.binary(sign, function, left(env), right(env))

    def _UnaryOp(self, node: ast.UnaryOp, scope: Scope) -> Run:
        operand = self.expression(node.operand, scope)
        if isinstance(node.op, ast.USub):
            return lambda env: -operand(env)
        if isinstance(node.op, ast.Not):
            return lambda env: not operand(env)
        raise Problem("a source of ours has no such sign")

    def _Compare(self, node: ast.Compare, scope: Scope) -> Run:
        operands = [self.expression(each, scope) for each in (node.left, *node.comparators)]
        signs = [COMPARE[type(each)] for each in node.ops]

        def compare(env: Env) -> bool:
            left = operands[0](env)
            for sign, each in zip(signs, operands[1:], strict=True):
                right = each(env)
                if not sign(left, right):
                    return False
                left = right
            return True

        return compare

    def _BoolOp(self, node: ast.BoolOp, scope: Scope) -> Run:
        values = [self.expression(each, scope) for each in node.values]
        if isinstance(node.op, ast.And):
            return lambda env: all(value(env) for value in values)
        return lambda env: any(value(env) for value in values)

    def _IfExp(self, node: ast.IfExp, scope: Scope) -> Run:
        test = self.expression(node.test, scope)
        then, otherwise = self.expression(node.body, scope), self.expression(node.orelse, scope)
        return lambda env: then(env) if test(env) else otherwise(env)

    def _Subscript(self, node: ast.Subscript, scope: Scope) -> Run:
        owner, index = self.expression(node.value, scope), self.expression(node.slice, scope)
        world = self.world
        return lambda env: world.item(env, owner(env), index(env))

    def _Slice(self, node: ast.Slice, scope: Scope) -> Run:
        parts = [None if each is None else self.expression(each, scope) for each in (node.lower, node.upper, node.step)]
        return lambda env: ("slice", *(None if part is None else part(env) for part in parts))

    def _JoinedStr(self, node: ast.JoinedStr, scope: Scope) -> Run:
        parts: list[Run] = []
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                parts.append(self.expression(each.value, scope))
            else:
                parts.append(self.expression(each, scope))
        return lambda env: "".join(str(part(env)) for part in parts)


def width(items: list[Any]) -> int:
    """How many items there are, those of gaps counted."""
    return sum(each.count * each.width if isinstance(each, Gap) else 1 for each in items)
