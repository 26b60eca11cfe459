"""What people write that is not in the language, each with the edit that mends it.

A rule stands beside its diagnostic. It proposes edits; `archdsl.syntax.recovery.reader` tries them.
"""

from __future__ import annotations

from archdsl.syntax.mistakes import (
    brackets,
    heads,
    marks,
    names,
    numbers,
    prose,
    rows,
    separators,
    strings,
    values,
    words,
)
from archdsl.syntax.recovery.broken import Rule

HABITS: tuple[Rule, ...] = (
    prose.rule,
    rows.rule,
    words.rule,
    names.rule,
    values.inputs,
    heads.rule,
    heads.repeats,
    values.braces,
    numbers.rule,
    marks.labels,
    marks.strides,
    separators.comments,
    separators.rule,
    strings.rule,
)
"""What people are used to. Where one of these edits gets past the line, no other is tried."""

RULES: tuple[Rule, ...] = (
    brackets.unclosed,
    brackets.surplus,
    marks.instead,
    marks.instead_of_last,
    marks.missing,
    marks.filled,
    marks.deleted,
)
"""The others. All stand in the order in which they are believed where several edits do equally well."""

SURE = (*HABITS, brackets.surplus)
"""Rules whose edits are believed if they let one more token be read."""
