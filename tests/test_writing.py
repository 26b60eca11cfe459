"""What is written: whole or not at all, over nothing that is somebody else's, and by nobody but the writer."""

from __future__ import annotations

import ast
import io
import os
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import onnx
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save

from archdsl.writing import Edited, Kept, Output, drafts, folder
from archdsl.writing.marks import NO_DIGEST, Form, is_marked

ROOT = Path(__file__).parents[1]

WRITER = """\
import sys
from pathlib import Path
from archdsl.writing import Kept
path, turn = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    turn += 1
    Kept(path).write("ab"[turn % 2] * 300_000)
"""

FULL = """\
import errno, resource, signal, sys
from pathlib import Path
from archdsl.writing import Kept
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    Kept(Path(sys.argv[1])).write("b" * 5000)
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

    monkeypatch.setattr(drafts.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left on device"):
        Edited(path).write("new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [each.name for each in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of POSIX")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    Edited(link).write("new\n")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_long_name_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".py")
    Kept(path).write(b"new")
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


FORMS: dict[Form, bytes] = {
    "python": b"x = 1\n",
    "spec": b"arch net\ninput 3x8x8\nrelu\n",
    "svg": b"<svg/>\n",
    "dot": b"digraph {}\n",
    "pdf": b"%PDF-1.4\n%%EOF\n",
}


def of_form(form: Form, size: int = 3) -> bytes:
    """A file of a form as another library writes it."""
    if form in FORMS:
        return FORMS[form]
    buffer = io.BytesIO()
    if form == "png":
        Image.linear_gradient("L").resize((size, size)).save(buffer, "PNG")
    elif form == "pt2":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("net/data", bytes(size))
    elif form == "onnx":
        value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [size])
        node = onnx.helper.make_node("Identity", ["x"], ["y"])
        other = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [size])
        buffer.write(
            onnx.helper.make_model(onnx.helper.make_graph([node], "net", [value], [other])).SerializeToString()
        )
    else:
        said = {"archdsl.spec": f'"archdsl.digest":"{NO_DIGEST}"', "archdsl.digest": NO_DIGEST}
        buffer.write(save({"a": torch.zeros(size)}, said))
    return buffer.getvalue()


EVERY: tuple[Form, ...] = get_args(Form)


@pytest.mark.parametrize("form", EVERY)
def test_what_was_written_is_known_and_what_was_changed_is_not(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "file"
    theirs = of_form(form)
    path.write_bytes(theirs)
    with pytest.raises(FileExistsError, match="is not as archdsl wrote it, and --force is needed"):
        Output(path, form).write(of_form(form))
    assert path.read_bytes() == theirs
    Output(path, form, force=True).write(of_form(form))
    assert is_marked(path, form)
    assert [other for other in EVERY if is_marked(path, other)] in ([form], ["python", "spec"])
    # The same command once more, and with other content.
    Output(path, form).write(of_form(form))
    Output(path, form).write(of_form(form, 5))
    whole = path.read_bytes()
    draw = random.Random(form)
    for place in {0, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(40))}:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(FileExistsError):
            Output(path, form).require()
    for other in (whole[:-1], whole + b"\n", b"\n" + whole):
        path.write_bytes(other)
        with pytest.raises(FileExistsError):
            Output(path, form).require()
    path.write_bytes(b"")
    Output(path, form).require()


@pytest.mark.parametrize("form", ["png", "pt2", "onnx", "safetensors"])
def test_a_marked_file_is_read_as_ever(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "file"
    Output(path, form).write(of_form(form))
    if form == "png":
        with Image.open(path) as image:
            image.load()
            assert (image.size, "Written by archdsl" in image.text["Software"]) == ((3, 3), True)  # type: ignore[attr-defined]
    elif form == "pt2":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert archive.comment.startswith(b"Written by archdsl: ")
    elif form == "onnx":
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
        assert [(each.key, each.value[:20]) for each in model.metadata_props] == [
            ("Written by archdsl", "Written by archdsl: ")
        ]
    else:
        assert torch.equal(load_file(path)["a"], torch.zeros(3))


@pytest.mark.parametrize("form", EVERY)
def test_what_has_no_end_of_its_form_stays_whole(form: Form, tmp_path: Path) -> None:
    for data in (b"", b"x", bytes(100), b"\xff" * 8):
        Output(tmp_path / "file", form, force=True).write(data)
        assert (tmp_path / "file").read_bytes().startswith(data)


def is_refused(path: Path, words: str) -> None:
    for place in (Output(path, "dot"), Output(path, "dot", force=True), Edited(path), Kept(path)):
        with pytest.raises(OSError, match=words):
            place.write("x")


@pytest.mark.skipif(os.name == "nt", reason="pipes, sockets and devices are those of POSIX")
def test_what_is_no_file_is_never_written_to(tmp_path: Path) -> None:
    pipe, named = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(named))
        for path in (pipe, named, Path("/dev/null"), Path("/dev/full")):
            before = path.lstat()
            is_refused(path, "is no regular file, and nothing else is written to")
            assert path.lstat().st_ino == before.st_ino
    is_refused(tmp_path, "is a folder")
    (tmp_path / "link").symlink_to("/dev/null")
    with pytest.raises(OSError, match="is no regular file"):
        Output(tmp_path / "link", "dot", force=True).write("x")


def test_an_input_is_never_an_output(tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    Output(path, "spec").write(FORMS["spec"])
    (tmp_path / "link").symlink_to("net.arch")
    os.link(path, tmp_path / "other")
    before = path.read_bytes()
    for name in ("net.arch", "link", "other"):
        for force in (False, True):
            with pytest.raises(FileExistsError, match="is what this command reads"):
                Output(tmp_path / name, "spec", force=force, inputs=[path]).write(b"new")
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="links are those of POSIX")
def test_a_link_in_a_folder_of_ours_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious", encoding="utf-8")
    (tmp_path / "metrics.csv").symlink_to("precious")
    Kept(tmp_path / "metrics.csv").write("new")
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "metrics.csv").is_symlink()


def test_what_appears_while_a_file_is_made_is_kept(tmp_path: Path) -> None:
    def make(draft: Path) -> None:
        draft.write_text("ours", encoding="utf-8")
        (tmp_path / "net.dot").write_text("theirs", encoding="utf-8")

    with pytest.raises(FileExistsError):
        Output(tmp_path / "net.dot", "dot").make(make)
    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [("net.dot", "theirs")]


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        folder(tmp_path / "a" / "b" / "run", fail)
    assert list(tmp_path.iterdir()) == []
    folder(tmp_path / "a" / "run", lambda draft: (draft / "whole").touch())
    assert [each.name for each in (tmp_path / "a" / "run").iterdir()] == ["whole"]
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["run"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is one of Linux")
@pytest.mark.parametrize("arguments", [("compile", "vgg16", "-o"), ("diagram", "lenet5", "-o")])
def test_a_command_writes_to_no_device(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    name = "full.py" if arguments[0] == "compile" else "full.dot"
    (tmp_path / name).symlink_to("/dev/full")
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", *arguments, name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, f"error: {name}: is no regular file, and nothing else is written to\n")


ALONE = {
    "archdsl/syntax/tables.py": {"write_text"},
    "archdsl/writing/drafts.py": {"touch", "unlink", "replace", "os.open", "chmod"},
    "archdsl/writing/folders.py": {"mkdir", "replace", "rmtree", "rmdir"},
    "archdsl/writing/marks.py": {"open", "truncate"},
    "archdsl/writing/places.py": {"open", "mkdir"},
    # To read.
    "archdsl/reading.py": {"os.open", "os.fdopen"},
    # Into memory.
    "archdsl/train/checkpoint.py": {"save"},
    # The null device, in the place of a closed stdout.
    "archdsl/cli/running.py": {"os.open"},
}
"""Who makes, changes and removes files: the writer; and the maker of the grammar's tables, which is for developers."""

