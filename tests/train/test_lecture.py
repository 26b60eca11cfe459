"""The lecture's nets trained by its recipe, on a few images that look like MNIST."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from .conftest import Commands
from .test_data import write_mnist

SCRIPT = Path(__file__).parents[2] / "examples" / "lecture" / "train.py"


def test_both_are_trained_and_told_beside_the_lectures_figures(run: Commands) -> None:
    write_mnist(run.folder / "data")
    spec = importlib.util.spec_from_file_location("lecture", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def table() -> list[str]:
        assert script.main("data", "out", "--epochs", "1", "--accelerator", "cpu") == 0
        return [line for line in run.capsys.readouterr().out.splitlines() if line.startswith("|")]

    first = table()
    assert [line.split(" | ")[:3] for line in first[2:]] == [
        ["| lecture-identity", "7,960", "92.16 %"],
        ["| lecture-resized", "17,986", "98.13 %"],
    ]
    said = (run.folder / "out" / "lecture-resized" / "run.toml").read_text(encoding="utf-8").splitlines()
    wanted = ('optimizer = "adam"', "lr = 0.01", "batch_size = 128", "validation = 0.0", 'normalize = "none"')
    assert all(line in said for line in wanted)
    # What is done is told of again.
    assert table() == first
