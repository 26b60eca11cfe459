"""From a head to a layer: which field each number of `conv3-64/2(groups=4)` fills."""

from __future__ import annotations

import re
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Proposal, Remedy, Span, proposal, similar, similar_help
from archdsl.elaborate.expressions import Evaluator
from archdsl.ir.values import LayerValue, Scope, Value, describe
from archdsl.layers.base import Keyword, Layer, keywords
from archdsl.shape import Shape
from archdsl.syntax import tree

Word = TypeVar("Word", bound=Keyword)

Given: TypeAlias = "dict[str, tuple[Value, Span]]"
"""The fields of a layer that were written, and where."""


class UnknownLayer(Diagnostic):
    """A name stands where a layer is expected, and no layer, block or parameter has it."""

    code = "unknown-layer"
    bad = "arch net\ninput 3x8x8\nmaxpol\n"
    mended = "arch net\ninput 3x8x8\nmaxpool\n"


class UnexpectedNumber(Diagnostic):
    """A head has a kernel, a number of channels or a stride that its layer doesn't take."""

    code = "unexpected-number"
    bad = "arch net\ninput 3x8x8\nrelu3\n"
    mended = "arch net\ninput 3x8x8\nrelu\n"


class MissingNumber(Diagnostic):
    """A head lacks a number its layer needs, such as the channels of a convolution."""

    code = "missing-number"
    bad = "arch net\ninput 3x8x8\nconv3\n"
    mended = "arch net\ninput 3x8x8\nconv3-16\n"


class UnknownArgument(Diagnostic):
    """An argument that the layer or block doesn't have."""

    code = "unknown-argument"
    bad = "arch net\ninput 3x8x8\nconv3-8(strid=2)\n"
    mended = "arch net\ninput 3x8x8\nconv3-8(stride=2)\n"


class BadArgument(Diagnostic):
    """An argument of the wrong kind or out of bounds."""

    code = "bad-argument"
    bad = "arch net\ninput 3x8x8\ndropout(1.5)\n"
    mended = "arch net\ninput 3x8x8\ndropout(0.5)\n"


_DIGITS = re.compile(r"^(?P<name>.*?[A-Za-z_])(?P<digits>[0-9]+(?:x[0-9]+)*)$")
_PARTS = (("digits", "kernel"), ("dash", "number behind a dash"), ("slash", "stride"))


def split_digits(name: str) -> tuple[str, Any]:
    """`conv1x7` as `conv` and (1, 7); without trailing digits, the name and None."""
    match = _DIGITS.match(name)
    if not match:
        return name, None
    numbers = tuple(int(part) for part in match["digits"].split("x"))
    return match["name"], numbers[0] if len(numbers) == 1 else numbers


def find_layer(head: tree.Head) -> tuple[type[Layer], Any]:
    """The layer a head names, and the kernel glued to the name; raises ArchError if there is none."""
    known = keywords()
    if head.name.text in known:
        return known[head.name.text], None
    name, digits = split_digits(head.name.text)
    if name in known and digits is not None:
        return known[name], digits
    raise ArchError(unknown_layer(head, known))


def unknown_layer(head: tree.Head, known: Any, more: tuple[str, ...] = ()) -> Diagnostic:
    """The diagnostic for a head that nothing is called like, with what was probably meant."""
    # Only a mistake needs what others call the layers.
    from archdsl.elaborate.foreign import ahead_of, help_for, lacks, notation_of, of_head, remedies

    name = head.name.text
    fixes: list[Edit] = []
    said: list[Remedy] = []
    arch = _second_word(head)
    several = ahead_of(head)
    made = of_head(head)
    dashed = re.fullmatch(r"([a-z]+[0-9x]*)-([A-Za-z_][A-Za-z0-9_]*)", name)
    glued = re.fullmatch(r"(.*[0-9])x([0-9]+)", name + (f"-{head.size.span.text}" if head.size else ""))
    if arch is not None:
        helps = [f"a name is one word: `arch {arch.replacement}`"]
        fixes = [arch]
    elif glued and split_digits(glued[1].split("-")[0])[0] in known and head.size is not None:
        helps = [f"a repeat stands apart: `{glued[1]} x{glued[2]}`"]
        fixes = [Edit(head.span.source.span(head.span.start, head.size.span.end), f"{glued[1]} x{glued[2]}")]
    elif several is not None:
        helps = [help_for(several[0])]
        said = remedies(*several)
    elif made is not None and not lacks(made):
        helps = [help_for(made)]
        said = remedies(made, head.span)
    elif (elsewhere := notation_of(head)) and name.lower() not in known:
        helps = [elsewhere]
    elif name.lower() in known or split_digits(name.lower())[0] in known:
        helps = [f"layers are written in small letters: `{head.span.text.replace(name, name.lower(), 1)}`"]
        fixes = [Edit(head.name.span, name.lower(), True)]
    elif dashed and split_digits(dashed[1])[0] in known:
        helps = [f"a number by name stands in braces: `{dashed[1]}-{{{dashed[2]}}}`"]
        fixes = [Edit(head.name.span, f"{dashed[1]}-{{{dashed[2]}}}")]
    else:
        helps, fixes = _like(head, [*known, *more])
    return UnknownLayer(
        head.name.span, f"unknown layer or block `{name}`", "not defined here", helps=helps, fixes=fixes, remedies=said
    )


