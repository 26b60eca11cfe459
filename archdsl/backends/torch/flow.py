"""The body of a `forward`: which tensor is where, and how calls are put into lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archdsl.backends.python.layout import STEP, WIDTH

BODY = len(STEP) * 2

TENSOR = "\x00"
"""Stands for the tensor in a template. No text of a spec can hold it, as `{x}` could."""


@dataclass
class Flow:
    """Statements that carry one tensor along.

    `held` is the variable that has the tensor, `text` the expression on top of it that is not written yet,
    and `target` the variable that further statements assign.
    """

    held: str
    target: str
    lines: list[str] = field(default_factory=list)
    text: str = ""
    depth: int = 0
    fresh: bool = False
    """Whether nobody else needs the tensor, so that the next layer may write into it."""
    parted: bool = False
    """Whether the tensor is the part already that the next layer takes of it."""

    @property
    def value(self) -> str:
        """The tensor as an expression."""
        return self.text or self.held

    @property
    def pending(self) -> bool:
        """Whether something is still to be written."""
        return bool(self.text)

    def apply(self, template: str, folds: bool = False, target: str | None = None) -> None:
        """Put a call around the tensor, `{x}` in the template; on the same line if it folds and fits."""
        if self.pending and (not folds or not self._fits(template)):
            self.flush()
        self.text = template.replace(TENSOR, self.value)

    def _fits(self, template: str) -> bool:
        line = f"{self.target} = {template.replace(TENSOR, self.value)}"
        return len(line) + BODY + self.depth * len(STEP) <= WIDTH

    def flush(self, target: str | None = None) -> str:
        """Write what is pending, and return the variable that has the tensor."""
        if self.text:
            name = target or self.target
            self.write(f"{name} = {self.text}")
            self.held, self.text = name, ""
        return self.held

    def write(self, line: str) -> None:
        self.lines.append(STEP * self.depth + line)

    def carry(self) -> None:
        """Have the tensor in the variable that later statements assign, as the lines of a loop or an `if` expect."""
        if not self.pending and self.held != self.target:
            self.text = self.held
        self.flush()


def fill(template: str, values: list[str], **names: str) -> str:
    """A template of a layer with values put in; `{x}` in it is the tensor."""
    known = {"x": TENSOR, **names} | {str(place): value for place, value in enumerate(values)}
    return re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], match[0]), template)
