"""`archdsl fmt`: specs in one style."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.limiting import limit_option

if TYPE_CHECKING:
    from archdsl.diagnostics import Diagnostic
    from archdsl.limits import Limits

STDIN = "-"


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@limit_option
def command(paths: tuple[str, ...], check: bool, diff: bool, limits: Limits) -> int:
    """Write specs in one style.

    A FILE is a spec, a folder, for all specs in it, or `-`, which reads a spec from stdin and prints it. What a
    spec means doesn't change, and its comments and line ends stay: a file for which that can't be held is left
    alone, and the exit status is 3. A spec with mistakes is left alone too.
    """
    from archdsl.diagnostics import ArchError
    from archdsl.formatting import ChangedMeaning

    status = 0
    mistakes: list[Diagnostic] = []
    for name in _files(paths):
        try:
            changes = _format(name, check, diff, limits)
            status = max(status, 1 if changes and check else 0)
        except ArchError as error:
            mistakes += error.diagnostics
            status = max(status, 1)
        except BrokenPipeError:
            raise
        except OSError as error:
            _say(name, error.strerror.lower() if error.strerror else str(error))
            status = max(status, 2)
        except ChangedMeaning:
            _say(
                name,
                "this would change what the spec means, which is a bug of ours: nothing was written; "
                "please report it with the spec",
            )
            status = 3
    if mistakes:
        from archdsl.cli.terminal import wants_color
        from archdsl.diagnostics import render_all

        print(render_all(mistakes, wants_color(sys.stderr)), file=sys.stderr)
    return status


def _say(name: str, problem: str) -> None:
    from archdsl.diagnostics.columns import safe

    print(f"error: {safe(name)}: {problem}", file=sys.stderr)


def _files(paths: tuple[str, ...]) -> Iterator[str]:
    """The files that are meant: each path, or where it is a folder all specs in it but in hidden ones."""
    for path in paths:
        folder = Path(path)
        if path == STDIN or not folder.is_dir():
            yield path
            continue
        inside = sorted(found for found in folder.rglob("*.arch") if not found.is_dir())
        shown = [found for found in inside if not any(part.startswith(".") for part in found.relative_to(folder).parts)]
        # A folder without one is reported as what can't be formatted.
        yield from map(str, shown or [folder])


def _format(name: str, check: bool, diff: bool, limits: Limits) -> bool:
    """Format one file and say so; whether it changes. Raises ArchError, ChangedMeaning and OSError."""
    from archdsl.diagnostics.columns import safe
    from archdsl.formatting import format_source
    from archdsl.opening.reading import line_end, source_of

    title = "stdin" if name == STDIN else name
    data = _read(name, limits)
    text = format_source(source_of(data, title, limits), limits).encode().replace(b"\n", line_end(data))
    changes = text != data
    if diff:
        if changes:
            from archdsl.cli.difference import difference
            from archdsl.cli.terminal import wants_color

            for line in difference(data.decode(), text.decode(), title, wants_color(sys.stdout)):
                print(line)
    elif check:
        if changes:
            print(f"{safe(title)}: would be formatted")
    elif name == STDIN:
        if sys.stdout is None:
            raise OSError("stdout is closed")
        # A text for another program, whatever the encoding of the terminal.
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
    elif changes:
        from archdsl.writing import Edited

        Edited(Path(name)).write(text)
        print(f"{safe(title)}: formatted")
    return changes


def _read(name: str, limits: Limits) -> bytes:
    from archdsl.opening.reading import read_data

    if name == STDIN:
        if sys.stdin is None:
            raise OSError("stdin is closed")
        return sys.stdin.buffer.read(limits.bytes + 1)
    path = Path(name)
    if path.is_dir():
        raise OSError("no spec is in this folder")
    if path.exists() and not path.is_file():
        raise OSError("only a file can be formatted")
    return read_data(path, limits)
