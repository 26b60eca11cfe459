"""Broken and hostile images, checkpoints, descriptions, recipes and devices: each is said by name, and none is a crash.

The commands run with ARCHDSL_DEBUG=1, so that what they would call a bug of ours is raised here.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.recipes.run_folder import CHECKPOINT, DESCRIPTION, METRICS, PREPARATION, WEIGHTS
from archdsl.runtime.images import open_image

from .conftest import Commands
from .hostile import FINE, IMAGES, altered, altered_checkpoint, broken, broken_images, picture

ROOT = Path(__file__).parents[2]

NET = "arch net(classes = 2)\ninput 3x8x8\nconv3-4 bn relu gap fc-{classes}\n"


@pytest.fixture
def asked(run: Commands) -> Commands:
    """A network with weights, and a folder of images that may get one more."""
    (run.folder / "net.arch").write_text(NET, encoding="utf-8")
    torch.save(archdsl.load("net.arch").module().state_dict(), run.folder / "net.pt")
    for label in ("a", "b"):
        (run.folder / "own" / label).mkdir(parents=True)
        for number in range(5):
            picture(9, 12, number).save(run.folder / "own" / label / f"{number}.png")
    return run


def predict(run: Commands, path: str) -> tuple[int, str]:
    ran = run("predict", "net.arch", path, "--weights", "net.pt")
    return ran.status, ran.err


def train(run: Commands) -> tuple[int, str]:
    ran = run("train", "net.arch", "--data", "folder:own", "--epochs", "1", "--batch-size", "4", "--out", "run")
    assert (run.folder / "run").exists() == (ran.status == 0), "a training that never began leaves nothing"
    return ran.status, ran.err


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_no_image(asked: Commands, name: str) -> None:
    path = Path("own/a/x.png")
    path.write_bytes(IMAGES[name]())
    for status, said in (predict(asked, str(path)), train(asked)):
        if name == "as large as is opened":
            assert status == 0
            continue
        if name == "notes without end" and status == 0:
            # Which Pillow looks at only where it is asked for them.
            continue
        assert status == 2
        error = said.splitlines()[-1]
        assert error.startswith(f"error: {path}: ")
        assert error.count(str(path)) == 1
    shutil.rmtree("run", ignore_errors=True)


@pytest.mark.parametrize("name", FINE)
def test_what_is_an_image(asked: Commands, name: str) -> None:
    path = Path("own/a/x.png")
    path.write_bytes(FINE[name]())
    assert predict(asked, str(path))[0] == 0
    assert train(asked)[0] == 0
    if name == "16 bits":
        # The middle of the range, and not all white.
        assert open_image(path).getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.skipif(os.name == "nt", reason="pipes are those of POSIX")
def test_what_is_no_file(asked: Commands) -> None:
    path = Path("own/a/x.png")
    os.mkfifo(path)
    assert [status for status, _ in (predict(asked, str(path)), train(asked))] == [2, 2]
    path.unlink()
    path.symlink_to(path.name)
    assert [status for status, _ in (predict(asked, str(path)), train(asked))] == [2, 2]
    path.unlink()
    path.mkdir()
    assert predict(asked, str(path))[0] == 2
    assert predict(asked, "nowhere.png")[0] == 2


def test_images_with_bytes_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    opened = named = 0
    for data in broken_images(400):
        path.write_bytes(data)
        try:
            opened += open_image(path).mode == "RGB"
        except OSError as error:
            said = str(error)
            named += str(path) in said and "\n" not in said
    assert 20 < opened < 380
    assert named == 400 - opened


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_image_of_many_that_breaks_later(asked: Commands, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    from archdsl.train import images

    monkeypatch.setattr(images, "MOST_IN_MEMORY", 0)
    Path("own/b/3.png").write_bytes(IMAGES["half of a PNG"]())
    ran = asked(
        *("train", "net.arch", "--data", "folder:own", "--epochs", "3", "--batch-size", "4", "--workers", workers),
        *("--out", "run"),
    )
    assert (ran.status, ran.err.count("own/b/3.png"), "Traceback" in ran.err) == (2, 1, False), ran.err


@pytest.fixture
def begun(run: Commands) -> Commands:
    """A training of one epoch, which may go on."""
    run.train("--epochs", "1", "--batch-size", "300", "--schedule", "plateau")
    return run


def goes_on(run: Commands, *options: str) -> tuple[int, str]:
    ran = run("train", "--resume", "run", "--epochs", "2", *options)
    assert ran.status in (0, 1, 2), ran.err
    return ran.status, ran.err


def in_turn(run: Commands, name: str, change: Callable[[bytes], bytes], count: int, *commands: tuple[str, ...]) -> int:
    """Change a file of a run in many ways, and count how often a command said so."""
    whole = (run.folder / "run" / name).read_bytes()
    copy = run.folder / "copy"
    shutil.copytree(run.folder / "run", copy)
    said = 0
    for _ in range(count):
        (run.folder / "run" / name).write_bytes(change(whole))
        for command in commands:
            ran = run(*command)
            assert ran.status in (0, 1, 2), ran.err
            assert "Traceback" not in ran.err
            assert len(ran.err) < 4000
            said += ran.status != 0
        shutil.rmtree(run.folder / "run")
        shutil.copytree(copy, run.folder / "run")
    return said


RESUME = ("train", "--resume", "run", "--epochs", "2")


def test_checkpoints_that_were_changed(begun: Commands) -> None:
    draw = random.Random(0)
    assert in_turn(begun, CHECKPOINT, lambda data: broken(data, draw), 25, RESUME) == 25


def test_checkpoints_that_were_changed_by_somebody_who_made_the_digest_anew(begun: Commands) -> None:
    draw = random.Random(1)
    assert in_turn(begun, CHECKPOINT, lambda data: altered_checkpoint(data, draw), 40, RESUME) > 20


def test_a_single_bit_of_a_weight_is_seen(begun: Commands) -> None:
    path = begun.folder / "run" / CHECKPOINT
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    status, said = goes_on(begun)
    assert (status, "it was changed after it was written" in said) == (2, True)


def test_descriptions_that_were_changed(begun: Commands) -> None:
    draw = random.Random(2)
    Path("a.png").write_bytes(FINE["16 bits"]())

    def change(data: bytes) -> bytes:
        return json.dumps(altered(json.loads(data), draw)).encode()

    commands = (("evaluate", "run"), ("predict", "run", "a.png"), RESUME)
    assert in_turn(begun, PREPARATION, change, 25, *commands) > 30


def test_recipes_that_were_changed(begun: Commands) -> None:
    draw = random.Random(3)

    def change(data: bytes) -> bytes:
        lines = data.decode().splitlines()
        at = draw.randrange(len(lines))
        odd = ["0", "-1", "1e999", "nan", '""', '"x"', "[]", "true", "[1, 2]", "{a = 1}", "10" * 20, '"../x"']
        value = draw.choice(odd)
        lines[at] = f"{lines[at].partition(' = ')[0]} = {value}"
        return "\n".join(lines).encode()

    assert in_turn(begun, DESCRIPTION, change, 25, ("evaluate", "run"), RESUME) > 15


def test_weights_that_were_changed(begun: Commands) -> None:
    draw = random.Random(4)
    Path("a.png").write_bytes(FINE["16 bits"]())
    commands = (("evaluate", "run"), ("predict", "run", "a.png"), ("export", "run", "-o", "net.pt2"))
    assert in_turn(begun, WEIGHTS, lambda data: broken(data, draw)[:-1], 6, *commands) == 18


def test_metrics_that_were_changed(run: Commands) -> None:
    torch.save(archdsl.load("tiny.arch").module().state_dict(), "before.pt")
    options = ("--weights", "before.pt", "--epochs", "1", "--batch-size", "1200", "--out", "run")
    assert run("transfer", "tiny.arch", *options).status == 0
    path = run.folder / "run" / "top" / METRICS
    for text in ("", "[]", "{}", '{"finished": true}', '{"finished": true, "test_accuracy": "x"}', "\xff"):
        path.write_text(text, encoding="latin-1")
        ran = run("transfer", "--resume", "run")
        assert (ran.status, f"`run/top/{METRICS}` can't be read" in ran.err) == (2, True), (text, ran.err)


@pytest.mark.parametrize(
    "text", ["epochs = 3", 'optimizer = "sgd"', "lr = 0.5", "flip = true", "seed = 1", "batch_size = 301", "crop = 7"]
)
def test_a_recipe_that_changed_is_named(begun: Commands, text: str) -> None:
    path = begun.folder / "run" / DESCRIPTION
    name = text.partition(" ")[0]
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{name} ")]
    path.write_text("\n".join([text, *kept]), encoding="utf-8")
    status, said = goes_on(begun)
    # How long it is may change.
    assert (status, f"`{name}` was" in said) == ((0, False) if name == "epochs" else (1, True))
    assert ("error[changed-recipe]" in said) == (name != "epochs")


def test_data_that_changed_is_named(asked: Commands) -> None:
    assert train(asked)[0] == 0
    moved = Path("own/a/0.png")
    whole = moved.read_bytes()
    picture(9, 12, 77).save(moved)
    status, said = goes_on(asked)
    assert (status, "error[changed-data]" in said, "as many as before, and not the same" in said) == (1, True, True)
    moved.write_bytes(whole)
    picture(9, 12, 78).save("own/a/more.png")
    picture(9, 12, 79).save("own/b/more.png")
    status, said = goes_on(asked)
    assert (status, bool(re.search(r"`training` was \d+ and is \d+", said))) == (1, True)
    Path("own/a/more.png").unlink()
    Path("own/b/more.png").unlink()
    assert goes_on(asked)[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--devices", "0"), "`--devices 0`"),
        (("--devices", "-3"), "`--devices -3`"),
        (("--devices", "many"), "`--devices many`"),
        (("--devices", "²"), "`--devices ²`"),
        (("--devices", "99999999999999"), "99999999999999"),
        (("--devices", "100", "--batch-size", "200"), "100 processes"),
        (("--accelerator", "warp"), "`--accelerator warp`"),
        (("--accelerator", "tpu"), "`--accelerator tpu`"),
        (("--strategy", "none"), "`--strategy none`"),
        (("--strategy", "deepspeed"), "`--strategy deepspeed`"),
        (("--strategy", "ddp_spawn"), "`--strategy ddp`"),
        (("--strategy", "ddp_notebook"), "`--strategy ddp`"),
        (("--strategy", "fsdp", "--accelerator", "cpu"), "`--strategy fsdp`"),
        (("--strategy", "single_xla"), "`--strategy single_xla`"),
        (("--nodes", "4"), "srun or torchrun"),
        (("--accelerator", ""), "`--accelerator `"),
    ],
)
def test_devices_that_there_are_not(run: Commands, options: tuple[str, ...], said: str) -> None:
    ran = run.train("--epochs", "1", *options, status=1)
    assert "error[devices-refused]" in ran.err
    assert said in ran.err
    assert not (run.folder / "run").exists()


LONE = {
    "a vector": ("gap fc-8 bn relu fc-{classes}", "fc-8 bn"),
    "a map of one place": ("conv3-4/8(padding=1) bn gap fc-{classes}", "bn gap"),
    "an auxiliary output": ("a: conv3-4\naux side from @a [gap fc-4 bn fc-{classes}]\ngap\nfc-{classes}", "bn fc"),
}


@pytest.mark.parametrize("body", LONE)
def test_a_batch_of_one_image(run: Commands, body: str) -> None:
    (run.folder / "lone.arch").write_text(f"arch lone(classes = 10)\ninput 1x8x8\n{LONE[body][0]}\n", encoding="utf-8")
    ran = run.train("--epochs", "1", "--batch-size", "1", spec="lone.arch", status=1)
    assert "error[batch-of-one]" in ran.err
    assert LONE[body][1] in ran.err
    assert "`--batch-size 2`" in ran.err
    # A single image left over joins the batch before.
    assert run.train("--epochs", "1", "--batch-size", "647", spec="lone.arch").status == 0


@pytest.mark.parametrize(("count", "options"), [(1, ()), (2, ()), (5, ("--validation", "0.99"))])
def test_a_data_set_that_is_too_small(run: Commands, count: int, options: tuple[str, ...]) -> None:
    (run.folder / "net.arch").write_text(NET, encoding="utf-8")
    for label in ("a", "b"):
        (run.folder / "own" / label).mkdir(parents=True)
        for number in range(count):
            picture(9, 12, number).save(run.folder / "own" / label / f"{number}.png")
    ran = run.train("--data", "folder:own", "--batch-size", "1", *options, spec="net.arch", status=1)
    assert "error[too-few-images]" in ran.err


def test_a_batch_of_one_that_nothing_is_measured_over(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    for label in ("a", "b"):
        (run.folder / "own" / label).mkdir(parents=True)
        for number in range(5):
            picture(9, 12, number).save(run.folder / "own" / label / f"{number}.png")
    options = ("--data", "folder:own", "--epochs", "1", "--batch-size", "1")
    assert run.train(*options).status == 0


def test_a_norm_without_statistics_is_asked_about_one_image(asked: Commands) -> None:
    (asked.folder / "lone.arch").write_text(
        "arch lone\ninput 3x8x8\ngap fc-4 bn(track_running_stats=false) fc-2\n", encoding="utf-8"
    )
    ran = asked("predict", "lone.arch", "own/a/0.png", "--weights", "net.pt")
    assert (ran.status, "error[batch-of-one]" in ran.err) == (1, True)


@pytest.mark.skipif(os.name == "nt", reason="limits are those of POSIX")
def test_a_disk_that_is_full(run: Commands) -> None:
    """A file may grow to so many bytes, beyond which the system says what it says of a disk."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "archdsl", "train", "tiny.arch", "--epochs", "1", "--out", "run"],
        cwd=run.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ARCHDSL_DEBUG": "0"},
        capture_output=True,
        text=True,
        preexec_fn=limited,
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(r"error: run/[a-z.]+: file too large\n", done.stderr)
