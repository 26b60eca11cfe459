"""Reading on behind a mistake: the edit that lets most of what follows be read is taken for what was meant.

At a token that can't stand, the rules of `archdsl.syntax.mistakes` propose edits. Each is tried: the stack
from before the edit is taken up again and the text read on. What gets past the line is believed, the farthest
first, and reading goes on in the edited text, so that nothing follows from the mistake. Where no edit helps,
the statement is given up: the stack is cut back to where a statement may begin, and the line is passed over
(Burke and Fisher 1987 try single edits; Aho and Johnson 1974 cut back the stack).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archdsl.diagnostics import Diagnostic, Edit, Label, Remedy
from archdsl.syntax import automaton
from archdsl.syntax.automaton import END, NO_TOKEN, Piece, after_blank
from archdsl.syntax.mistakes import HABITS, RULES, SURE
from archdsl.syntax.mistakes.brackets import unclosed
from archdsl.syntax.mistakes.unexpected import foreign, unexpected
from archdsl.syntax.recovery.broken import CLOSING, Broken, Repair, Report, line_end, open_row, opened
from archdsl.syntax.recovery.draft import Draft
from archdsl.syntax.recovery.stack import Cell, Stacks

AT_MOST = 50
"""Mistakes that are looked for in one text."""
_STOPS = 300
"""Places where reading may stop, those of one habit counted each, before a text is given up."""
_LONG = 2000
"""Characters of a line in which nothing is mended: nobody wrote it."""
_FAR = 200
"""Characters behind the line of a mistake that an edit is tried on."""
_AHEAD = 400
"""Characters behind these that terminals may look ahead at."""
_BEHIND = 64
"""Characters before it that terminals may look back at."""

_LOOK_BACK = 40
"""Tokens before it that a rule sees."""

_HOLE = re.compile(r"\{([^{}\n]*)\}")
_WITH_HOLES = frozenset({"LABEL", "REFERENCE", "DIMS"})
_BRACKET = re.compile(r'"[^"\n]*"|#[^\n]*|[\[\](){}]|\n')


class Step(NamedTuple):
    """A token that was taken, and where reading stood before it."""

    piece: Piece
    cell: Cell
    place: int


class Reader:
    """Reads a draft, and mends it where it must."""

    def __init__(self, draft: Draft, start: str) -> None:
        self.stacks = Stacks(start)
        self.draft = draft
        self.start = start
        self.cell = self.stacks.bottom
        self.place = 0
        self.steps: list[Step] = []
        self.found: list[Diagnostic] = []
        self.troubled = -1
        """The end of the line of the last mistake: what else can't be read there hangs together with it."""

    def read(self) -> list[Diagnostic]:
        """Everything that is wrong, in the order of reading."""
        stops = 0
        while len(self.found) < AT_MOST and stops < _STOPS:
            piece, after = _look(self.stacks, self.draft.text, self.place, self.cell)
            if after is None:
                stops += 1
                if not (self._mend(piece) or self._give_up(piece)):
                    break
                continue
            self._holes(piece)
            self.steps.append(Step(piece, self.cell, self.place))
            self.cell, self.place = after, piece.end
            if piece.kind == END:
                break
        return self.found

    def _holes(self, piece: Piece) -> None:
        """The expressions within one token: `denselayer{i+1}:`."""
        text = self.draft.text[piece.start : piece.end]
        if piece.kind not in _WITH_HOLES and not (piece.kind == "STRING" and self.draft.text[piece.end :][:1] == ":"):
            return
        for hole in _HOLE.finditer(text):
            start = piece.start + hole.start(1)
            span = self.draft.span(start, start + len(hole[1]))
            # Text that was edited is not read twice.
            if span.text == hole[1] and _stop(Stacks("expression"), hole[1]):
                inner = Draft(self.draft.source, hole[1], span.start)
                self.found += Reader(inner, "expression").read()

    def _mend(self, piece: Piece) -> bool:
        """Make the edit that gets farthest. False where none gets past the line."""
        broken = self._broken(piece)
        if broken.line_end - broken.line_start > _LONG or foreign(broken) is not None:
            return False
        best: Repair | None = None
        most = 0
        limit = line_end(self.draft.text, piece.end) + _FAR
        if limit > len(self.draft.text):
            limit = len(self.draft.text) + 1
        line = line_end(self.draft.text, piece.start)
        for rules in (HABITS, RULES):
            for rule in rules:
                # A word that stands in no bracket leaves no doubt that one is open.
                near = rule in SURE or (rule is unclosed and piece.kind in self.stacks.item_words)
                for repair in rule(broken):
                    reached = self._tried(repair, piece, limit, near)
                    if reached > most:
                        best, most = repair, reached
                if most == limit:
                    break
            if most > line:
                break
        if best is None:
            return False
        for report in best.reports:
            self._report(report, best)
        self.troubled = line_end(self.draft.text, piece.start) + len(best.edit.text) - (best.edit.end - best.edit.start)
        resumed = self._before(best.edit.start)
        self.draft.edit(*best.edit)
        if resumed < len(self.steps):
            _, self.cell, self.place = self.steps[resumed]
        del self.steps[resumed:]
        return True

    def _broken(self, piece: Piece) -> Broken:
        earlier = [step.piece for step in self.steps[-_LOOK_BACK:]]
        words = self.stacks.keywords if self.start == "start" else frozenset[str]()
        return Broken(self.draft.text, piece, self.cell, earlier, words)

    def _before(self, place: int) -> int:
        """The step to begin again with, before all tokens that an edit at a place may change: those of its line."""
        step = len(self.steps)
        line = self.draft.text.rfind("\n", 0, place) + 1
        while step and self.steps[step - 1].piece.end >= line:
            step -= 1
        return max(0, step - 1)

    def _tried(self, repair: Repair, piece: Piece, limit: int, near: bool) -> int:
        """The place, at most the limit, as far as which an edit lets the text be read.

        It is 0 where that isn't past the line; if it may be `near`, where it isn't past the next token.
        """
        start, end, replacement = repair.edit
        resumed = self._before(start)
        cell, place = (
            (self.steps[resumed].cell, self.steps[resumed].place)
            if resumed < len(self.steps)
            else (self.cell, self.place)
        )
        whole = self.draft.text
        base = max(0, place - _BEHIND)
        text = whole[base:start] + replacement + whole[end : limit + _AHEAD]
        grown = len(replacement) - (end - start) - base
        # Reading has to get past the line of the edit, and of the token that could not stand.
        goal = max(start + len(replacement) - base, max(piece.start, end) + grown)
        goal = after_blank(text, goal) if near else line_end(text, goal)
        place -= base
        while place - grown < limit:
            found, after = _look(self.stacks, text, place, cell)
            if after is None:
                return min(limit, found.start - grown) if found.start > goal else 0
            if found.kind == END:
                break
            cell, place = after, found.end
        return limit

    def _report(self, report: Report, repair: Repair | None) -> None:
        draft = self.draft
        remedies: tuple[Remedy, ...] = ()
        if repair is not None and report is repair.reports[0] and report.offered:
            remedies = tuple(
                Remedy((Edit(draft.between(edit.start, edit.end), edit.text, report.safe),), help)
                for edit, help in report.instead or ((repair.edit, ""),)
            )
        made = report.kind(
            draft.span(report.start, report.end),
            report.message,
            report.label,
            labels=[Label(draft.span(start, end), text) for start, end, text in report.labels],
            notes=report.notes,
            helps=report.helps,
            remedies=remedies,
        )
        for earlier in self.found:
            # A habit that shows in several places is one mistake.
            if report.habit and type(earlier) is type(made):
                earlier.along_with(made)
                return
        self.found.append(made)

    def _give_up(self, piece: Piece) -> bool:
        """Report the token and go on with the next statement. False at the end of the text."""
        broken = self._broken(piece)
        if self._is_rest_of_table(piece):
            self.place = self.troubled = line_end(self.draft.text, piece.start)
            return True
        ended = piece.kind == END and not self.draft.text[max(self.troubled, 0) : piece.start].strip()
        if (piece.start > self.troubled and not ended) or not self.found:
            self._report((broken.line_end - broken.line_start <= _LONG and foreign(broken)) or unexpected(broken), None)
        self.troubled = line_end(self.draft.text, piece.start)
        if piece.kind == END:
            return False
        if piece.kind in self.stacks.item_words and next(opened(self.cell), None) is not None:
            # What begins an item of the file ends whatever is open.
            self.cell, self.place = self.stacks.bottom, piece.start
            return True
        row = open_row(self.cell)
        if row is not None:
            return self._give_up_row(row, piece)
        cell = self.cell
        depth = 0
        while not self.stacks.is_place_of_statements(cell):
            depth += cell.kind in CLOSING
            if cell.below is None:
                return False
            cell = cell.below
        fresh = cell is not self.cell
        self.cell = cell
        if fresh and broken.opens_line and _look(self.stacks, self.draft.text, piece.start, cell)[1] is not None:
            self.place = piece.start
        else:
            self.place = self._past_statement(piece, depth)
        return True

    def _is_rest_of_table(self, piece: Piece) -> bool:
        """Whether a row follows a line that was given up, and with it the table that it belonged to."""
        text = self.draft.text
        if not text.startswith("|", piece.start) or next(opened(self.cell), None) is not None:
            return False
        return self.troubled >= 0 and not text[self.troubled : piece.start].strip()

    def _give_up_row(self, row: Cell, piece: Piece) -> bool:
        """Pass over the rest of a row; over the whole table where it is the header."""
        assert row.below is not None
        text = self.draft.text
        in_header = row.below.kind in ("_TABLE", "_VARIANTS", "NAME")
        self.cell = row.below
        self.place = line_end(text, row.start)
        if in_header:
            while self.cell.kind in ("_TABLE", "_VARIANTS", "NAME", "label") and self.cell.below is not None:
                self.cell = self.cell.below
            while after_blank(text, self.place) < len(text) and text[after_blank(text, self.place)] == "|":
                self.place = line_end(text, after_blank(text, self.place))
        return True

    def _past_statement(self, piece: Piece, depth: int) -> int:
        """The end of the line, or of the brackets that are open there; ahead of one that closes what stays open."""
        text = self.draft.text
        for match in _BRACKET.finditer(text, piece.start):
            character = match[0]
            if character == "\n":
                if depth <= 0:
                    return match.start()
                if self.stacks.begins_item(text, after_blank(text, match.end())) is not None:
                    return match.start()
            elif character in "[({":
                depth += 1
            elif character in "])}":
                if depth == 0 and character == "]" and match.start() > piece.start and self._is_open("LSQB"):
                    return match.start()
                depth = max(0, depth - 1)
        return len(text)

    def _is_open(self, kind: str) -> bool:
        return any(cell.kind == kind for cell in opened(self.cell))


def _look(stacks: Stacks, text: str, place: int, cell: Cell) -> tuple[Piece, Cell | None]:
    """The next token, and the stack with it; None for that where it can't stand."""
    piece = automaton.piece(text, place, cell.state)
    blank = text[place : piece.start]
    if piece.start and ("\n" in blank or piece.kind == END):
        if cell.kind != "_ENDBAR" and open_row(cell) is not None:
            # A row of a table ends with its line.
            return piece, None
        if piece.kind != END and cell.below is not None and next(opened(cell), None) is not None:
            word = stacks.begins_item(text, piece.start)
            if word is not None:
                return word, None
    if piece.kind == NO_TOKEN:
        return piece, None
    return piece, stacks.feed(cell, piece)


def _stop(stacks: Stacks, text: str) -> bool:
    """Whether a text can't be read to its end."""
    cell: Cell | None = stacks.bottom
    place = 0
    while cell is not None:
        piece, cell = _look(stacks, text, place, cell)
        if piece.kind == END:
            return cell is None
        place = piece.end
    return True


def mistakes(draft: Draft, start: str) -> list[Diagnostic]:
    """Every mistake of a text, in the order of reading."""
    return Reader(draft, start).read()
