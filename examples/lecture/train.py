"""The lecture's two small ResNets on MNIST by its own recipe, and their test accuracies beside the lecture's.

    pip install 'archdsl[train]'
    python examples/lecture/train.py DATA OUT [option of `archdsl train` …]

DATA holds MNIST in torchvision's layout, and each training gets a folder in OUT. One that is there goes on where it
stopped, and one that is done is only told of again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from archdsl.cli import main as archdsl

LECTURE = {"lecture-identity": 92.16, "lecture-resized": 98.13}
"""Test accuracies in per cent, of one training each."""


def main(data: str, out: str, *options: str) -> int:
    lines = ["| network | parameters | lecture | here |", "|---|--:|--:|--:|"]
    for spec, theirs in LECTURE.items():
        folder = Path(out, spec)
        begin = [spec, "--recipe", str(Path(__file__).with_name("recipe.toml")), "--out", str(folder), *options]
        which = ["--resume", str(folder)] if folder.exists() else begin
        status = archdsl(["train", *which, "--data-dir", data])
        if status:
            return status
        found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        ours = 100 * found["test_accuracy"]
        lines.append(f"| {spec} | {found['parameters']:,} | {theirs:.2f} % | {ours:.2f} % |")
    print("\n" + "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