def _second_word(head: tree.Head) -> Edit | None:
    """The edit that makes one name of two words behind `arch`; None where a head is no such word."""
    source = head.span.source
    line = source.text.rfind("\n", 0, head.span.start) + 1
    ahead = re.fullmatch(r"[ \t]*arch[ \t]+([A-Za-z_]\w*)[ \t]+", source.text[line : head.span.start])
    if ahead is None or not re.fullmatch(r"[A-Za-z_]\w*", head.name.text):
        return None
    start = line + ahead.start(1)
    return Edit(source.span(start, head.name.span.end), f"{ahead[1]}_{head.name.text}")


def _like(head: tree.Head, known: list[str]) -> tuple[list[str], list[Edit]]:
    """A layer or block with a similar name; the kernel behind a misspelt name stays."""
    name = head.name.text
    base = split_digits(name)[0]
    for wanted, at in (
        (name, head.name.span),
        (base, head.span.source.span(head.span.start, head.span.start + len(base))),
    ):
        found = similar(wanted, known, at)
        if found and wanted != base and not found[0][-1].isdigit():
            at = head.span.source.span(head.span.start, head.span.start + len(base))
        if found:
            return similar_help(wanted, known, "a layer", at), [Edit(at, found[0])]
    return [], []


class Binder:
    """Makes layers of heads."""

    def __init__(self, evaluate: Evaluator) -> None:
        self.evaluate = evaluate

    def bind(self, head: tree.Head, scope: Scope, x: Shape) -> Layer:
        """The layer that a head says, where `x` arrives. Raises ArchError with the place of what is wrong."""
        return self._build(find_layer(head)[0], self.written(head, scope, x), head.span, scope, x)

    def _build(self, kind: type[Layer], given: Given, span: Span, scope: Scope, x: Shape) -> Layer:
        defaults = self._defaults(kind, scope, x)
        layer = build(kind, defaults | given, span)
        # What a `default` says was not written here, and the layer as written doesn't show it.
        layer.model_fields_set.difference_update(defaults.keys() - given.keys())
        return layer

    def fields(self, head: tree.Head, scope: Scope, x: Shape) -> Given:
        """What a head and the defaults in force say of a layer."""
        return self._defaults(find_layer(head)[0], scope, x) | self.written(head, scope, x)

    def written(self, head: tree.Head, scope: Scope, x: Shape) -> Given:
        """What a head says of a layer."""
        return self.said(*find_layer(head), head, scope, x)

    def said(self, kind: type[Keyword], digits: int | None, head: tree.Head, scope: Scope, x: Shape) -> Given:
        """What a head says of a keyword, whose digits may be the last of its name."""
        given: Given = {}
        self._number(kind, given, "digits", digits, head.name.span, head)
        for part, expression in (("digits", head.kernel), ("dash", head.size), ("slash", head.stride)):
            if expression is not None:
                self._number(kind, given, part, self.evaluate(expression, scope, x), expression.span, head)
        place(kind, given, self._arguments(head.arguments, scope, x))
        return given

    def called(self, kind: type[Keyword], call: tree.Call, scope: Scope, x: Shape) -> Given:
        """What the arguments of a call say of a keyword."""
        given: Given = {}
        place(kind, given, self._arguments(call.arguments, scope, x))
        return given

    def bind_value(self, value: LayerValue, span: Span, scope: Scope, x: Shape) -> Layer:
        """The layer that was handed over by keyword, such as `act=leakyrelu(0.1)`."""
        kind = keywords()[value.keyword]
        given: Given = {}
        place(kind, given, [(name, each, span) for name, each in value.arguments])
        return build(kind, given, span) if value.whole else self._build(kind, given, span, scope, x)

    def _defaults(self, kind: type[Layer], scope: Scope, x: Shape) -> Given:
        """What `default` statements in force say of a layer, the later winning."""
        total: Given = {}
        for said in scope.defaults.get(kind.keyword, ()):
            assert isinstance(said.statement, tree.Default)
            given: Given = {}
            place(kind, given, self._arguments(said.statement.call.arguments, said.under(scope), x))
            total |= given
        return total

    def _number(self, kind: type[Keyword], given: Given, part: str, value: Any, span: Span, head: tree.Head) -> None:
        if value is None:
            return
        field = getattr(kind, part)
        if field is None or field in given:
            name = dict(_PARTS)[part]
            fixes = [_without_number(part, span, head)]
            remedies = _elsewhere(kind, part, span, head)
            helps = [each.help for each in remedies] or ["leave it out"]
            if part == "digits" and head.name.text not in keywords():
                colon = head.name.span.source.span(head.name.span.end, head.name.span.end)
                if head.span.text == head.name.text and _is_followed(head.span):
                    helps, fixes = [], [Edit(colon, ":")]
                helps = [
                    *helps,
                    f"if `{head.name.text}` is a label, a colon belongs behind it: `{head.name.text}: {kind.keyword}`",
                ]
            raise ArchError(
                UnexpectedNumber(
                    span,
                    f"`{kind.keyword}` takes no {name}",
                    f"it is written `{signature(kind)}`",
                    helps=helps,
                    remedies=[*remedies, Remedy(tuple(fixes), "leave the number out" if remedies else "")],
                )
            )
        given[field] = (value, span)

    def _arguments(
        self, arguments: tuple[tree.Argument, ...], scope: Scope, x: Shape
    ) -> list[tuple[str | None, Value, Span]]:
        return written_arguments(arguments, self.evaluate, scope, x)


