"""The files that a spec brings blocks from: beside it or below, never elsewhere, each read once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from archdsl.diagnostics import ArchError, Diagnostic, Label, Source, Span, proposal
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.limits import USUAL, Limits
from archdsl.opening.reading import read_source, text_source
from archdsl.syntax import parse, tree

_PATH = re.compile(r"(?!\.)[^/\\:\x00-\x1f\x7f]+(/(?!\.)[^/\\:\x00-\x1f\x7f]+)*\.arch")


class BadImportPath(Diagnostic):
    """A path of `from` that isn't one of an `.arch` file in the spec's own folder or below it."""

    code = "bad-import-path"
    beside = {"blocks.arch": "block cbr(c) = [conv3-{c} bn relu]\n"}
    bad = 'from "../blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'
    mended = 'from "blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'


class ImportNotFound(Diagnostic):
    """`from` names a file that isn't there or can't be read."""

    code = "import-not-found"
    beside = BadImportPath.beside
    bad = 'from "block.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'
    mended = 'from "blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'


class ImportCycle(Diagnostic):
    """A file that brings blocks from itself, directly or through others."""

    code = "import-cycle"
    beside = {
        "blocks.arch": 'from "units.arch" use unit\nblock cbr(c) = [unit(c)]\n',
        "units.arch": 'from "blocks.arch" use cbr\nblock unit(c) = [conv3-{c}]\n',
        "plain.arch": "block cbr(c) = [conv3-{c} bn relu]\n",
    }
    bad = 'from "blocks.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'
    mended = 'from "plain.arch" use cbr\narch net\ninput 3x8x8\ncbr(8)\n'


class TooManyFiles(Diagnostic):
    """A spec that is spread over more files than any person would write."""

    code = "too-many-imports"
    beside = {f"f{i}.arch": f'from "f{i + 1}.arch" use b\n' for i in range(USUAL.files)} | {
        f"f{USUAL.files}.arch": "block b = [relu]\n"
    }
    bad = 'from "f0.arch" use b\narch net\ninput 3x8x8\nb\n'
    mended = f'from "f{USUAL.files - 10}.arch" use b\narch net\ninput 3x8x8\nb\n'


def read_program(source: Source, folder: Path | None = None, limits: Limits = USUAL) -> Program:
    """A spec taken apart, with the files it brings blocks from; `folder` is where it lies.

    Raises ArchError for a text that is no spec, and for an import that isn't one of a spec in the folder.
    """
    return _Files(folder, limits).program(source, ())


def read_texts(source: Source, texts: Mapping[str, str]) -> Program:
    """A spec taken apart whose imports are texts, by their paths from the spec; no file is read.

    Raises ArchError as `read_program` does.
    """
    return _Texts(texts).program(source, ())


class _Files:
    """The files of one spec. A path is relative to the file that names it."""

    def __init__(self, folder: Path | None, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.read: dict[Path, Program] = {}

    def program(self, source: Source, way: tuple[Path, ...]) -> Program:
        """The program of a text at the end of a way of imports."""
        try:
            file = parse(source, self.limits)
        except ArchError as error:
            from archdsl.elaborate.foreign import explain

            raise ArchError(*explain(source, error.diagnostics)) from None
        return read(file, lambda item: self.library(item, source, way), self.limits)

    def library(self, item: tree.Import, source: Source, way: tuple[Path, ...]) -> Program:
        """The file that an import names. Raises ArchError where it may not be read or is no spec."""
        path = self.path(item, way[-1].parent if way else self.folder)
        if path in way:
            names = " → ".join(each.name for each in [*way[way.index(path) :], path])
            raise ArchError(ImportCycle(item.path.span, f"files bring blocks from each other: {names}", "begins again"))
        if path not in self.read:
            if len(way) + len(self.read) >= self.limits.files:
                raise ArchError(
                    TooManyFiles(
                        item.path.span,
                        f"this spec is spread over more than {self.limits.files} files",
                        "one more",
                        helps=[self.limits.help("files")],
                    )
                )
            name = str(Path(source.name).parent / str(item.path.value))
            try:
                self.read[path] = self.program(self.source(path, name), (*way, path))
            except OSError as error:
                raise ArchError(
                    ImportNotFound(item.path.span, f"`{item.path.value}` can't be read: {error.strerror}", "this file")
                ) from None
            except ArchError as error:
                for diagnostic in error.diagnostics:
                    if diagnostic.at is not None and len(diagnostic.labels) < 4:
                        diagnostic.labels = (*diagnostic.labels, Label(item.span, "brought in here"))
                raise
        return self.read[path]

    def source(self, path: Path, name: str) -> Source:
        """The text of a file."""
        return read_source(path, name, self.limits)

    def path(self, item: tree.Import, folder: Path | None) -> Path:
        """Where the file lies that an import names, links followed."""
        written, at = str(item.path.value), item.path.span
        if folder is None:
            raise ArchError(
                BadImportPath(
                    at,
                    "a spec that is no file has no folder to bring blocks from",
                    "can't be looked for",
                    helps=["save the spec beside the file that has the blocks"],
                )
            )
        if not _PATH.fullmatch(written):
            raise ArchError(
                BadImportPath(
                    at,
                    "blocks come from an `.arch` file in the spec's folder or below it",
                    "not such a file",
                    helps=['a path is relative and never goes up: `from "blocks.arch" use …`'],
                )
            )
        # Not `Path.resolve`, which raises for links that lead to themselves.
        home = Path(os.path.realpath(folder))
        path = Path(os.path.realpath(home / written))
        if not path.is_relative_to(home):
            raise ArchError(
                BadImportPath(at, "this is a link to a file outside of the spec's folder", "leads elsewhere")
            )
        if not path.is_file():
            near = [each.name for each in sorted(path.parent.glob("*.arch"))[: USUAL.files] if each.is_file()]
            raise ArchError(
                ImportNotFound(
                    at,
                    f"there is no file `{written}` in the spec's folder",
                    "not found",
                    **proposal(_file_name(item), path.name, near, "a file"),
                )
            )
        return path


class _Texts(_Files):
    """The files of a spec that are texts, by their paths."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(Path(), USUAL)
        self.texts = {Path(path): text for path, text in texts.items()}

    def source(self, path: Path, name: str) -> Source:
        return text_source(self.texts[path], name)

    def path(self, item: tree.Import, folder: Path | None) -> Path:
        path = (folder or Path()) / str(item.path.value)
        if path not in self.texts:
            raise ArchError(ImportNotFound(item.path.span, f"the text of `{item.path.value}` isn't there", "not found"))
        return path


def _file_name(item: tree.Import) -> Span:
    """The name of the file in the path of an import, without its folder and its quotes."""
    at = item.path.span
    return at.source.span(at.end - 1 - len(Path(str(item.path.value)).name), at.end - 1)
