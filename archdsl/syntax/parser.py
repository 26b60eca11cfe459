"""From text to tree: the grammar's rules are made into nodes as they are read."""

from __future__ import annotations

import gc
import math
import re
from decimal import Decimal
from typing import Any, NamedTuple

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span
from archdsl.limits import USUAL, Limits
from archdsl.syntax import automaton, tree
from archdsl.syntax.automaton import RULES, Piece
from archdsl.syntax.survey import NumberTooLong, Survey, survey, too_deep, too_long
from archdsl.syntax.tree import Expression, File, Literal, Node, Sizes, Template, Word


def parse(source: Source, limits: Limits = USUAL) -> File:
    """The tree of a spec. Raises ArchError with every mistake where the text is not in the language."""
    found = survey(source, limits)
    if found.odd or found.quoted:
        raise ArchError(*_mistakes(source.text, source, "start", 0, found))
    warnings = _warnings(source, found)
    # Parsing makes many small objects and no cycles: collecting garbage meanwhile doubles its time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        builder = Builder(source, source.text, 0, limits)
        items = tuple(builder.read("start"))
    finally:
        if collecting:
            gc.enable()
    if builder.doubtful:
        raise ArchError(*(_mistakes(source.text, source, "start", 0) or builder.faults))
    comments = tuple(tree.Comment(span, span.text) for span in found.comments)
    return File(source.span(0, len(source.text)), source, items, comments, warnings)


def parse_expression(source: Source, text: str, offset: int = 0, limits: Limits = USUAL) -> Expression:
    """The tree of an expression that stands at an offset of a source."""
    result = Builder(source, text, offset, limits).read("expression")
    assert isinstance(result, Expression)
    return result


LEVELS = 4
"""As many levels of the tree as a bracket makes, and more: what nests without brackets counts like them."""
_ROWS = ("header", "row", "value_row")
_HOLE = re.compile(r"\{([^{}\n]*)\}")


def _mistakes(text: str, source: Source, start: str, offset: int, surveyed: Survey | None = None) -> list[Diagnostic]:
    # Only a mistake needs this, and every run would wait for it.
    from archdsl.syntax.mistakes.characters import AT_MOST, oddities
    from archdsl.syntax.recovery.draft import Draft
    from archdsl.syntax.recovery.reader import mistakes

    draft = Draft(source, text, offset)
    odd = oddities(source, surveyed) if surveyed else []
    for each in reversed(odd):
        if each.instead is not None:
            draft.edit(each.stretch.start, each.stretch.end, each.instead)
    said = list(dict.fromkeys(each.diagnostic for each in odd))
    if len(said) >= AT_MOST:
        # With so much odd, what is left would be read without being whole.
        return said
    found = mistakes(draft, start)
    # A line that is no spec at all is reported as a whole.
    said = [each for each in said if not any(_is_within(each.at, other.at) for other in found)]
    # What else can't be read on the line of a character that is read as nothing hangs together with it.
    lines = {each.at.line for each in said if each.at and not each.remedies}
    return [*said, *(each for each in found if not (each.at and each.at.line in lines))]


def _is_within(inner: Span | None, outer: Span | None) -> bool:
    return inner is not None and outer is not None and outer.start < inner.start and inner.end <= outer.end


def _warnings(source: Source, found: Survey) -> tuple[Diagnostic, ...]:
    """What is odd and does no harm. Raises ArchError for what does."""
    if not found.doubtful:
        return ()
    from archdsl.syntax.mistakes.characters import oddities

    diagnostics = tuple(each.diagnostic for each in oddities(source, found))
    if any(each.severity == "error" for each in diagnostics):
        raise ArchError(*_mistakes(source.text, source, "start", 0, found))
    return diagnostics


class _Read(NamedTuple):
    """A symbol that was read: its place, the node made of it or the terminal that it is, and how tall that node is.

    Where a symbol reads nothing its place is -1. What has no name of its own is the list of its children.
    """

    start: int
    end: int
    made: Any
    height: int


