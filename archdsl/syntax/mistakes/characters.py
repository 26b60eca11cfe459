"""Characters that are not the language's: look-alikes, hidden ones, and quotes of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from archdsl.diagnostics import Diagnostic, Edit, Source, Span
from archdsl.record import record
from archdsl.syntax.mistakes.look_alikes import is_hidden, looks_like, name
from archdsl.syntax.survey import Survey


class LookAlike(Diagnostic):
    """A character that looks like one of the language's and isn't: a Cyrillic с, a full-width １, a long dash."""

    code = "look-alike"
    bad = "arch net\ninput 3x8x8\n\u0441onv3-4\n"
    mended = "arch net\ninput 3x8x8\nconv3-4\n"


class HiddenCharacter(Diagnostic):
    """A character that can't be seen and may make a spec look like another: a control, a mark of direction."""

    code = "hidden-character"
    bad = "arch net\ninput 3x8x8\nconv3-4\u202e relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 relu\n"


class HiddenInComment(Diagnostic):
    """A character in a comment that can't be seen and may make code look like a comment, or the other way round."""

    code = "hidden-in-comment"
    severity = "warning"
    bad = "arch net\ninput 3x8x8\nconv3-4  # the \u202e stem\n"
    mended = "arch net\ninput 3x8x8\nconv3-4  # the stem\n"


class ForeignCharacter(Diagnostic):
    """A character that the language doesn't have outside of strings and comments."""

    code = "foreign-character"
    bad = "arch net\ninput 3x8x8\nconv3-4 \u2603\n"
    mended = "arch net\ninput 3x8x8\nconv3-4\n"


class WrongQuotes(Diagnostic):
    """A string in other quotes than `"…"`."""

    code = "wrong-quotes"
    bad = "arch net\ninput 3x8x8\nupsample2(mode='nearest')\n"
    mended = 'arch net\ninput 3x8x8\nupsample2(mode="nearest")\n'


@record
class Oddity:
    """A diagnostic and what is read in place of the stretch that it is about; None leaves it as it stands."""

    diagnostic: Diagnostic
    stretch: Span
    instead: str | None


AT_MOST = 50
"""Oddities of each sort that are told."""


def oddities(source: Source, found: Survey) -> list[Oddity]:
    """What is said of what is odd, in the order of the text."""
    said = [_quotes(span) for span in found.quoted[:AT_MOST]]
    said += _together(_odd(span) for span in islice(_words(source, found.odd), AT_MOST))
    for span in found.doubtful[:AT_MOST]:
        said += _hidden(span)
    return sorted(said, key=lambda each: each.stretch.start)


def _together(each: Iterable[Oddity]) -> Iterator[Oddity]:
    """The same look-alike in several places is one mistake with several fixes."""
    first: dict[str, Oddity] = {}
    for odd in each:
        earlier = first.setdefault(odd.diagnostic.message, odd)
        if earlier is odd or not isinstance(odd.diagnostic, LookAlike):
            yield odd
            continue
        earlier.diagnostic.along_with(odd.diagnostic)
        yield Oddity(earlier.diagnostic, odd.stretch, odd.instead)


def _words(source: Source, spans: list[Span]) -> Iterator[Span]:
    """Stretches of odd characters, those of one word together."""
    whole: Span | None = None
    for span in spans:
        if whole is not None and re.fullmatch(r"[A-Za-z0-9_-]*", source.text[whole.end : span.start]):
            whole = source.span(whole.start, span.end)
            continue
        if whole is not None:
            yield whole
        whole = span
    if whole is not None:
        yield whole


def _quotes(span: Span) -> Oddity:
    mended = f'"{span.text[1:-1]}"'
    return Oddity(
        WrongQuotes(
            span,
            f"a string stands in `{span.text[0]}`",
            "not in double quotes",
            helps=[f"write `{mended}`"],
            fixes=[Edit(span, mended, True)],
        ),
        span,
        mended,
    )


def _odd(span: Span) -> Oddity:
    text = span.text
    odd = list(dict.fromkeys(each for each in text if not each.isascii() or is_hidden(each) or each in "'`"))
    hidden = [each for each in odd if is_hidden(each)]
    if hidden:
        mended = "".join("" if is_hidden(each) else looks_like(each) or each for each in text)
        return Oddity(
            HiddenCharacter(
                span,
                "a character here can't be seen",
                ", ".join(name(each) for each in hidden[:3]),
                helps=["delete it"],
                fixes=[Edit(span, mended, True)],
            ),
            span,
            mended,
        )
    # A quote without its like is no more a quote than a snowman is.
    likes = [(each, None if looks_like(each) == '"' else looks_like(each)) for each in odd]
    if any(like is None for _, like in likes):
        strange = next(each for each, like in likes if like is None)
        return Oddity(
            ForeignCharacter(
                span,
                f"`{strange}` can't stand here",
                name(strange),
                helps=["outside of strings and comments a spec is ASCII, but for `×`"],
            ),
            span,
            "".join(dict(likes).get(each, each) or "" for each in text),
        )
    mended = "".join(dict(likes).get(each) or each for each in text)
    shown = ", ".join(f"`{each}` is {name(each)}" for each in odd[:3])
    like = "a space" if not mended.strip() else f"`{mended}`"
    return Oddity(
        LookAlike(
            span,
            f"`{text}` looks like {like} and isn't",
            shown,
            helps=[f"write {like}"],
            fixes=[Edit(span, mended, True)],
        ),
        span,
        mended,
    )


def _hidden(span: Span) -> Iterator[Oddity]:
    """What hides in a string or comment, in one report."""
    places = [place for place, each in enumerate(span.text) if is_hidden(each)]
    if not places:
        return
    first = span.source.span(span.start + places[0], span.start + places[0] + 1)
    fixes = [Edit(span.source.span(span.start + place, span.start + place + 1), "", True) for place in places]
    kind, where = (HiddenInComment, "comment") if span.text[0] == "#" else (HiddenCharacter, "string")
    yield Oddity(
        kind(first, f"a character in this {where} can't be seen", name(first.text), helps=["delete it"], fixes=fixes),
        first,
        None,
    )
