"""What is said of a head or a line that another framework or a paper would have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from archdsl.diagnostics import Diagnostic, Edit, Remedy, Source, Span
from archdsl.layers.base import keywords
from archdsl.layers.translation.calls import arguments
from archdsl.layers.translation.lines import merged, sections, translate_line
from archdsl.layers.translation.papers import phrase
from archdsl.layers.translation.translate import Translation, bare, translate
from archdsl.layers.translation.words import plain
from archdsl.merges.base import joins
from archdsl.merges.concat import Concat
from archdsl.syntax import tree
from archdsl.syntax.mistakes.unexpected import Foreign

_LONG = 500
"""Characters of a line that is looked at."""
_ABSENT = re.compile(
    r"(conv)?(lstm|gru|rnn)(2d)?|simplernn|bidirectional|(multihead)?attention|embedding|transformer\w*|positionalencoding|"
    r"selu|celu|glu|rrelu|softplus|softsign|maxout|logsoftmax|threshold|fold|unfold|bilinear|"
    r"separableconv[12]d|locallyconnected[12]d"
)
"""Layers of others that have no like here, by their plain names."""
_NEXT = re.compile(r"(?:[ \t]+[A-Za-z]\w*){1,3}")


def of_head(head: tree.Head) -> Translation | None:
    """A head that nothing is called like, in the words of the language."""
    name, text = head.name.text, head.span.text
    inner = text[len(name) :]
    if inner.startswith("(") and inner.endswith(")"):
        joined = merged(text, merge_words())
        if joined is not None:
            return joined
        made = translate(name, list(arguments(inner[1:-1])))
        if made is not None:
            return made
        if re.fullmatch(r"\([0-9]+\)", inner) and (word := bare(name)) is not None and word.kind.digits is None:
            # The number that a layer can't do without, which is the second one elsewhere.
            return Translation(f"{word.kind.keyword}-{inner[1:-1]}", (), True, True) if word.kind.dash else None
    base = next((each for each in _bases(name) if bare(each) is not None), None)
    word = bare(base) if base is not None else None
    if base is None or word is None:
        return None
    if inner.startswith("(") and word.parameters is not None:
        return None
    return Translation(" ".join((word.kind.keyword + text[len(base) :], *word.behind)), (), True, word.is_doubtful)


@cache
def merge_words() -> Mapping[str, str]:
    """The merges' keywords by what they are called elsewhere, in small letters."""
    found = {"stack": Concat.keyword}
    for keyword, kind in joins().items():
        names = (name for line in kind.elsewhere for name in line.partition(": ")[2].split())
        found |= {name.rpartition(".")[2].lower(): keyword for name in (keyword, *names)}
    return found


def _bases(name: str) -> tuple[str, ...]:
    """A name, without the digits at its end, and without what stands behind a dash."""
    return tuple(
        dict.fromkeys((name, re.sub(r"(?<=[A-Za-z_])[0-9x]+$", "", name), re.sub(r"-[A-Za-z_]\w*$", "", name)))
    )


def notation_of(head: tree.Head) -> str:
    """A help that says how a layer is written whose name is known elsewhere; empty where it isn't."""
    from archdsl.layers.reference import notation

    if _ABSENT.fullmatch(plain(head.name.text)):
        return _NONE
    word = next((word for each in _bases(head.name.text) if (word := bare(each)) is not None), None)
    if word is None:
        return ""
    return f"`{head.name.text}` is `{word.kind.keyword}` here, written `{notation(word.kind).partition('(')[0]}`"


_NONE = "there is no such layer here; `archdsl layers` lists those that there are"


def lacks(made: Translation) -> bool:
    """Whether a head that was translated word by word lacks a number that its layer needs."""
    found = re.fullmatch(r"([a-z-]+?[0-9]?d?)([0-9x]+|\{[^{}]*\})?(-[0-9{].*?)?(?:/.*)?(?:[( ].*)?", made.text)
    kind = keywords().get(found[1].rstrip("-")) if found is not None else None
    if found is None or kind is None:
        return False
    numbers = ((kind.digits, found[2]), (kind.dash, found[3]))
    return any(field is not None and kind.model_fields[field].is_required() and not given for field, given in numbers)


