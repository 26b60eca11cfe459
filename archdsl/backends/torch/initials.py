"""The initialisation of weights, at the end of a network's constructor."""

from __future__ import annotations

from archdsl.backends.python.layout import STEP, call, lines
from archdsl.backends.python.literals import literal, name_literal
from archdsl.ir.nodes import Architecture, Initial
from archdsl.record import record

_HAS_BIAS = "module.bias is not None"


@record
class _Case:
    """What is done to modules of some classes, or to the one that a label names."""

    label: str | None
    names: tuple[str, ...]
    steps: list[str]

    def lines(self, word: str) -> list[str]:
        kinds = self.names[0] if len(self.names) == 1 else f"({', '.join(self.names)})"
        named = [f"name == {name_literal((self.label,))}"] if self.label is not None else []
        conditions, steps = [*named, f"isinstance(module, {kinds})"], self.steps
        if steps[0] == f"{STEP * 4}if {_HAS_BIAS}:":
            # Nothing is done but to a bias.
            conditions, steps = [*conditions, _HAS_BIAS], [line.removeprefix(STEP) for line in steps[1:]]
        return [f"{STEP * 3}{word} {' and '.join(conditions)}:", *steps]


def initial_lines(architecture: Architecture, definitions: dict[str, str]) -> list[str]:
    """The loop over all modules that sets their weights; empty where the spec leaves them to PyTorch.

    `definitions` are the classes that the source holds itself.
    """
    cases: list[_Case] = []
    # What is said of one layer is asked ahead of what is said of all.
    ordered = sorted(architecture.initials, key=lambda each: not is_label(each))
    for initial in ordered:
        steps = _steps(initial)
        names = tuple(name if name in definitions else f"nn.{name}" for name in initial.modules)
        label = initial.target.removeprefix("@") if is_label(initial) else None
        if not steps or not names:
            continue
        if cases and (cases[-1].label, cases[-1].steps) == (label, steps):
            cases[-1] = _Case(label, (*cases[-1].names, *names), steps)
        else:
            cases.append(_Case(label, names, steps))
    body = [line for place, case in enumerate(cases) for line in case.lines("elif" if place else "if")]
    if not body:
        return []
    if any(is_label(each) for each in ordered):
        return [f"{STEP * 2}for name, module in self.named_modules():", *body]
    return [f"{STEP * 2}for module in self.modules():", *body]


def is_label(initial: Initial) -> bool:
    """Whether a rule speaks of one layer by its label."""
    return initial.target.startswith("@")


def _steps(initial: Initial) -> list[str]:
    rule = initial.rule
    found: list[str] = []
    if rule.function is not None:
        arguments = [f"{name}={literal(value)}" for name, value in rule.arguments().items()]
        found += lines("", call(f"nn.init.{rule.function}", ["module.weight", *arguments]), "", 4)
    if rule.bias is not None and initial.has_bias:
        found.append(f"{STEP * 4}if {_HAS_BIAS}:")
        value = "zeros_(module.bias)" if rule.bias == 0 else f"constant_(module.bias, {literal(rule.bias)})"
        found.append(f"{STEP * 5}nn.init.{value}")
    return found
