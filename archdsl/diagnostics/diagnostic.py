"""What a mistake is: a code, a place, the arithmetic and the way out.

Every mistake is a class beside the check that finds it, so the catalogue is the set of subclasses
and nothing else has to be told about a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Literal

from archdsl.diagnostics.source import Span
from archdsl.record import record

Severity = Literal["error", "warning"]


@record
class Label:
    """A remark on a stretch of a spec; it explains the primary place of a diagnostic."""

    span: Span
    text: str


@record
class Edit:
    """A replacement of a stretch of text, offered as a fix; `safe` when it can't change a right spec."""

    span: Span
    replacement: str
    safe: bool = False


@record
class Remedy:
    """One way to mend a mistake: edits that are made together, and the help that speaks of them, if another would."""

    edits: tuple[Edit, ...]
    help: str = ""

    @property
    def is_safe(self) -> bool:
        """Whether it can be made without asking."""
        return all(edit.safe for edit in self.edits)


class Diagnostic:
    """One mistake. Subclasses set `code` and a docstring, and show the mistake and its cure.

    `bad` and `mended` are whole specs: the first must raise this diagnostic, the second pass.
    A message is lowercase, without a full stop, and states the problem; only `helps` propose.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    bad: ClassVar[str] = ""
    mended: ClassVar[str] = ""
    beside: ClassVar[Mapping[str, str]] = {}
    """Other files in the folder of the bad spec and the mended one, by name."""
    asked: ClassVar[tuple[str, str] | None] = None
    """A command that has the mistake and one that doesn't, where it is made outside of a spec."""

    def __init__(
        self,
        at: Span | None,
        message: str,
        label: str = "",
        *,
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        helps: Iterable[str] = (),
        fixes: Iterable[Edit] = (),
        remedies: Iterable[Remedy] = (),
    ) -> None:
        self.at = at
        self.message = message
        self.label = label
        self.labels = tuple(labels)
        self.notes = tuple(notes)
        self.helps = tuple(helps)
        edits = tuple(fixes)
        self.remedies = (*((Remedy(edits),) if edits else ()), *remedies)
        """What may mend it, the likeliest first: guesses that nobody has tried. `fixes` are a remedy's edits."""
        self.fixes: tuple[Edit, ...] = ()
        """The edits of the first remedy that mends it, once `archdsl check` has tried them; none before."""

    def along_with(self, other: Diagnostic) -> None:
        """Take over what mends another of its kind, which is mended together with this one."""
        if self.remedies and other.remedies:
            first = self.remedies[0]
            self.remedies = (Remedy((*first.edits, *other.remedies[0].edits), first.help),)

    @classmethod
    def catalogue(cls) -> Iterator[type[Diagnostic]]:
        """Every kind of mistake that has been declared, in the order of its code."""
        found: list[type[Diagnostic]] = []
        pending = list(Diagnostic.__subclasses__())
        while pending:
            kind = pending.pop()
            pending += kind.__subclasses__()
            if "code" in vars(kind):
                found.append(kind)
        return iter(sorted(found, key=lambda kind: kind.code))

    @property
    def sort_key(self) -> tuple[str, int, str]:
        if self.at is None:
            return ("", 0, self.code)
        return (self.at.source.name, self.at.start, self.code)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.at!r}, {self.message!r})"


class ArchError(Exception):
    """One or more mistakes in a spec. Its text is their rendering."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key))

    def __str__(self) -> str:
        from archdsl.diagnostics.text import render_all

        return render_all(self.diagnostics)
