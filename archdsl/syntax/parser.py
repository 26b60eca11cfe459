"""From text to tree: the grammar's tables, and the grammar's rules made into nodes."""

from __future__ import annotations

import gc
import re
from decimal import Decimal
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span
from archdsl.syntax import tree
from archdsl.syntax.tree import Expression, File, Literal, Sizes, Template, Word

MAX_NESTING = 100


class SyntaxMistake(Diagnostic):
    """Text that is not in the language at this place."""

    code = "syntax"
    bad = "arch net\ninput 3x8x8\nconv3-4 ] relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 relu\n"


class Unclosed(Diagnostic):
    """A bracket, brace or string that is opened and not closed."""

    code = "unclosed"
    bad = "arch net\ninput 3x8x8\n[conv3-4 relu\n"
    mended = "arch net\ninput 3x8x8\n[conv3-4 relu]\n"


class NestedTooDeep(Diagnostic):
    """Brackets nested deeper than any network needs, which only a broken or hostile file has."""

    code = "nested-too-deep"
    bad = "arch net\ninput 3x8x8\n" + "[" * 120 + "relu" + "]" * 120 + "\n"
    mended = "arch net\ninput 3x8x8\n[[relu]]\n"


@cache
def grammar_tables() -> Lark:
    """Lark with the tables of the grammar, loaded once."""
    from archdsl.syntax import tables

    return tables.load()


def parse(source: Source) -> File:
    """The tree of a spec. Raises ArchError where the text is not in the language."""
    _check_nesting(source)
    comments: list[tree.Comment] = []
    # Parsing makes many small objects and no cycles: collecting garbage meanwhile doubles its time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        parsed = _run(source.text, source, "start", 0)
        for match in _COMMENT.finditer(source.text):
            if match["comment"]:
                comments.append(tree.Comment(source.span(*match.span()), match[0]))
        items = tuple(_Builder(source, 0).node(item) for item in parsed.children)
    except RecursionError:
        raise ArchError(NestedTooDeep(None, f"`{source.name}` is nested too deep to be read")) from None
    finally:
        if collecting:
            gc.enable()
    return File(source.span(0, len(source.text)), source, items, tuple(comments))


def parse_expression(source: Source, text: str, offset: int = 0) -> Expression:
    """The tree of an expression that stands at an offset of a source."""
    parsed = _run(text, source, "expression", offset)
    result = _Builder(source, offset).node(parsed)
    assert isinstance(result, Expression)
    return result


# Strings are matched so that a hash inside one does not begin a comment.
_COMMENT = re.compile(r'"[^"\n]*"|(?P<comment>#[^\n]*)')
_BRACKETS = re.compile(r'"[^"\n]*"|#[^\n]*|[\[\](){}]')
_CLOSING = {"[": "]", "(": ")", "{": "}", "<": ">"}
# The bracket of a merge is glued to its name; inside braces and round brackets `<` is a comparison.
_OPENED = re.compile(r'"[^"\n]*"|#[^\n]*|[\[\](){}>]|(?<=[A-Za-z0-9_])<')
_APART = re.compile(r"[-/][0-9x]+")
_HOLE = re.compile(r"\{([^{}\n]*)\}")


def _check_nesting(source: Source) -> None:
    depth = 0
    for match in _BRACKETS.finditer(source.text):
        if match[0] in "[({":
            depth += 1
            if depth > MAX_NESTING:
                raise ArchError(
                    NestedTooDeep(source.span(*match.span()), f"brackets are nested more than {MAX_NESTING} deep")
                )
        elif match[0] in "])}":
            depth -= 1


def _unclosed(source: Source) -> Span | None:
    """The innermost bracket that is still open where the first wrong one closes, or at the end."""
    opened: list[re.Match[str]] = []
    for match in _OPENED.finditer(source.text):
        bracket = match[0]
        inside_expression = bool(opened) and opened[-1][0] in "({"
        if bracket in "<>" and inside_expression:
            continue
        if bracket in _CLOSING:
            opened.append(match)
        elif bracket in _CLOSING.values():
            if not opened or _CLOSING[opened[-1][0]] != bracket:
                return source.span(*opened[-1].span()) if opened else None
            opened.pop()
    return source.span(*opened[-1].span()) if opened else None