class Builder:
    """Makes nodes of a text, which begins at an offset of a source, from the leaves up."""

    def __init__(self, source: Source, text: str, offset: int, limits: Limits) -> None:
        self.source = source
        self.text = text
        self.offset = offset
        self.limits = limits
        self.stack: list[_Read] = []
        self.tallest = LEVELS * limits.nesting
        self.doubtful = False
        """Whether something was read that is a mistake though the grammar takes it."""
        self.faults: list[Diagnostic] = []
        """What was found in holes."""
        self.beyond: Diagnostic | None = None
        """The first that is beyond a limit, which matters only once all the rest can be read."""

    def read(self, start: str) -> Any:
        """What the text is. Raises ArchError where it isn't in the language."""
        if not automaton.follow(self.text, start, self.taken, self.ended):
            raise ArchError(*_mistakes(self.text, self.source, start, self.offset))
        if self.beyond is not None:
            raise ArchError(self.beyond)
        return self.stack[0].made

    def taken(self, token: Piece) -> None:
        self.stack.append(_Read(token.start, token.end, token.kind, 0))

    def ended(self, rule: int) -> None:
        """Put what a rule makes of the symbols that it consists of in their place."""
        _, name, size, alone, children = RULES[rule]
        parts = self.stack[len(self.stack) - size :]
        del self.stack[len(self.stack) - size :]
        made: list[Any] = []
        for each in children:
            if each is None:
                made.append(None)
            elif each >= 0:
                start, end, child, _ = parts[each]
                made.append(self.token(child, start, end) if type(child) is str else child)
            elif made:
                made += parts[~each].made
            else:
                # What repeats grows to the right: each time one more is added to the same list.
                made = parts[~each].made
        start, end, height = -1, -1, 0
        for part in parts:
            if part.start >= 0:
                start = part.start if start < 0 else start
                end = part.end
            height = max(height, part.height)
        result: Any = made
        if name[0] != "_" and name != "start":
            if alone and len(made) == 1:
                result = made[0]
            else:
                result = self.build(name, self.span(max(start, 0), max(end, 0)), made)
                height += 1
                if height > self.tallest and self.beyond is None:
                    self.refuse(too_deep(_innermost(result), self.limits))
        self.stack.append(_Read(start, end, result, height))

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, self.offset + start, self.offset + end)

    def refuse(self, diagnostic: Diagnostic) -> None:
        self.beyond = self.beyond or diagnostic

    def build(self, rule: str, span: Span, children: list[Any]) -> Any:
        if rule in _ROWS and "\n" in span.text:
            self.doubtful = True
        if rule == "number":
            return self.literal(span)
        if rule == "string":
            return Literal(span, span.text[1:-1])
        if rule in ("true", "false"):
            return Literal(span, rule == "true")
        if rule == "label":
            return self.template(span, children[0].span)
        return _CLASSES[rule].build(span, children)

    def token(self, kind: str, start: int, end: int) -> Any:
        span = self.span(start, end)
        if kind == "REFERENCE":
            return self.template(span, self.source.span(span.start + 1, span.end))
        if kind == "DIMS":
            return self.sizes(span)
        if kind == "SIZE":
            return sizes_literal(span)
        if kind == "NUMBER":
            return self.literal(span)
        if kind == "TIMES_HOLE":
            return None
        return Word(span, self.text[start:end])

    def literal(self, span: Span) -> Literal:
        value = number(span.text)
        if isinstance(value, float) and math.isinf(value):
            self.refuse(NumberTooLong(span, f"`{span.text}` is beyond all numbers", "at most 1e308"))
        return Literal(span, value)

    def template(self, whole: Span, inner: Span) -> Template:
        text = inner.text
        if len(text) > self.limits.letters + 2:
            self.refuse(too_long(inner, self.limits))
            return Template(inner, ())
        if text.startswith('"'):
            inner = self.source.span(inner.start + 1, inner.end - 1)
            text = inner.text
        parts: list[str | Expression] = []
        end = 0
        for match in _HOLE.finditer(text):
            if match.start() > end:
                parts.append(text[end : match.start()])
            parts.append(self.hole(match[1], inner.start + match.start(1)))
            end = match.end()
        if end < len(text):
            parts.append(text[end:])
        return Template(inner, tuple(parts))

    def hole(self, text: str, start: int) -> Expression:
        """The expression in a hole of a label, a reference or an input."""
        try:
            return parse_expression(self.source, text, start, self.limits)
        except ArchError as error:
            # The text is read once more as a whole, which reports this beside all else, if it can see it.
            self.doubtful = True
            self.faults += error.diagnostics
            return Literal(self.source.span(start, start), 0)

    def sizes(self, span: Span) -> Sizes:
        if len(span.text) > self.limits.letters:
            self.refuse(too_long(span, self.limits))
            return Sizes(span, ())
        dims: list[Expression] = []
        for match in re.finditer(r"[0-9]+|\{([^{}\n]*)\}", span.text):
            at = span.start + match.start()
            if match[1] is None:
                dims.append(Literal(self.source.span(at, span.start + match.end()), int(match[0])))
            else:
                dims.append(self.hole(match[1], at + 1))
        return Sizes(span, tuple(dims))


def _innermost(node: Node) -> Span:
    """Where the deepest node below one begins."""
    level, below = [node], list(node.children)
    while below:
        level, below = below, [child for each in below for child in each.children]
    return Span(level[0].span.source, level[0].span.start, level[0].span.start)


def sizes_literal(span: Span) -> Expression:
    """Glued digits, `64` or `1x7`, as a number or one number an axis."""
    numbers = [int(part) for part in span.text.split("x")]
    if len(numbers) == 1:
        return Literal(span, numbers[0])
    return tree.Items(span, tuple(Literal(span, each) for each in numbers))


_EXPONENT = 400
"""A power of ten beyond those of floating point; as a whole number it would take long to write down."""
_SUFFIX = {"k": 10**3, "M": 10**6, "G": 10**9}


def number(text: str) -> int | float:
    """`1_000`, `1.5`, `1e-6`, `4.1G`: a whole number unless a point or an exponent leaves a fraction."""
    scale = _SUFFIX.get(text[-1], 1)
    digits = text[:-1] if scale != 1 else str(text)
    if "." in digits or "e" in digits or "E" in digits:
        exponent = int(re.split("[eE]", digits + "e0")[1])
        if abs(exponent) > _EXPONENT:
            return math.inf if exponent > 0 else 0.0
        # Exactly as written: 4.1 · 10⁹ in floating point is no whole number.
        value = Decimal(digits.replace("_", "")) * scale
        return int(value) if scale != 1 and value == value.to_integral_value() else float(value)
    return int(digits) * scale


_CLASSES = tree.classes()
