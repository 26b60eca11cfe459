"""Names that mean something already."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.binding import split_digits
from archdsl.elaborate.expressions import SIZES
from archdsl.layers.base import keywords
from archdsl.syntax import tree


class BadName(Diagnostic):
    """A block or parameter whose name means something already, such as a keyword or `x3`."""

    code = "bad-name"
    bad = "arch net\ninput 3x8x8\nblock conv(c) = [conv1-{c}]\nconv(3)\n"
    mended = "arch net\ninput 3x8x8\nblock convs(c) = [conv1-{c}]\nconvs(3)\n"


def check_name(word: tree.Word, what: str) -> None:
    """Raise ArchError if a name means something already."""
    name, digits = split_digits(word.text)
    reason = ""
    # A block would hide the layer of its name; a parameter that holds no layer hides nothing.
    if (what == "a block" and word.text in keywords()) or (digits is not None and name in keywords()):
        reason = "it is written like a layer"
    elif name == "x" and digits is not None:
        reason = "it is written like a repeat"
    elif word.text in SIZES or word.text in ("project", "optional", "bare"):
        reason = "the language uses it"
    if reason:
        raise ArchError(
            BadName(
                word.span,
                f"`{word.text}` can't name {what}: {reason}",
                "means something already",
                helps=[f"choose another name, such as `my_{word.text}`"],
            )
        )