def _run(text: str, source: Source, start: str, offset: int) -> Any:
    try:
        return grammar_tables().parse(text, start=start)
    except UnexpectedInput as error:
        raise ArchError(_mistake(error, source, offset, len(text))) from None


def _mistake(error: UnexpectedInput, source: Source, offset: int, length: int) -> Diagnostic:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        token = error.token
        span = source.span(offset + (token.start_pos or 0), offset + (token.end_pos or 0))
    elif isinstance(error, UnexpectedCharacters):
        place = offset + (error.pos_in_stream or 0)
        span = source.span(place, place + 1)
    else:
        span = source.span(offset + length, offset + length)
    opened = _unclosed(source)
    if opened is not None:
        closing = _CLOSING[opened.text]
        return Unclosed(opened, f"`{opened.text}` is never closed", "opened here", helps=[f"close it with `{closing}`"])
    if span.text == '"':
        return Unclosed(span, "a string is never closed", "opened here", helps=['close it with `"` on the same line'])
    apart = _APART.match(source.text, span.start)
    head = re.search(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]+$", source.text[: span.start])
    if apart and head:
        span = source.span(*apart.span())
        return SyntaxMistake(
            span,
            f"`{span.text}` can't stand here",
            "unexpected",
            helps=[f"no space belongs inside a head: `{head[1]}{span.text}`"],
        )
    if not span.text:
        return SyntaxMistake(span, "the spec ends in the middle of a statement", "something is missing here")
    return SyntaxMistake(span, f"`{span.text.strip()}` can't stand here", "unexpected")


class _Builder:
    """Makes nodes of what Lark parsed; `offset` is where the parsed text begins in the source."""

    def __init__(self, source: Source, offset: int) -> None:
        self.source = source
        self.offset = offset

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
        return self.build(parsed, span)

    def build(self, parsed: Tree[Token], span: Span) -> Any:
        rule = str(parsed.data)
        children = [self.node(child) for child in parsed.children]
        if rule == "number":
            return Literal(span, number(parsed.children[0]))  # type: ignore[arg-type]
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
            return Literal(span, number(token))
        if token.type == "TIMES_HOLE":
            return None
        return Word(span, str(token))

    def template(self, whole: Span, inner: Span) -> Template:
        text = inner.text
        if text.startswith('"'):
            inner = self.source.span(inner.start + 1, inner.end - 1)
            text = inner.text
        parts: list[str | Expression] = []
        end = 0
        for match in _HOLE.finditer(text):
            if match.start() > end:
                parts.append(text[end : match.start()])
            parts.append(parse_expression(self.source, match[1], inner.start + match.start(1)))
            end = match.end()
        if end < len(text):
            parts.append(text[end:])
        return Template(inner, tuple(parts))

    def sizes(self, span: Span) -> Sizes:
        dims: list[Expression] = []
        for match in re.finditer(r"[0-9]+|\{([^{}\n]*)\}", span.text):
            at = span.start + match.start()
            if match[1] is None:
                dims.append(Literal(self.source.span(at, span.start + match.end()), int(match[0])))
            else:
                dims.append(parse_expression(self.source, match[1], at + 1))
        return Sizes(span, tuple(dims))


def sizes_literal(span: Span) -> Expression:
    """Glued digits, `64` or `1x7`, as a number or one number an axis."""
    numbers = [int(part) for part in span.text.split("x")]
    if len(numbers) == 1:
        return Literal(span, numbers[0])
    return tree.Items(span, tuple(Literal(span, each) for each in numbers))


_SUFFIX = {"k": 10**3, "M": 10**6, "G": 10**9}


def number(text: str) -> int | float:
    """`1_000`, `1.5`, `1e-6`, `4.1G`: a whole number unless a point or an exponent leaves a fraction."""
    scale = _SUFFIX.get(text[-1], 1)
    digits = text[:-1] if scale != 1 else str(text)
    if "." in digits or "e" in digits or "E" in digits:
        # Exactly as written: 4.1 · 10⁹ in floating point is no whole number.
        value = Decimal(digits.replace("_", "")) * scale
        return int(value) if scale != 1 and value == value.to_integral_value() else float(value)
    return int(digits) * scale


_CLASSES = tree.classes()