def help_for(made: Translation) -> str:
    """The help that gives a translation."""
    notes = "; ".join(made.notes)
    return f"write `{made.text}`" + (f": {notes}" if notes else "")


def remedies(made: Translation, span: Span) -> list[Remedy]:
    """The edit that writes a translation in the place of what was written, where that is the same layer."""
    if not made.is_exact:
        return []
    source = span.source
    behind = re.compile(r"[ \t]*[x×][ \t]?[0-9{]").match(source.text, span.end)
    ahead = source.text[: span.start].rstrip(" \t")[-1:]
    several = " " in re.sub(r"\([^()]*\)|\{[^{}]*\}|<[^<>]*>", "", made.text)
    text = f"[{made.text}]" if several and (behind or ahead == ":") else made.text
    return [Remedy((Edit(span, text, not made.is_doubtful),), help_for(made))]


def ahead_of(head: tree.Head) -> tuple[Translation, Span] | None:
    """Several words that are one layer elsewhere, of which a head is the first: `global average pool`."""
    text, end = head.span.source.text, head.span.end
    following = _NEXT.match(text, end) if head.span.text == head.name.text else None
    ends = [found.end() for found in re.compile(r"\w+").finditer(text, end, following.end())] if following else []
    for last in reversed(ends):
        span = head.span.source.span(head.span.start, last)
        made = phrase(span.text)
        if made is not None:
            return made, span
    return None


def explain(source: Source, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is said of a text that can't be read, with the lines that are layers elsewhere said to be that."""
    lines: dict[int, Diagnostic | None] = {}
    for each in found:
        if each.at is not None and each.at.source is source and each.at.line not in lines:
            lines[each.at.line] = _darknet(source, each) or _line(source, each.at.line)
    kept = (each for each in found if each.at is None or lines.get(each.at.line) is None)
    return (*kept, *dict.fromkeys(each for each in lines.values() if each is not None))


def _line(source: Source, number: int) -> Diagnostic | None:
    start = source.line_starts[number - 1]
    code = source.line(number).partition("#")[0]
    text = code.strip().rstrip(",;")
    if not text or len(text) > _LONG:
        return None
    made = translate_line(text, merge_words())
    begin = start + len(code) - len(code.lstrip())
    span = source.span(begin, begin + len(code.strip()))
    absent = re.match(r"(?:.*[ \t=(])?(?:nn|layers|torch|keras)\.(\w+)\(", text)
    if made is None and absent is not None and _ABSENT.fullmatch(plain(absent[1])):
        return _foreign(span, "", _NONE, [])
    if made is None or made.text == text:
        return None
    return _foreign(span, made.origin, help_for(made), remedies(made, span))


def _foreign(span: Span, origin: str, help: str, remedies: list[Remedy]) -> Diagnostic:
    whose = {"papers": "a paper's", "functions": "PyTorch's", "": "another framework's"}.get(origin, f"{origin}'s")
    return Foreign(span, f"this is {whose} notation, not a spec's", "unexpected", helps=[help], remedies=remedies)


def _darknet(source: Source, mistake: Diagnostic) -> Diagnostic | None:
    """All sections of a file in Darknet's notation at once."""
    if "Darknet" not in mistake.message:
        return None
    found = list(sections(source.text))
    said = [made.text for _, _, made in found if made is not None]
    if not said or mistake.at is None:
        return None
    is_whole = all(made is not None and made.is_exact for _, _, made in found)
    edits = tuple(Edit(source.span(start, end), made.text, True) for start, end, made in found if made is not None)
    help = f"write `{' '.join(said[:8])}{' …' if len(said) > 8 else ''}`"
    return _foreign(mistake.at, "Darknet", help, [Remedy(edits)] if is_whole else [])
