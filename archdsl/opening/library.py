"""Which file a name means: a file at that path, else a spec that comes with archdsl, else a variant in one."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from archdsl.diagnostics import ArchError, Diagnostic, Source, similar_help
from archdsl.limits import USUAL, Limits
from archdsl.opening.reading import read_source
from archdsl.reading import NotAFile, is_handed
from archdsl.record import record

SUFFIX = ".arch"


class UnknownSpec(Diagnostic):
    """A name that is neither a file nor one of the specs and variants that come with archdsl."""

    code = "unknown-spec"
    asked = ("archdsl shapes resnet51", "archdsl shapes resnet50")


@record
class Spec:
    """A file and, where the name that led to it was a variant's, that variant."""

    path: Path
    variant: str | None = None
    title: str | None = None
    """What the file goes by in messages, where that isn't its path."""

    @property
    def folder(self) -> Path | None:
        """Where other files may lie that it brings blocks from; a pipe has no such place."""
        return None if _is_stream(self.path) else self.path.parent

    def read(self, limits: Limits = USUAL) -> Source:
        """The text. Raises ArchError or OSError as `reading.read_source` does."""
        return read_source(self.path, self.title, limits)


@cache
def folder() -> Path:
    """Where the specs are that come with archdsl: inside the package, or beside it in a source tree."""
    packaged = Path(__file__).parents[1] / "specs"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "specs"


def files() -> list[Path]:
    """The specs that come with archdsl, in the order of their names."""
    return sorted(folder().glob(f"*{SUFFIX}"))


def find(name: str | Path) -> Spec:
    """What a name or path means.

    A file that exists wins. `vgg.arch` is the file of that name; `vgg16` is first the variant of that
    name in any file, then `vgg16.arch`. Raises ArchError with similar names where there is nothing, and
    OSError where there is something that is no file.
    """
    path = Path(name)
    if path.is_file() or _is_stream(path):
        return Spec(path)
    found = _in_library(str(name))
    if found is not None:
        return found
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a spec", str(name))
    if path.exists():
        raise NotAFile(name)
    known = [each for listed in contents() for each in (listed.path.stem, listed.path.name, *listed.variants)]
    raise ArchError(
        UnknownSpec(
            None,
            f"there is no spec `{name}`",
            notes=["a name is that of a file, or of a spec or variant that comes with archdsl"],
            helps=similar_help(str(name), known, "a spec") or ["`archdsl list` shows all names"],
        )
    )


def find_all(name: str | Path) -> list[Spec]:
    """What a name or path means, and for a folder every spec below it, in the order of their paths.

    A folder called like a spec that comes with archdsl is meant where a slash ends the name. Raises as `find` does,
    ArchError for a folder without a spec, and OSError for one that can't be read.
    """
    if not Path(name).is_dir() or _in_library(str(name)):
        return [find(name)]
    found = sorted(_below(Path(name)))
    if found:
        return [Spec(path) for path in found]
    raise ArchError(
        UnknownSpec(None, f"there is no spec below `{name}`", helps=[f"a spec is a file whose name ends in {SUFFIX}"])
    )


@record
class Listed:
    """A file with the names of its variants."""

    path: Path
    variants: tuple[str, ...]


def contents() -> Iterator[Listed]:
    """Every spec that comes with archdsl."""
    for path in files():
        yield Listed(path, tuple(variant_names(path.read_text(encoding="utf-8"))))


def variant_names(text: str) -> list[str]:
    """The names in the table of variants, found line by line without parsing the spec."""
    lines = iter(text.splitlines())
    for line in lines:
        if re.fullmatch(r"\s*variants\s*(#.*)?", line):
            break
    rows = (line.split("#")[0].strip() for line in lines)
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in _table(rows)]
    if not cells or "name" not in cells[0]:
        return []
    column = cells[0].index("name")
    return [row[column].strip('"') for row in cells[1:] if len(row) > column and re.search(r"[^\s:-]", row[column])]


def _table(rows: Iterator[str]) -> Iterator[str]:
    """The rows of the table that comes next; blank lines and comments may stand ahead of it."""
    begun = False
    for row in rows:
        if row.startswith("|"):
            begun = True
            yield row
        elif row or begun:
            return


def _below(folder: Path) -> Iterator[Path]:
    """The files of specs below a folder; a folder that can't be read is no empty one."""

    def refuse(error: OSError) -> None:
        raise error

    for inner, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(inner, name) for name in names if name.endswith(SUFFIX))


def _in_library(name: str) -> Spec | None:
    if name.endswith(SUFFIX):
        return next((Spec(path, title=path.name) for path in files() if path.name == name), None)
    for listed in contents():
        if name in listed.variants:
            return Spec(listed.path, name, listed.path.name)
    return next((Spec(path, title=path.name) for path in files() if path.stem == name), None)


def _is_stream(path: Path) -> bool:
    """Whether a path is no file but can be read like one: what was handed over by a descriptor."""
    return is_handed(path) and (path.is_fifo() or path.is_char_device() or path.is_file())
