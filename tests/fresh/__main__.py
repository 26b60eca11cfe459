"""`python -m tests.fresh ENVIRONMENT [EXTRA]`: what a person meets who has installed archdsl and nothing else.

ENVIRONMENT is a virtual environment that archdsl was installed into, with that extra or none. Every command of README
and docs runs there as it is typed, and every command of `docs/cli.md`. One either works or says what to install, and
then leaves everything as it was; what a page shows behind the installation of an extra may need that extra, and
nothing else may need anything. Only the standard library is used here.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT, Command, File, documents, matches, steps
from tests.fresh.invocations import INVOCATIONS, prepare

BRINGS = {"": {""}, "torch": {"", "torch"}}
"""The extras whose commands work, by the one that was installed."""

INSTALL = "pip install 'archdsl["

NEEDING = tuple(
    f"archdsl {name}" for name in ("evaluate", "export", "predict", "rewrite", "train", "transfer", "weights")
)
"""Commands that look for what they need before they look for a file."""


def main(environment: Path, extra: str) -> int:
    """Print what is wrong, and how many commands are right; 1 where one is not."""
    os.environ["PATH"] = f"{environment.resolve() / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        os.environ.pop(name, None)
    os.environ.update(NO_COLOR="1", PYTHONUTF8="1", COLUMNS="80", OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    passed, failed = 0, 0
    for problem in (*_pages(extra), *_commands(extra)):
        if problem is None:
            passed += 1
        else:
            failed += 1
            print(f"\n{problem}", flush=True)
    print(f"archdsl[{extra}] in a fresh environment: {passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def _pages(extra: str) -> Iterator[str | None]:
    """What is wrong with each command of the pages; None where nothing is."""
    for page in documents():
        with tempfile.TemporaryDirectory() as name:
            folder, needed, lacks = Path(name), "", False
            for step in steps(page):
                if isinstance(step, File):
                    (folder / step.name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / step.name).write_text(step.text, encoding="utf-8")
                elif step.installs is not None:
                    needed = step.installs
                    lacks |= needed not in BRINGS[extra]
                elif step.arguments is not None and not (lacks and _lacks_a_file(step, folder)):
                    problem = _problem(step, folder, needed in BRINGS[extra])
                    yield problem and f"{page.name}:{step.line}: {problem}"


def _lacks_a_file(step: Command, folder: Path) -> bool:
    """Whether a command reads what an earlier one could not write, so that it shows nothing of its own."""
    words = re.findall(r"[\w/.]+\.(?:arch|png|py|pt|safetensors)\b", step.text)
    return not step.text.startswith(NEEDING) and any(not (folder / word).exists() for word in words)


def _commands(extra: str) -> Iterator[str | None]:
    """The same of one invocation of each command in `docs/cli.md`, and of the list of them."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    there = {line.removeprefix("## ") for line in text.splitlines() if line.startswith("## archdsl ")}
    untried = {
        each for each in there if not any(f"{command.text} ".startswith(f"{each} ") for command, _ in INVOCATIONS)
    }
    yield f"no invocation of {', '.join(sorted(untried))}" if untried else None
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), torch=extra == "torch")
        for command, needed in INVOCATIONS:
            problem = _problem(command, Path(name), needed in BRINGS[extra])
            yield problem and f"invocation {command.line}: {problem}"


def _problem(step: Command, folder: Path, works: bool) -> str | None:
    """What is wrong with a command that has what it needs, or says what that is and leaves all as it was."""
    before = _everything(folder)
    done = subprocess.run(
        step.text,
        shell=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    shown = f"{step.text}\n{done.stdout}"
    if done.returncode == step.status and (not step.output or matches(step.output, done.stdout)):
        return None
    if works:
        return f"this should work, and ended with {done.returncode}: {shown}"
    if not _says_what_to_install(step, done.returncode, done.stdout):
        return f"this should say what to install, and ended with {done.returncode}: {shown}"
    changed = sorted({name for name, _ in before ^ _everything(folder)})
    return f"this could not work, and changed {', '.join(changed)}: {shown}" if changed else None


def _says_what_to_install(step: Command, status: int, said: str) -> bool:
    """Whether a command ended with one line that does; what a person imports by hand, Python says itself."""
    *before, last = said.splitlines() or [""]
    if step.text.startswith("archdsl "):
        return status == 2 and not before and INSTALL in last
    return INSTALL in last or (last.startswith("ModuleNotFoundError") and "archdsl" not in last)


def _everything(folder: Path) -> set[tuple[str, str]]:
    """All that is in a folder, with a digest of each file."""
    return {
        (str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in folder.rglob("*")
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "".join(sys.argv[2:])))
