"""What can be wrong with a text that `check` passes."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass

DETAILED = (
    "check crashes",
    "compile crashes",
    "compile refuses",
    "source crashes",
    "run crashes",
    "second refuses",
    "constructor crashes",
)


@dataclass(frozen=True)
class Verdict:
    """`ok`, `refused` by `check`, `unsure`, or a kind of fault; with what was seen."""

    kind: str
    detail: str = ""
    compared: int = 0
    """How many other values of parameters were compared."""

    @property
    def is_fault(self) -> bool:
        return self.kind not in ("ok", "refused", "refused alone", "unsure")

    @property
    def key(self) -> str:
        """What faults of one kind have in common, roughly."""
        if self.kind not in DETAILED:
            return self.kind
        if self.kind == "second refuses":
            return f"{self.kind}: {self.detail.split(':')[0]}"
        plain = re.sub(r"'[^']*'|`[^`]*`|0x[0-9a-f]+|text=.*(?=\(\w+\.py)|(?<=makes ).*(?=\(\w+\.py)", "…", self.detail)
        plain = re.sub(r"net\.arch:[0-9:]+|(?<= is )[A-Z]\w*\(.*\)(?= and)|(?<=not )[A-Z]\w*\(.*\)(?= \()", "…", plain)
        return f"{self.kind}: {re.sub(r'[0-9]+', 'N', plain)[:110]}"


class Fault(Exception):
    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.verdict = Verdict(kind, detail)


def brief(error: BaseException) -> str:
    """The kind of an exception, where it was raised, and its first line."""
    frames = traceback.extract_tb(error.__traceback__)
    here = [frame for frame in frames if "archdsl" in frame.filename and "tests" not in frame.filename]
    place = f" ({here[-1].filename.rsplit('/', 1)[-1]} {here[-1].name})" if here else ""
    first = str(error).strip().split("\n")[0][:120]
    return f"{type(error).__name__}: {first}{place}"