MAKERS = {"write_text", "write_bytes", "touch", "mkdir", "makedirs", "rename", "renames", "unlink", "rmdir"}
MAKERS |= {"rmtree", "removedirs", "symlink_to", "hardlink_to", "symlink", "truncate", "chmod", "mkfifo", "copyfile"}
MAKERS |= {"copy2", "copytree", "copyfileobj", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "FileIO"}
MAKERS |= {"TemporaryDirectory", "extractall", "memmap", "FileHandler"}
"""Functions that make, change or remove a file, whatever they are given."""

SAVERS = {"save", "dump", "save_file", "savefig", "savez", "imsave", "tofile", "to_csv", "aoti_compile_and_package"}
"""Functions that write to what they are given, which must be a draft of the writer's, or a buffer."""

GIVEN = {"draft", "str(draft)", "file", "held"}
OURS = {"network.save", "fitted.network.save", "draft.write_bytes", "ast.dump"}
"""`Network.save`, which asks the writer, what fills a draft of his, and what only makes a text."""


def writes(path: Path) -> Iterator[str]:
    """The calls in a file of code that may write to a file, by their names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        whole = ast.unparse(node.func)
        given = {ast.unparse(each) for each in (*node.args, *(each.value for each in node.keywords))}
        if whole in OURS:
            continue
        if whole in ("os.open", "os.fdopen", "os.replace", "os.remove", "shutil.copy", "shutil.move") or name in MAKERS:
            yield whole if whole.startswith("os.") else name
        elif name == "open" and any(re.fullmatch(r"'[rb]*[wax+][wax+bt]*'", each) for each in given):
            yield name
        elif name == "replace" and isinstance(node.func, ast.Attribute) and len(node.args) == 1 and not node.keywords:
            # A path's; a text's takes two, and a value's the names of its fields.
            yield name
        elif name in SAVERS and not given & GIVEN:
            yield name


def test_nothing_else_writes() -> None:
    """No file of the package but the writer's makes, changes or removes a file."""
    found = {
        path.relative_to(ROOT).as_posix(): calls
        for path in (ROOT / "archdsl").rglob("*.py")
        if (calls := set(writes(path)))
    }
    assert found == ALONE


@pytest.mark.parametrize(
    "code",
    [
        "open('a', 'w')",
        "open('a', mode='ab')",
        "path.open('x')",
        "path.open('r+b')",
        "path.write_text('')",
        "path.replace(other)",
        "os.replace(a, b)",
        "torch.save(a, path)",
        "save_file(a, path)",
        "picture.save(path, 'png')",
        "figure.savefig(path)",
        "tempfile.mkdtemp()",
        "os.open(path, os.O_WRONLY)",
        "shutil.copyfile(a, b)",
    ],
)
def test_a_planted_writer_is_found(code: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(f"def f():\n    {code}\n", encoding="utf-8")
    assert list(writes(tmp_path / "planted.py"))