def written_arguments(
    arguments: tuple[tree.Argument, ...], evaluate: Evaluator, scope: Scope, x: Shape | None = None
) -> list[tuple[str | None, Value, Span]]:
    """The arguments in round brackets, where `x` arrives: the name, if there is one, the value, and where it stands."""
    return [
        (each.name.text if each.name else None, evaluate(each.value, scope, x), (each.name or each).span)
        for each in arguments
        if not is_bare(each)
    ]


def _without_number(part: str, span: Span, head: tree.Head) -> Edit:
    """The edit that leaves a number of a head out, with its sign and its braces."""
    source, text = span.source, span.source.text
    start, end = span.start, span.end
    if part == "digits" and span == head.name.span:
        start += len(split_digits(head.name.text)[0])
    if text[start - 1] == "{":
        start, end = start - 1, end + 1
    if part != "digits":
        start -= 1
    return Edit(source.span(start, end), "")


def _elsewhere(kind: type[Keyword], part: str, span: Span, head: tree.Head) -> list[Remedy]:
    """Where a number glued to a name may belong, if the layer takes one there: `fc-10`, `channelshuffle(3)`."""
    digits = len(head.name.text) - len(split_digits(head.name.text)[0])
    if part != "digits" or span != head.name.span or head.span.text != head.name.text or not digits:
        return []
    at = span.source.span(span.end - digits, span.end)
    ways = [f"-{at.text}"] if kind.dash else []
    first = next(iter(kind.positional), "").lstrip("*")
    if first and kind.model_fields[first].is_required():
        ways.append(f"({at.text})")
    return [Remedy((Edit(at, way),), f"write `{kind.keyword}{way}`") for way in ways[:1]]


def _is_followed(span: Span) -> bool:
    """Whether a layer stands behind a head on its line."""
    return re.compile(r"[ \t]+[a-z]").match(span.source.text, span.end) is not None


def is_bare(argument: tree.Argument) -> bool:
    """Whether an argument is the word `bare`, which keeps `after` away."""
    return argument.name is None and isinstance(argument.value, tree.Name) and argument.value.text == "bare"


