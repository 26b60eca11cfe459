"""From text to tree: the grammar's tables, and the grammar's rules made into nodes."""

from __future__ import annotations

import gc
import math
import re
from decimal import Decimal
from functools import cache
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span
from archdsl.limits import USUAL, Limits
from archdsl.syntax import tree
from archdsl.syntax.survey import NumberTooLong, Survey, survey, too_deep, too_long
from archdsl.syntax.tree import Expression, File, Literal, Sizes, Template, Word


@cache
def grammar_tables() -> Lark:
    """Lark with the tables of the grammar, loaded once."""
    from archdsl.syntax import tables

    return tables.load()


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
        parsed = _run(source.text, source, "start", 0)
        builder = _Builder(source, 0, limits)
        items = tuple(builder.node(item) for item in parsed.children)
    except RecursionError:
        raise ArchError(too_deep(source.span(0, 0), limits)) from None
    finally:
        if collecting:
            gc.enable()
    if builder.doubtful:
        raise ArchError(*(_mistakes(source.text, source, "start", 0) or builder.faults))
    comments = tuple(tree.Comment(span, span.text) for span in found.comments)
    return File(source.span(0, len(source.text)), source, items, comments, warnings)


def parse_expression(source: Source, text: str, offset: int = 0, limits: Limits = USUAL) -> Expression:
    """The tree of an expression that stands at an offset of a source."""
    parsed = _run(text, source, "expression", offset)
    try:
        result = _Builder(source, offset, limits).node(parsed)
    except RecursionError:
        raise ArchError(too_deep(source.span(offset, offset), limits)) from None
    assert isinstance(result, Expression)
    return result


LEVELS = 4
"""As many levels of the tree as a bracket makes, and more: what nests without brackets counts like them."""
_ROWS = ("header", "row", "value_row")
_HOLE = re.compile(r"\{([^{}\n]*)\}")


def _run(text: str, source: Source, start: str, offset: int) -> Any:
    try:
        return grammar_tables().parse(text, start=start)
    except UnexpectedInput:
        raise ArchError(*_mistakes(text, source, start, offset)) from None


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
    found = mistakes(grammar_tables(), draft, start)
    # A line that is no spec at all is reported as a whole.
    said = [each for each in said if not any(_is_within(each.at, other.at) for other in found)]
    # What else can't be read on the line of a character that is read as nothing hangs together with it.
    lines = {each.at.line for each in said if each.at and not each.fixes}
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


class _Builder:
    """Makes nodes of what Lark parsed; `offset` is where the parsed text begins in the source."""

    def __init__(self, source: Source, offset: int, limits: Limits) -> None:
        self.source = source
        self.offset = offset
        self.limits = limits
        self.depth = 0
        self.deepest = LEVELS * limits.nesting
        self.doubtful = False
        """Whether something was read that is a mistake though the grammar takes it."""
        self.faults: list[Diagnostic] = []
        """What was found in holes."""

    def node(self, parsed: Any) -> Any:
        if parsed is None:
            return None
        if isinstance(parsed, Token):
            return self.token(parsed)
        meta = parsed.meta
        if getattr(meta, "empty", True):
            span = self.source.span(self.offset, self.offset)
        else:
            span = self.source.span(self.offset + meta.start_pos, self.offset + meta.end_pos)
        self.depth += 1
        if self.depth > self.deepest:
            raise ArchError(too_deep(self.source.span(span.start, span.start), self.limits))
        children = []
        # One frame of Python for each level, so that what the limit allows fits on its stack.
        for child in parsed.children:
            children.append(self.node(child))
        self.depth -= 1
        return self.build(str(parsed.data), span, children)

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

    def token(self, token: Token) -> Any:
        start = self.offset + (token.start_pos or 0)
        span = self.source.span(start, start + len(token))
        if token.type == "REFERENCE":
            return self.template(span, self.source.span(start + 1, span.end))
        if token.type == "DIMS":
            return self.sizes(span)
        if token.type == "SIZE":
            return sizes_literal(span)
        if token.type == "NUMBER":
            return self.literal(span)
        if token.type == "TIMES_HOLE":
            return None
        return Word(span, str(token))

    def literal(self, span: Span) -> Literal:
        value = number(span.text)
        if isinstance(value, float) and math.isinf(value):
            raise ArchError(NumberTooLong(span, f"`{span.text}` is beyond all numbers", "at most 1e308"))
        return Literal(span, value)

    def template(self, whole: Span, inner: Span) -> Template:
        text = inner.text
        if len(text) > self.limits.letters + 2:
            raise ArchError(too_long(inner, self.limits))
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
            raise ArchError(too_long(span, self.limits))
        dims: list[Expression] = []
        for match in re.finditer(r"[0-9]+|\{([^{}\n]*)\}", span.text):
            at = span.start + match.start()
            if match[1] is None:
                dims.append(Literal(self.source.span(at, span.start + match.end()), int(match[0])))
            else:
                dims.append(self.hole(match[1], at + 1))
        return Sizes(span, tuple(dims))


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
