"""A class as lines of text: its docstring, its parameters, what it takes for granted, and its methods."""

from __future__ import annotations

import textwrap
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from archdsl.backends.classes.parameters import Argument
from archdsl.backends.python.layout import STEP, WIDTH, Bracket, Doc, lines, statement
from archdsl.backends.python.literals import literal, prose, quoted
from archdsl.elaborate.witnesses import Witnesses
from archdsl.ir.nodes import Merge, Node
from archdsl.symbolic import Condition, negate, symbols
from archdsl.syntax import tree


@dataclass
class ClassText:
    """What stands in a class: its base, the constructor's lines, and those of `forward`, if it has one."""

    base: str
    constructor: list[str]
    forward: list[str]


def describe(node: Node) -> str:
    """What the docstring of a class says first."""
    text = node.provenance.text
    if isinstance(text, tree.Block):
        return f"The block {signature(text)}."
    if isinstance(node, Merge):
        return node.join.about
    return "A group of layers."


def signature(block: tree.Block) -> str:
    """How a block is called: `bottleneck(c, s = 1)`."""
    layers = f"<{' | '.join(word.text for word in block.layers)}>" if block.layers else ""
    names = [
        each.name.text + (f"={prose(each.default.span.text)}" if each.default else "") for each in block.parameters
    ]
    return block.name.text + layers + (f"({', '.join(names)})" if names else "")


def taken_for_granted(witnesses: Witnesses, used: AbstractSet[str]) -> list[Condition]:
    """The conditions on a class's parameters that hold in all its calls and that its text is built on."""
    return [
        condition if outcome else negate(condition)  # type: ignore[misc]
        for condition, outcome in witnesses.assumptions.items()
        if {each.name for each in symbols(condition)} <= used
    ]


def class_lines(
    name: str,
    doc: str,
    arguments: tuple[Argument, ...],
    taken: list[Condition],
    text: ClassText,
    tensors: list[str],
    gives: str = "Tensor",
) -> list[str]:
    """A class as lines of text; `gives` is the type of what its `forward` returns."""
    found = [f"class {name}({text.base}):", *docstring(doc, taken), ""]
    parameters: list[Doc] = ["self"]
    for each in arguments:
        kind = f"int | tuple[{', '.join(['int'] * each.axes)}]" if each.axes else each.kind
        parameters.append(f"{each.name}: {kind}" + (f" = {literal(each.default)}" if each.default is not None else ""))
    found += lines("def __init__", Bracket("(", tuple(parameters), ")"), " -> None:", 1)
    for condition in taken:
        found += lines("if ", literal(negate(condition)), ":", 2)
        found += lines("raise ValueError(", quoted(f"{name} is built for {literal(condition)}"), ")", 3)
    found += text.constructor
    if text.forward:
        others = [f"{tensor}: Tensor" for tensor in tensors]
        found += ["", *lines("def forward", Bracket("(", ("self", "x: Tensor", *others), ")"), f" -> {gives}:", 1)]
        found += [part for line in text.forward for part in statement(line, 2)]
    return found


def outputs_lines(name: str, of: str, fields: list[str]) -> list[str]:
    """The named tuple that a network with auxiliary outputs gives in training."""
    found = [f"class {name}(NamedTuple):", f'{STEP}"""What {of} gives in training."""', ""]
    return [*found, *(f"{STEP}{field}: Tensor" for field in fields)]


def docstring(doc: str, taken: list[Condition]) -> list[str]:
    """The docstring of a class, with what the class is built for."""
    whole = textwrap.wrap(doc, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
    if not taken and len(whole) == 1:
        return [f'{STEP}"""{doc}"""']
    first, *rest = whole
    found = [f'{STEP}"""{first}', *(STEP + line for line in rest)]
    if taken:
        found += ["", f"{STEP}Built for {' and '.join(literal(condition) for condition in taken)}."]
    return [*found, f'{STEP}"""']
