"""From what a command does or raises to an exit status and what a person reads."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from archdsl.cli.group import cli
from archdsl.cli.terminal import wants_color
from archdsl.diagnostics import ArchError
from archdsl.diagnostics.missing import MissingExtra

FINE, DIAGNOSTICS, USAGE, CRASH, INTERRUPTED = 0, 1, 2, 3, 130


def run(argv: Sequence[str] | None) -> int:
    """Run the command that the arguments name, and return the exit status. Raises nothing."""
    _print_anything()
    try:
        status = _run(argv)
        _flush()
        return status
    except BrokenPipeError:
        # Who reads us has seen enough.
        _abandon_stdout()
        return FINE
    except OSError as error:
        _abandon_stdout()
        _say(f"error: {_io_problem(error)}")
        return USAGE
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("ARCHDSL_DEBUG") == "1":
            raise
        _say(
            f"error: archdsl itself failed ({type(error).__name__}: {error}), which is a bug of ours: "
            "please report it with the spec; ARCHDSL_DEBUG=1 shows where"
        )
        return CRASH


def _run(argv: Sequence[str] | None) -> int:
    try:
        status = cli.main(args=None if argv is None else list(argv), prog_name="archdsl", standalone_mode=False)
    except ArchError as error:
        from archdsl.diagnostics import render_all

        _flush()
        print(render_all(error.diagnostics, wants_color(sys.stderr)), file=sys.stderr)
        return DIAGNOSTICS
    except MissingExtra as error:
        _say(f"error: {error}")
        return USAGE
    except ImportError as error:
        if (error.name or "archdsl").partition(".")[0] == "archdsl":
            raise
        _say(f"error: `{error.name}` is installed and can't be imported: {error}")
        return USAGE
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return USAGE
    except SystemExit as end:
        # Click ends the process by itself for a broken pipe, with 1, and after it completed a word for the shell.
        if end.code == 1:
            raise BrokenPipeError from None
        return end.code if isinstance(end.code, int) else FINE
    return status if isinstance(status, int) else FINE


def _say(text: str) -> None:
    print(" ".join(text.splitlines()), file=sys.stderr)


def _io_problem(error: OSError) -> str:
    reason = error.strerror.lower() if error.strerror else str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _flush() -> None:
    # There is no stdout where whoever started us closed it.
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_stdout() -> None:
    """Send what is left to print nowhere if it can't be printed, as it would fail once more on the way out."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _print_anything() -> None:
    """Let no character that the terminal's encoding lacks end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