def place(kind: type[Keyword], given: Given, arguments: list[tuple[str | None, Value, Span]]) -> None:
    """Put arguments into fields: those with names by name, the others in the order the class declares."""
    order = list(kind.positional)
    for name, value, span in arguments:
        if name is not None:
            if name not in kind.model_fields:
                raise ArchError(
                    UnknownArgument(
                        span,
                        f"`{kind.keyword}` has no argument `{name}`",
                        f"it is written `{signature(kind)}`",
                        **_argument(kind, name, span),
                    )
                )
            if name in given:
                raise ArchError(BadArgument(span, f"`{name}` is given twice", "already given before"))
            given[name] = (value, span)
        elif order and order[0].startswith("*"):
            field = order[0][1:]
            earlier = given[field][0] if field in given else ()
            given[field] = ((*earlier, value), span)  # type: ignore[misc]
        elif order:
            given[order.pop(0)] = (value, span)
        else:
            raise ArchError(
                UnknownArgument(
                    span,
                    f"`{kind.keyword}` takes no further argument without a name",
                    f"it is written `{signature(kind)}`",
                    helps=["leave it out, or say by name what it is"],
                )
            )


def _argument(kind: type[Keyword], name: str, span: Span) -> Proposal:
    meant = proposal(span, name, kind.model_fields, "an argument")
    known = ", ".join(f"`{each}`" for each in kind.model_fields)
    meant["helps"] = meant["helps"] or [f"its arguments are {known}" if known else "it has none"]
    return meant


def build(kind: type[Word], given: Given, span: Span) -> Word:
    """A layer from its fields; what pydantic finds wrong becomes a diagnostic at the argument."""
    try:
        return kind(**{field: value for field, (value, _) in given.items()})
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # A number without which there is no layer is told ahead of one that stands in the wrong place.
        first = next((each for each in errors if each["type"] == "missing"), errors[0])
        field = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "missing":
            what = {kind.digits: "a kernel", kind.dash: "a number behind a dash", kind.slash: "a stride"}.get(
                field, f"`{field}`"
            )
            meant = _lost_dash(kind, field, given)
            raise ArchError(
                MissingNumber(
                    span,
                    f"`{kind.keyword}` needs {what}",
                    f"it is written `{signature(kind)}`",
                    helps=[f"did you mean `{meant}`?"] if meant else _example(kind),
                    fixes=[Edit(given[kind.digits][1], meant)] if meant and kind.digits else [],
                )
            ) from None
        value, at = given[field]
        wanted = allowed(kind, field)
        apart = _glued_repeat(kind, field, value, span)
        raise ArchError(
            BadArgument(
                at,
                f"`{field}` of `{kind.keyword}` is {wanted}, got {describe(value)}",
                f"{wanted} is needed here",
                helps=[f"a repeat stands apart: `{apart}`"] if apart else _value(kind, field, value, wanted),
                fixes=[Edit(span, apart)] if apart else [],
            )
        ) from None


def _example(kind: type[Keyword]) -> list[str]:
    """A head as it is written, of those that a layer's class has for its reference."""
    examples = getattr(kind, "examples", ())
    return [f"write it as in `{examples[0].partition(': ')[2]}`"] if examples else []


def _value(kind: type[Keyword], field: str, value: Value, wanted: str) -> list[str]:
    """What may be given in place of a value."""
    if isinstance(value, str):
        meant = similar_help(value, re.findall(r'"([^"]+)"', wanted), "a value")
        if meant:
            return meant
    default = kind.model_fields[field].default if field in kind.model_fields else None
    return [f"by default it is {describe(default)}"] if isinstance(default, (int, float, str)) else _example(kind)


def _lost_dash(kind: type[Keyword], field: str, given: Given) -> str:
    """`conv764` was probably `conv7-64`."""
    digits = str(given[kind.digits][0]) if kind.digits in given else ""
    if field != kind.dash or not digits.isdigit() or len(digits) < 2:
        return ""
    return f"{kind.keyword}{digits[0]}-{digits[1:]}"


def _glued_repeat(kind: type[Keyword], field: str, value: Value, span: Span) -> str:
    """`conv3-64x2` was probably `conv3-64 x2`."""
    if field != kind.dash or not isinstance(value, tuple) or len(value) != 2:
        return ""
    head = span.text.rsplit("x", 1)
    return f"{head[0]} x{head[1]}" if len(head) == 2 and head[1].isdigit() else ""


def allowed(kind: type[Keyword], field: str) -> str:
    """What a field takes, in words, from its declared type and bounds."""
    from archdsl.layers.reference import takes

    return takes(kind.model_fields[field]) if field in kind.model_fields else "another value"


def signature(kind: type[Keyword]) -> str:
    """How a head of this layer is written."""
    from archdsl.layers.reference import notation

    return notation(kind)
