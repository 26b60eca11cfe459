"""Whoever shows an image to a network shows the same bits: training, prediction, export, the page of mistakes."""

from __future__ import annotations

import base64
import io
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode, functional

from archdsl.runtime.images import open_image, prepared
from archdsl.train.images import Unread
from archdsl.train.preparation import Preparation
from archdsl.weights.preprocessing import Preprocessing

from .conftest import Commands

SIDES = st.integers(1, 40)


def picture(height: int, width: int, mode: str, seed: int = 0) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels).convert(mode)


@st.composite
def preprocessings(draw: st.DrawFn) -> Preprocessing:
    resize = draw(SIDES), draw(SIDES)
    crop = draw(st.integers(1, resize[0])), draw(st.integers(1, resize[1]))
    channels = draw(st.sampled_from([1, 3]))
    numbers = st.lists(st.floats(0.05, 0.95), min_size=channels, max_size=channels).map(tuple)
    return Preprocessing(
        crop,
        resize,
        draw(st.sampled_from(["nearest", "bilinear", "bicubic"])),
        draw(numbers),
        draw(numbers),
        channels == 3 and draw(st.booleans()),
    )


@settings(max_examples=150, deadline=None)
@given(preprocessings(), SIDES, SIDES, st.sampled_from(["RGB", "L", "RGBA", "1"]), st.integers(1, 8))
def test_every_way_to_a_network(shown: Preprocessing, height: int, width: int, mode: str, turned: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        exif = Image.Exif()
        exif[0x0112] = turned
        picture(height, width, mode).save(path, exif=exif)
        asked = prepared(open_image(path, shown.channels), shown)
        assert asked.shape == (1, shown.channels, *shown.crop)
        preparation, first = Preparation(shown), torch.tensor([0])
        files = Unread([path], torch.tensor([0]), shown)
        for images in (files, files.in_memory()):
            assert torch.equal(preparation.evaluation(images.take(first)), asked)
        # A data set of torchvision's comes as pixels, and a person asks about the same as a file.
        upright = numpy.array(open_image(path, 3))
        pixels = torch.from_numpy(upright).permute(2, 0, 1)[None]
        for images in (Unread(pixels, torch.tensor([0]), shown), Unread(pixels, torch.tensor([0]), shown).in_memory()):
            grey = mode in ("L", "1")
            if not (grey and shown.channels == 1):
                assert torch.equal(preparation.evaluation(images.take(first)), asked)
        if shown.crop == shown.resize:
            trained = preparation.training(files.take(first), torch.Generator(), 1, slice(None))
            assert torch.equal(trained, asked)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 40), st.data())
def test_squares_are_torchvisions(height: int, width: int, resize: int, data: st.DataObject) -> None:
    crop = data.draw(st.integers(1, resize))
    image = picture(height, width, "RGB")
    theirs = functional.resize(image, [resize], InterpolationMode.BILINEAR)
    theirs = functional.convert_image_dtype(functional.pil_to_tensor(functional.center_crop(theirs, [crop])))
    ours = Preprocessing((crop, crop), (resize, resize))
    assert torch.equal(prepared(image, ours)[0], functional.normalize(theirs, list(ours.mean), list(ours.std)))


