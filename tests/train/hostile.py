"""Broken and hostile files where a training or a prediction looks for images, checkpoints and descriptions.

`python -m tests.train.hostile [COUNT]` breaks so many more of each than the tests do, and says what the worst took.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, PngImagePlugin

SAVED = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")


def picture(height: int, width: int, seed: int = 0) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, bits: int = 8, color: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """So many zeros, squeezed, without having them at once."""
    packer, found = zlib.compressobj(9), []
    while count > 0:
        found.append(packer.compress(bytes(min(count, 2**20))))
        count -= 2**20
    return b"".join([*found, packer.flush()])


def texts() -> bytes:
    """A picture whose notes are two hundred megabytes of spaces, squeezed."""
    notes = PngImagePlugin.PngInfo()
    notes.add(b"zTXt", b"a\0\0" + zlib.compress(b" " * 2 * 10**8))
    return saved(picture(8, 8), "PNG", pnginfo=notes)


IMAGES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"no image\n",
    "HTML": lambda: b"<!doctype html><html><body>404</body></html>",
    "a program for a printer": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n",
    "a drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
    "half of a PNG": lambda: saved(picture(64, 64), "PNG")[:4000],
    "half of a JPEG": lambda: saved(picture(64, 64), "JPEG")[:1500],
    "a header alone": lambda: saved(picture(64, 64), "PNG")[:33],
    "a bomb": lambda: png(60_000, 60_000, zeros(10**6)),
    "a bomb below Pillow's bound": lambda: png(12_000, 12_000, zeros(12_000 * 12_001 // 8), 1, 0),
    "as large as is opened": lambda: png(8192, 8192, zeros(8192 * 1025), 1, 0),
    "sizes that are no numbers": lambda: png(2**31, 2**31, b""),
    "no size": lambda: png(0, 0, zlib.compress(b"")),
    "long and thin": lambda: png(2**26, 1, zeros(2**23 + 1), 1, 0),
    "notes without end": texts,
    "floating-point numbers": lambda: saved(Image.fromarray(numpy.full((8, 8), 0.5, dtype=numpy.float32)), "TIFF"),
    "whole numbers of 32 bits": lambda: saved(Image.fromarray(numpy.full((8, 8), 70_000, dtype=numpy.int32)), "TIFF"),
}
"""What is no image that can be shown, or hardly one."""

FINE: dict[str, Callable[[], bytes]] = {
    "16 bits": lambda: saved(Image.fromarray(numpy.full((8, 8), 0x8080, dtype=numpy.uint16)), "PNG"),
    "a palette with a clear colour": lambda: saved(picture(8, 8).convert("P"), "PNG", transparency=b"\0\1"),
    "other colours": lambda: saved(picture(8, 8).convert("LAB"), "TIFF"),
    "inks": lambda: saved(picture(8, 8).convert("CMYK"), "JPEG"),
    "a film": lambda: saved(picture(8, 8), "GIF", save_all=True, append_images=[picture(8, 8, 1), picture(8, 8, 2)]),
    "notes that are none": lambda: saved(picture(8, 8), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"),
}
"""What looks odd and is an image."""


def broken(data: bytes, draw: random.Random) -> bytes:
    """Some bytes of a file changed, cut out, doubled or put elsewhere."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(found) or 1)
        match draw.randrange(5):
            case 0:
                found[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del found[at : at + draw.randint(1, 40)]
            case 2:
                found[at:at] = found[at : at + draw.randint(1, 40)]
            case 3:
                found[at : at + 4] = struct.pack(">I", draw.choice([0, 1, 2**16, 2**31, 2**32 - 1]))
            case 4:
                del found[at:]
    return bytes(found)


def broken_images(count: int, seed: int = 0) -> Iterator[bytes]:
    draw = random.Random(seed)
    whole = [saved(picture(17, 23, number), form) for number, form in enumerate(SAVED)]
    for _ in range(count):
        yield broken(draw.choice(whole), draw)


VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 10**30, 0.5, -1e300),
    *("", "x", "nan", [], [0], [1, 2, 3], {}, {"a": 1}),
)


def altered(document: Any, draw: random.Random) -> Any:
    """A document of JSON with one value, at any depth, replaced, taken away or doubled."""
    places = list(_places(document))
    held, key = draw.choice(places)
    if draw.random() < 0.2:
        del held[key]
    elif isinstance(held, list) and draw.random() < 0.2:
        held.append(held[key])
    else:
        held[key] = draw.choice(VALUES)
    return document


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in list(keys):
        yield document, key
        yield from _places(document[key])


def altered_checkpoint(data: bytes, draw: random.Random) -> bytes:
    """A checkpoint with its state altered and its digest made anew, as only somebody who means it makes it."""
    from safetensors.torch import load, save

    from archdsl.train.checkpoint import _digest

    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    tensors = load(data)
    if draw.random() < 0.3:
        name = draw.choice(sorted(tensors))
        taken = tensors.pop(name)
        match draw.randrange(3):
            case 0:
                tensors[name + "x"] = taken
            case 1:
                tensors[name] = taken.reshape(-1)[:0]
            case 2:
                tensors[name] = taken.double().reshape(1, *taken.shape)
    metadata["state"] = json.dumps(altered(json.loads(metadata["state"]), draw))
    metadata["digest"] = _digest(metadata["state"], tensors)
    return save(tensors, metadata)


def main(count: int) -> None:
    """Open many broken images and say what the slowest took, and the most memory."""
    from archdsl.runtime.images import open_image

    worst, opened, refused = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        for data in [*(make() for make in (IMAGES | FINE).values()), *broken_images(count, os.getpid())]:
            path.write_bytes(data)
            begun = time.perf_counter()
            try:
                open_image(path)
                opened += 1
            except OSError:
                refused += 1
            worst = max(worst, time.perf_counter() - begun)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{opened:,} images opened, {refused:,} refused; the slowest took {worst:.2f} s, all at most {most:.2f} GiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
