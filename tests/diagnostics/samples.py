"""Mistakes made up for tests of how diagnostics are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from archdsl.diagnostics import Diagnostic, Label, Source, Span
from archdsl.diagnostics.text import render


def kind(code: str, severity: str = "error") -> Callable[..., Diagnostic]:
    """A kind of mistake made up for a test; as it is no subclass, the catalogue of real ones never sees it."""

    def mistake(*arguments: Any, **named: Any) -> Diagnostic:
        found = Diagnostic(*arguments, **named)
        vars(found).update(code=code, severity=severity)
        return found

    return mistake


sample = kind("sample")


def find(source: Source, text: str, nth: int = 1) -> Span:
    """The nth place of `text` in a source."""
    start = -1
    for _ in range(nth):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def shown(text: str, part: str, label: str = "here", labels: Iterable[tuple[str, str]] = ()) -> list[str]:
    """The lines from the first source line on, for a mistake at `part` of a spec."""
    source = Source("a.arch", text)
    others = [Label(find(source, other), words) for other, words in labels]
    return render(sample(find(source, part), "m", label, labels=others)).split("\n")[3:]
