"""One text through all that archdsl does with a text: nothing but ArchError may come out, and soon."""

from __future__ import annotations

import time
import zlib

from archdsl.diagnostics import ArchError, Diagnostic, render_all, to_json
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.formatting import format_source
from archdsl.network import build
from archdsl.opening.imports import BadImportPath
from archdsl.opening.reading import text_source
from archdsl.syntax import parse, tree

STAGES = ("refused", "parsed", "built", "source")
"""How far a text gets: refused by the parser, parsed, its network built, its source written."""

SECONDS = 10.0
"""Processor time that no text of a few hundred characters may take."""


def no_files(item: tree.Import) -> Program:
    """A text has no folder to bring blocks from; that is tested apart."""
    raise ArchError(BadImportPath(item.path.span, "no file", "no folder"))


def look_at(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Whether diagnostics can be shown, in the text, and with nothing raw."""
    assert diagnostics, "a mistake without a diagnostic"
    shown = render_all(diagnostics)
    assert all(character.isprintable() or character == "\n" for character in shown), "a raw character"
    for each in diagnostics:
        assert to_json(each).isascii()
        if each.at is not None:
            assert 0 <= each.at.start <= each.at.end <= len(each.at.source.text), "a place outside of the text"


class Slow(Exception):
    """A text that takes far longer than its length is worth."""


def exercise(text: str, everything: bool = False) -> str:
    """Read, format, build and compile a text, and say how far it got. Raises what is a bug of ours.

    What takes longest is done for some, which depends on the text alone; with `everything` for all: formatting, the
    table and the source for one in four each.
    """
    begun = time.process_time()
    chosen = 0 if everything else zlib.crc32(text.encode(errors="surrogatepass"))
    stage = "refused"
    try:
        source = text_source(text, "net.arch")
        file = parse(source)
        stage = "parsed"
        if chosen % 8 == 0:
            formatted = format_source(source)
            assert format_source(text_source(formatted, "net.arch")) == formatted, "formatting isn't settled"
        network = build(read(file, no_files))
        stage = "built"
        if chosen % 8 in (0, 1):
            network.shapes().to_text()
        if chosen % 8 in (0, 2):
            compile(network.source(), "net.py", "exec", dont_inherit=True)
            stage = "source"
    except ArchError as error:
        look_at(error.diagnostics)
    if time.process_time() - begun > SECONDS:
        raise Slow(f"{time.process_time() - begun:.1f} s for {len(text)} characters")
    return stage
