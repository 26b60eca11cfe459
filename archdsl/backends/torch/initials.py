"""The initialisation of weights, at the end of a network's constructor."""

from __future__ import annotations

from archdsl.backends.torch.layout import STEP, call, lines
from archdsl.backends.torch.printing import literal, name_literal
from archdsl.ir.nodes import Architecture, Initial


def initial_lines(architecture: Architecture, definitions: dict[str, str]) -> list[str]:
    """The loop over all modules that sets their weights; empty where the spec leaves them to PyTorch.

    `definitions` are the classes that the source holds itself.
    """
    body: list[str] = []
    # What is said of one layer is asked ahead of what is said of all.
    ordered = sorted(architecture.initials, key=lambda each: not is_label(each))
    for initial in ordered:
        steps = _steps(initial)
        if not steps or not initial.modules:
            continue
        names = [name if name in definitions else f"nn.{name}" for name in initial.modules]
        kinds = names[0] if len(names) == 1 else f"({', '.join(names)})"
        condition = f"isinstance(module, {kinds})"
        if is_label(initial):
            condition = f"name == {name_literal((initial.target.removeprefix('@'),))} and {condition}"
        body += [f"{STEP * 3}{'elif' if body else 'if'} {condition}:", *steps]
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
        found.append(f"{STEP * 4}if module.bias is not None:")
        value = "zeros_(module.bias)" if rule.bias == 0 else f"constant_(module.bias, {literal(rule.bias)})"
        found.append(f"{STEP * 5}nn.init.{value}")
    return found