@contextmanager
def watched() -> Iterator[list[Tensor]]:
    """All that enters a network whose first layer is its only convolution; what a tracer makes up is left out."""
    found: list[Tensor] = []

    def see(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if isinstance(module, nn.Conv2d) and type(arguments[0]) is Tensor:
            found.append(arguments[0].detach().clone())

    handle = torch.nn.modules.module.register_module_forward_pre_hook(see)
    try:
        yield found
    finally:
        handle.remove()


def embedded(page: str) -> list[Tensor]:
    """The images of a page of mistakes, as [C, H, W]."""
    found = []
    for text in re.findall(r"base64,([^\"]+)", page):
        pixels = numpy.array(Image.open(io.BytesIO(base64.b64decode(text))))
        found.append(torch.from_numpy(pixels)[None] if pixels.ndim == 2 else torch.from_numpy(pixels).permute(2, 0, 1))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_the_commands_show(run: Commands, seed: int) -> None:
    draw = random.Random(seed)
    channels, height, width = 3, draw.randint(9, 24), draw.randint(25, 60)
    if seed % 2:
        height, width = width, height
    (run.folder / "net.arch").write_text(
        f"arch net(classes = 10)\ninput {channels}x{height}x{width}\nconv3-4/2 relu fc-{{classes}}\n", encoding="utf-8"
    )
    for part, count in (("train", 4), ("test", 5)):
        for label in ("a", "b"):
            (run.folder / "own" / part / label).mkdir(parents=True)
            for number in range(count):
                mode = draw.choice(["RGB", "L", "RGBA"])
                made = picture(draw.randint(5, 70), draw.randint(5, 70), mode, draw.randrange(2**32))
                made.save(run.folder / "own" / part / label / f"{number}.png")
    crop = ("--resize", "30", "--crop", "21") if seed == 3 else ()
    run.train(*("--data", "folder:own", "--epochs", "1", "--batch-size", "3", *crop), spec="net.arch")

    with watched() as evaluated:
        assert run("evaluate", "run").status == 0
    files = [f"own/test/{label}/{number}.png" for label in "ab" for number in range(5)]
    with watched() as predicted:
        assert run("predict", "run", *files).status == 0
    with watched() as predicted_by_weights:
        weights = ("--weights", "run/weights.safetensors", "--set", "classes=2")
        assert run("predict", "net.arch", *files, *weights).status == 0
    wanted = torch.cat(evaluated)
    assert wanted.shape[1:] == (3, 21, 21) if crop else (channels, height, width)
    assert torch.equal(torch.cat(predicted), wanted)
    assert torch.equal(torch.cat(predicted_by_weights), wanted)

    with watched() as exported:
        ran = run("export", "run", "-o", "net.pt2")
        assert ran.status == 0, ran.err
    assert exported[0].shape[1:] == wanted.shape[1:]
    assert exported[0].min() >= 0
    assert exported[0].max() <= 1
    with watched() as exported_by_weights:
        assert run("export", "net.arch", "-o", "other.pt2", *weights).status == 0
    assert torch.equal(exported[0], exported_by_weights[0])

    shown = embedded((run.folder / "run" / "misclassified.html").read_text(encoding="utf-8"))
    pixels = [(each * 255).round().to(torch.uint8) for each in wanted]
    assert all(any(torch.equal(each, other) for other in pixels) for each in shown)


def test_what_digits_are_shown_as(run: Commands) -> None:
    """A data set in memory, shown to a wide network, and its images as files."""
    from sklearn.datasets import load_digits

    (run.folder / "net.arch").write_text(
        "arch net(classes = 10)\ninput 1x9x20\nconv3-4/2 relu fc-{classes} softmax\n", encoding="utf-8"
    )
    ran = run.train("--epochs", "1", spec="net.arch")
    assert "which loses their margins" in ran.out
    with watched() as evaluated:
        assert run("evaluate", "run").status == 0
    seen = torch.cat(evaluated)
    found = 0
    for number, pixels in enumerate(load_digits().images[:60]):
        Image.fromarray((pixels * (255 / 16)).round().astype("uint8")).save(run.folder / f"{number}.png")
        with watched() as predicted:
            assert run("predict", "run", f"{number}.png").status == 0
        found += any(torch.equal(predicted[0][0], each) for each in seen)
    # A fifth is the test set.
    assert found >= 5


def test_a_network_that_gives_probabilities_is_asked_for_scores(run: Commands) -> None:
    """Scores that went through a softmax must not go through a second, which would make every class as likely."""
    run.train("--epochs", "8", "--lr", "0.02", "--batch-size", "64", out="plain")
    spec = (run.folder / "tiny.arch").read_text(encoding="utf-8")
    (run.folder / "soft.arch").write_text(spec + "softmax\n", encoding="utf-8")
    run.train("--epochs", "8", "--lr", "0.02", "--batch-size", "64", out="soft", spec="soft.arch")
    picture(8, 8, "L").save(run.folder / "a.png")
    assert run("predict", "soft", "a.png").out == run("predict", "plain", "a.png").out
    weights = ("--weights", "soft/weights.safetensors")
    assert run("predict", "soft.arch", "a.png", *weights).out == run("predict", "plain", "a.png").out
