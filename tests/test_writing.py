"""Files are whole or as they were: when writing fails, when the disk is full, and when the process is killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archdsl import writing
from archdsl.writing import write

ROOT = Path(__file__).parents[1]

WRITER = """\
import sys
from pathlib import Path
from archdsl.writing import write
path, turn = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    turn += 1
    write(path, "ab"[turn % 2] * 300_000)
"""

FULL = """\
import errno, resource, signal, sys
from pathlib import Path
from archdsl.writing import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write(Path(sys.argv[1]), "b" * 5000)
except OSError as error:
    assert error.errno == errno.EFBIG, error
    sys.exit(7)
"""


def python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE)


def test_a_failure_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.py"
    path.write_text("old\n", encoding="utf-8")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left on device"):
        write(path, "new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [each.name for each in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of POSIX")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    write(link, "new\n")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_long_name_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".py")
    write(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    whole = {letter * 300_000 for letter in "ab"}
    for turn in range(12):
        process = python(WRITER, str(path))
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.003 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert not path.exists() or path.read_text(encoding="utf-8") in whole
    assert path.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and /dev/full are those of Linux")
def test_a_full_disk_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("old\n", encoding="utf-8")
    process = python(FULL, str(path))
    process.communicate()
    assert process.returncode == 7
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [each.name for each in tmp_path.iterdir()] == ["net.py"]
    with pytest.raises(OSError, match="No space left on device"):
        write(Path("/dev/full"), "new\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is one of Linux")
@pytest.mark.parametrize("arguments", [("compile", "vgg16", "-o"), ("diagram", "lenet5", "-o")])
def test_a_command_says_that_the_disk_is_full(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    name = "full.py" if arguments[0] == "compile" else "full.dot"
    (tmp_path / name).symlink_to("/dev/full")
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", *arguments, name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"no space left on device" in done.stderr.lower()
    assert b"Traceback" not in done.stderr


def test_nothing_else_writes() -> None:
    """No file of the package but one opens a file to write."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "archdsl").rglob("*.py")
        if any(
            word in path.read_text(encoding="utf-8")
            for word in (".write_text(", ".write_bytes(", 'open("w', 'open("x', ', "w"', ', "wb"', "mkstemp")
        )
    ]
    assert sorted(found) == ["archdsl/syntax/tables.py", "archdsl/writing.py"], "tables.py is for developers"
