"""Every command of `docs/cli.md` once, on files that `prepare` lays, with the extra that it needs."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

from tests.docs.documents import Command

NET = """\
arch net(classes = 10)
input 3x16x16
stem: [conv3-4 bn relu]
gap
fc: fc-{classes}
"""

RECIPE = """\
spec = "net.arch"
epochs = 1
"""

INVOCATIONS = [
    (Command(text, line), extra)
    for line, (text, extra) in enumerate(
        (
            ("archdsl check net.arch", ""),
            ("archdsl compile net.arch -o net.py", ""),
            ("archdsl diagram net.arch -o net.svg", ""),
            ("archdsl diagram net.arch -o net.dot", ""),
            ("archdsl diff net.arch lenet5", ""),
            ("archdsl evaluate run", "train"),
            ("archdsl explain --all", ""),
            ("archdsl export net.arch --weights net.pt -o net.onnx", "export"),
            ("archdsl export net.arch --weights net.pt -o net.pt2", "torch"),
            ("archdsl fmt net.arch", ""),
            ("archdsl layers", ""),
            ("archdsl layers conv", ""),
            ("archdsl layers concat", ""),
            ("archdsl show resnet50", ""),
            ("archdsl show resnet50 --stage classes", ""),
            ("archdsl list", ""),
            ("archdsl predict net.arch image.png --weights net.pt --map map.png", "torch"),
            ("archdsl predict run image.png", "train"),
            ("archdsl rewrite fc-to-conv net.arch -o dense.arch", ""),
            ("archdsl rewrite fc-to-conv net.arch --prove -o proven.arch", "torch"),
            ("archdsl rewrite fc-to-conv net.arch --weights net.pt -o n.arch --weights-out n.safetensors", "torch"),
            ("archdsl schema", ""),
            ("archdsl shapes net.arch", ""),
            ("archdsl train net.arch --epochs 1", "train"),
            ("archdsl train net.arch --epochs 1 --out new", "train"),
            ("archdsl train --resume run", "train"),
            ("archdsl transfer net.arch --weights net.pt --epochs 1", "train"),
            ("archdsl transfer --resume run", "train"),
            ("archdsl weights fit net.arch net.pt -o net.safetensors", "torch"),
            ("archdsl weights show net.safetensors", "torch"),
            ("archdsl weights spec net.safetensors", "torch"),
            ("archdsl weights show torchvision:ResNet18_Weights.DEFAULT", "train"),
            ("archdsl weights --help", ""),
            ("archdsl zoo", ""),
            ("archdsl --version", ""),
        ),
        1,
    )
]


def _png(side: int) -> bytes:
    """A grey square (PNG, second edition, sections 5 and 9)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x80" * 3 * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def prepare(folder: Path, torch: bool) -> None:
    """Lay a spec, an image, the beginning of a run, and weights where there is torch to make them."""
    (folder / "run" / "spec").mkdir(parents=True)
    for name in ("net.arch", "run/spec/net.arch"):
        (folder / name).write_text(NET, encoding="utf-8")
    (folder / "run" / "run.toml").write_text(RECIPE, encoding="utf-8")
    (folder / "image.png").write_bytes(_png(16))
    if torch:
        code = "import archdsl, torch; torch.save(archdsl.load('net.arch').module().state_dict(), 'net.pt')"
        subprocess.run(["python", "-c", code], cwd=folder, check=True)
