"""`archdsl diagram`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run


@pytest.mark.parametrize(("options", "folded"), [((), True), (("--fold",), True), (("--no-fold",), False)])
def test_norm_and_activation_have_boxes_of_their_own_without_fold(
    run: Run, tmp_path: Path, options: tuple[str, ...], folded: bool
) -> None:
    (tmp_path / "net.arch").write_text("arch net\ninput 3x8x8\nconv3-4 bn relu\ngap fc-2\n", encoding="utf-8")
    assert run("diagram", "net.arch", "-o", "net.dot", *options).status == 0
    text = (tmp_path / "net.dot").read_text(encoding="utf-8")
    assert ["<b>bn</b>" in text, "<b>relu</b>" in text] == [not folded] * 2
    assert ("bn · relu" in text) == folded
