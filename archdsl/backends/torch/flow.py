"""The body of a `forward`: which tensor is where, and how calls are put into lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.backends.torch.layout import STEP, WIDTH

BODY = len(STEP) * 2


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
        self.text = template.replace("{x}", self.value)

    def _fits(self, template: str) -> bool:
        line = f"{self.target} = {template.replace('{x}', self.value)}"
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
