"""`python watched.py FOLDER WORD PLANT COMMAND…`: run a command of archdsl and print what it may not do.

Python tells an audit hook whatever it opens, runs, compiles or connects to (PEP 578). Allowed is to open files of
Python, of what is installed and of archdsl, and those in FOLDER; to run code of installed modules, so long as WORD,
which only the spec has, isn't in it. PLANT is code that runs first: a violation, to see that it is seen.
"""

import io
import os
import sys
import sysconfig
from pathlib import Path

folder, word, plant, *command = sys.argv[1:]
ROOT = str(Path(__file__).resolve().parents[2])
OURS = [f"{ROOT}/{each}" for each in ("archdsl", "grammars", "specs")]
INSTALLED = [*OURS, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(Path(os.__file__).parent)]
ALLOWED = [os.path.realpath(each) for each in (*INSTALLED, folder)]
RUNS = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "pty.",
    "socket.",
)
LOOKS = ("open", "os.listdir", "os.scandir")
found: list[str] = []


def within(path: str, places: list[str]) -> bool:
    real = os.path.realpath(path)
    return any(real == place or real.startswith(place + os.sep) for place in places)


def is_installed(name: str) -> bool:
    return name.startswith("<frozen") or within(name, ALLOWED[:-1])


def hook(event: str, arguments: tuple[object, ...]) -> None:
    if not watching:
        return
    if event.startswith(RUNS):
        found.append(f"{event} {arguments[:2]!r}")
    elif event in LOOKS and isinstance(arguments[0], (str, bytes)):
        path = os.fsdecode(arguments[0])
        if not within(path, ALLOWED) and path != os.devnull and not _of_import(path):
            found.append(f"{event} {path}")
    elif event == "compile" and arguments[0] is not None and arguments[1] not in ("<read back>", b"<read back>"):
        # A source is read back as a tree; that no code is made of it shows where code is run.
        text = arguments[0] if isinstance(arguments[0], bytes) else str(arguments[0]).encode()
        if word.encode() in text:
            found.append(f"compile {text[:200]!r}")
    elif event == "exec" and arguments[0] is not planted:
        caller = sys._getframe(1).f_code.co_filename
        code = arguments[0]
        if not is_installed(caller) or word in str(getattr(code, "co_consts", "")) + str(getattr(code, "co_names", "")):
            found.append(f"exec {code!r} by {caller}")


def _of_import(path: str) -> bool:
    """Whether a folder is looked at because it is on the way of imports: the one this file is in, say."""
    return os.path.realpath(path) in {os.path.realpath(each) for each in sys.path}


watching = False
planted = compile(plant, os.__file__, "exec")
sys.addaudithook(hook)
sys.path[0] = ROOT
watching = True
exec(planted, {})

from archdsl.cli import main  # noqa: E402

sys.stdout = io.TextIOWrapper(io.BytesIO())
status = main(command)
sys.stdout = sys.__stdout__
watching = False
print(status)
print("\n".join(found))
