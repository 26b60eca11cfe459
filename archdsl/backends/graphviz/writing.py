"""DOT made into a file: by the system's `dot`, else by `graphviz-pure`, which pip installs with us.

That one makes no PDF, which svglib then makes of its SVG.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal, get_args

from archdsl.backends.graphviz.fallbacks import with_fallbacks
from archdsl.writing import Place

PURE = "graphviz-pure"
Format = Literal["svg", "png", "pdf", "dot"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SECONDS = 120


class RenderError(OSError):
    """A picture can't be made; the text says why, and what to install, in one line."""


def form_of(path: Path) -> Format:
    """The format that a file name asks for. Raises RenderError for one that isn't made."""
    suffix = path.suffix.lower().removeprefix(".")
    for form in FORMATS:
        if suffix == form:
            return form
    known = ", ".join(f".{each}" for each in FORMATS)
    raise RenderError(f"can't tell the format of `{path.name}`: a picture's name ends in one of {known}")


def write_picture(dot: str, form: Format, place: Place) -> None:
    """Write DOT in a format. The file is whole or, after an error, as it was before."""
    place.write(dot.encode() if form == "dot" else _drawn(dot, form))


def _drawn(dot: str, form: str) -> bytes:
    system = shutil.which("dot")
    if system is not None:
        made = _ran(system, dot, form)
        return with_fallbacks(made) if form == "svg" else made
    pure = _pure()
    if form == "pdf":
        return _as_pdf(pure, dot)
    if pure is None:
        raise RenderError("no Graphviz found: `pip install graphviz-pure`, or install Graphviz, or write a .dot file")
    made = _ran(pure, dot, form)
    return with_fallbacks(made) if form == "svg" else made


def _as_pdf(pure: str | None, dot: str) -> bytes:
    """A PDF without the system's Graphviz. Raises RenderError where the libraries for it aren't there."""
    try:
        if pure is None:
            raise ImportError
        from archdsl.backends.graphviz.pdf import pdf_of

        return pdf_of(_ran(pure, dot, "svg"))
    except ImportError:
        raise RenderError(
            "a PDF needs svglib or Graphviz: `pip install 'archdsl[pdf]'`, or install Graphviz "
            "(`apt install graphviz`, `brew install graphviz`), or write an .svg"
        ) from None


def _ran(program: str, dot: str, form: str) -> bytes:
    try:
        done = subprocess.run(
            [program, f"-T{form}"], input=dot.encode(), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"Graphviz took longer than {_SECONDS} s: draw less with a smaller depth, or write a .dot file"
        ) from None
    except OSError as error:
        raise RenderError(f"`{program}` can't be run: {error.strerror or error}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(f"`{program}` failed: {said[0] if said else f'exit status {done.returncode}'}")
    return done.stdout


def _pure() -> str | None:
    """`graphviz-pure` beside the running Python or in its scripts folder, else wherever PATH leads."""
    folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts")]
    for folder in folders:
        found = shutil.which(PURE, path=folder)
        if found is not None:
            return found
    return shutil.which(PURE)
