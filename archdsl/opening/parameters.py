"""Values for an architecture's parameters that come from outside: from Python, or as text from a command."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from archdsl.diagnostics import ArchError, Source
from archdsl.elaborate.architecture import BadInput
from archdsl.elaborate.expressions import UnknownName
from archdsl.elaborate.program import Program
from archdsl.ir.values import BlockValue, LayerValue, Value
from archdsl.shape import Dim
from archdsl.symbolic import symbol
from archdsl.syntax import parse_expression, tree

Input: TypeAlias = "str | tuple[int, ...] | list[int]"
"""An input as a person gives it: "3x64x64", (3, 64, 64), or "3xHxW" with open sizes."""

MAX_AXES = 4


def from_python(program: Program, given: Mapping[str, Any]) -> dict[str, Value]:
    """Python's values as the language's: a list becomes a tuple, and the name of a block or layer what it names.

    A string is taken for a name only where the parameter's default is a block or layer. Raises TypeError
    for what the language has no value for, and ArchError for a name that isn't there.
    """
    return {name: _value(program, name, value) for name, value in given.items()}


def from_text(program: Program, given: Mapping[str, str]) -> dict[str, Value]:
    """Values as they are written in a spec; a word that names nothing is a string (`config=A-LRN`).

    Raises ArchError where the text is no expression.
    """
    return {name: _expression(program, name, text) for name, text in given.items()}


def input_sizes(given: Input) -> tuple[Dim, ...]:
    """The sizes of an input, channels first; a capital letter is an open size.

    Raises ArchError where they are neither that nor whole numbers of at least one.
    """
    sizes: tuple[Dim, ...]
    if isinstance(given, str):
        if not re.fullmatch(r"[0-9]+(x([0-9]+|[A-Z]))*", given, re.ASCII):
            raise ArchError(BadInput(None, f"an input is written like 3x224x224 or 3xHxW, got `{given}`"))
        sizes = tuple(int(size) if size.isdigit() else symbol(size, "size") for size in given.split("x"))
    else:
        sizes = tuple(operator.index(size) for size in given)
    if not 1 <= len(sizes) <= MAX_AXES:
        raise ArchError(BadInput(None, f"an input has channels and at most three spatial axes, got {len(sizes)} sizes"))
    for size in sizes:
        if isinstance(size, int) and size < 1:
            raise ArchError(BadInput(None, f"an input size is a whole number of at least 1, got {size}"))
    return sizes


def _value(program: Program, name: str, value: Any) -> Value:
    if isinstance(value, str):
        default = _default(program, name)
        return _expression(program, name, value, word=False) if isinstance(default, (BlockValue, LayerValue)) else value
    if isinstance(value, (bool, float)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_value(program, name, each) for each in value)
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} can't be {value!r}: a spec has numbers, booleans, strings, lists, blocks and layers"
        ) from None


def _default(program: Program, name: str) -> Value | None:
    """What a parameter is by default, where that says something by itself."""
    for each in program.arch.parameters if program.arch else ():
        if each.name.text == name and isinstance(each.default, (tree.Name, tree.Function)):
            return _evaluate(program, each.default)
    return None


def _expression(program: Program, name: str, text: str, word: bool = True) -> Value:
    """The value of a text; with `word` one that looks like a word and names nothing is a string."""
    bare = word and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.+-]*", text, re.ASCII)
    try:
        return _evaluate(program, parse_expression(Source(name, text), text))
    except ArchError as error:
        if bare and all(isinstance(each, UnknownName) for each in error.diagnostics):
            return text
        raise


def _evaluate(program: Program, expression: tree.Expression) -> Value:
    return program.evaluator()(expression, program.scope({}))
