"""The Python that a source may hold, followed by walking its tree: names are resolved as Python does, and nothing runs.

Each function and class is made into closures once, and these are called for every set of numbers. What isn't
among the forms below is a Problem, and so is a name without a value or a key that is there twice.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from archdsl.backends.torch.reading.binding import assigned
from archdsl.backends.torch.reading.expressions import Expressions, Scope
from archdsl.backends.torch.reading.values import Problem
from archdsl.backends.torch.reading.world import Env, Run


class Returned(Exception):
    """The value that a function gives."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Reader(Expressions):
    """Makes closures of expressions and statements. `world` says what names, calls and operators of tensors mean."""

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
