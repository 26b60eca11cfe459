"""The Python that a source may hold, followed by walking its tree: names are resolved as Python does, and nothing runs.

Each function and class is made into closures once, and these are called for every set of numbers. What isn't
among the forms below is a Problem, and so is a name without a value or a key that is there twice.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from archdsl.backends.torch.reading.values import LONG, Gap, Problem

Env = dict[Any, Any]
Run = Callable[[Env], Any]

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
BUILTINS: Mapping[str, Any] = {
    "abs": abs,
    "float": float,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "round": round,
    "sum": sum,
}
SPECIAL = frozenset({"range", "enumerate", "getattr", "super"})


class Returned(Exception):
    """The value that a function gives."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Pairs(list[Any]):
    """A dictionary as written, pairs in order, so that a key that is there twice is seen."""


class Ranged:
    """The numbers of a loop."""

    def __init__(self, count: int) -> None:
        self.count = count

    @property
    def turns(self) -> list[int]:
        """The turns that are followed."""
        return list(range(self.count)) if self.count <= LONG else [0, 1, self.count - 1]


class Scope:
    """Names that are local to a function, or to a comprehension in it."""

    def __init__(self, names: set[str], outer: Scope | None = None) -> None:
        self.keys = {name: (name, id(self)) if outer else name for name in names}
        self.outer = outer

    def find(self, name: str) -> Any:
        if name in self.keys:
            return self.keys[name]
        return self.outer.find(name) if self.outer else None


class Reader:
    """Makes closures of expressions and statements. `world` says what names, calls and operators of tensors mean."""

    def __init__(self, world: World) -> None:
        self.world = world

    # Statements

    def function(self, node: ast.FunctionDef) -> Callable[[Env], Any]:
        """A function as what runs its body on an environment with the arguments put in."""
        names = {each.arg for each in node.args.args}
        names |= {name for statement in node.body for name in assigned(statement)}
        body = self.statements(node.body, Scope(names))

        def run(env: Env) -> Any:
            try:
                body(env)
            except Returned as returned:
                return returned.value
            return None

        return run

    def statements(self, nodes: list[ast.stmt], scope: Scope) -> Run:
        runs = [run for run in (self.statement(node, scope) for node in nodes) if run is not None]

        def run_all(env: Env) -> None:
            for run in runs:
                run(env)

        return run_all

    def statement(self, node: ast.stmt, scope: Scope) -> Run | None:
        match node:
            case ast.Expr(value=ast.Constant()):
                return None
            case ast.Expr(value=value):
                return self.expression(value, scope)
            case ast.Return(value=value) if value is not None:
                returned = self.expression(value, scope)

                def give(env: Env) -> None:
                    raise Returned(returned(env))

                return give
            case ast.Assign(targets=[target], value=value):
                return self.assignment(target, value, scope)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                return self.assignment(target, value, scope)
            case ast.If():
                return self.condition(node, scope)
            case ast.For(orelse=[]):
                return self.loop(node, scope)
            case ast.Raise():

                def refuse(env: Env) -> None:
                    raise Problem("a class refuses a call that the network makes")

                return refuse
        raise Problem(f"a source of ours has no `{type(node).__name__}`")

    def condition(self, node: ast.If, scope: Scope) -> Run:
        test = self.expression(node.test, scope)
        then, otherwise = self.statements(node.body, scope), self.statements(node.orelse, scope)

        def run(env: Env) -> None:
            (then if test(env) else otherwise)(env)

        return run

    def assignment(self, target: ast.expr, value: ast.expr, scope: Scope) -> Run:
        made = self.expression(value, scope)
        place = self.target(target, scope)
        return lambda env: place(env, made(env))

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

    def loop(self, node: ast.For, scope: Scope) -> Run | None:
        if isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) in ("self.modules", "self.named_modules"):
            # How weights begin is nothing of the flow.
            return None
        iterable = self.expression(node.iter, scope)
        place, body = self.target(node.target, scope), self.statements(node.body, scope)

        def run(env: Env) -> None:
            for each in self.world.turns(env, iterable(env)):
                place(env, each)
                body(env)

        return run

    # Expressions

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


def assigned(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives a value, but for those of comprehensions, which keep them to themselves."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from assigned(child.iter)
        else:
            yield from assigned(child)


def bound(generators: list[ast.comprehension]) -> set[str]:
    """The names that a comprehension binds."""
    return {name for each in generators for name in assigned(each.target)}


def free(node: ast.AST) -> set[str]:
    """The names in an expression that it doesn't bind itself: an index within may have the name of one around."""
    if isinstance(node, ast.Name):
        return {node.id}
    found = {name for child in ast.iter_child_nodes(node) for name in free(child)}
    if isinstance(node, (ast.ListComp, ast.DictComp)):
        return (found - bound(node.generators)) | free(node.generators[0].iter)
    return found


def width(items: list[Any]) -> int:
    """How many items there are, those of gaps counted."""
    return sum(each.count * each.width if isinstance(each, Gap) else 1 for each in items)


class World:
    """What Python's forms mean for a source: the parts of `Reader` that know of modules and tensors."""

    def named(self, name: str) -> Any:
        """What a name that is local to nothing stands for. Raises Problem for one that is nothing's."""
        raise NotImplementedError

    def set_attribute(self, env: Env, name: str, value: Any) -> None:
        raise NotImplementedError

    def attribute(self, env: Env, name: str) -> Any:
        raise NotImplementedError

    def member(self, owner: Any, name: str) -> Any:
        raise NotImplementedError

    def call(self, env: Env, function: Any, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Any:
        raise NotImplementedError

    def binary(self, sign: str, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        raise NotImplementedError

    def item(self, env: Env, owner: Any, index: Any) -> Any:
        raise NotImplementedError

    def unpacked(self, value: Any, count: int) -> list[Any]:
        raise NotImplementedError

    def turns(self, env: Env, iterable: Any) -> list[Any]:
        raise NotImplementedError
