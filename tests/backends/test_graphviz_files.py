"""Picture files: each format without a system Graphviz, and a file that is whole or not there."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import archdsl
from archdsl.backends.graphviz import RenderError, dot, render, writing
from archdsl.backends.graphviz.pdf import pdf_of
from tests.backends.pictured import DENSE, RESNET, SQUEEZE, TINY, UNET, net

PNG = b"\x89PNG\r\n\x1a\n"


def png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(PNG)
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


class TestFiles:
    @pytest.fixture(autouse=True)
    def _no_system_graphviz(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")

    @pytest.mark.parametrize("direction", ["TB", "LR"])
    @pytest.mark.parametrize("spec", [RESNET, UNET, SQUEEZE, DENSE, TINY])
    def test_svg_and_png_with_an_empty_path(self, spec: str, direction: str, tmp_path: Path) -> None:
        variant = "resnet152" if spec is RESNET else None
        network = net(spec, variant)
        svg = render(network, tmp_path / "n.svg", direction=direction)  # type: ignore[arg-type]
        ElementTree.parse(svg)
        width, height = png_size(render(network, str(tmp_path / "n.png"), direction=direction))  # type: ignore[arg-type]
        assert max(width, height) <= 6 * min(width, height)

    @pytest.mark.parametrize("direction", ["TB", "LR"])
    @pytest.mark.parametrize("spec", [RESNET, UNET, TINY])
    def test_pdf_with_an_empty_path(self, spec: str, direction: str, tmp_path: Path) -> None:
        network = net(spec)
        first, second = (
            render(network, tmp_path / name, direction=direction).read_bytes()  # type: ignore[arg-type]
            for name in ("a.pdf", "b.pdf")
        )
        assert first == second
        assert first.startswith(b"%PDF")
        # Helvetica is every reader's own; no other font is asked for, and none of this machine's is in the file.
        fonts = set(re.findall(rb"/BaseFont /([A-Za-z-]+)", first))
        assert fonts == {b"Helvetica", b"Helvetica-Bold"}
        assert b"/FontFile" not in first
        svg = ElementTree.parse(render(network, tmp_path / "n.svg", direction=direction)).getroot()  # type: ignore[arg-type]
        sizes = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", first)
        assert sizes is not None
        expected = [float(svg.attrib[side].removesuffix("pt")) for side in ("width", "height")]
        assert [float(each) for each in sizes.groups()] == pytest.approx(expected)

    def test_a_pdf_of_open_sizes_has_letters_for_all(self, tmp_path: Path) -> None:
        svg = subprocess.run(
            [str(writing._pure()), "-Tsvg"],
            input=dot(archdsl.loads(TINY, input="3xHxW").architecture).encode(),
            capture_output=True,
            check=True,
        ).stdout
        assert "⌊(H−1)/2⌋+1".encode() in svg
        assert pdf_of(svg).startswith(b"%PDF")

    def test_pdf_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "svglib.svglib", None)
        with pytest.raises(RenderError) as caught:
            render(net(TINY), tmp_path / "n.pdf")
        assert "\n" not in str(caught.value)
        assert "archdsl[pdf]" in str(caught.value)
        assert "apt install graphviz" in str(caught.value)
        assert not list(tmp_path.iterdir())

    def test_no_renderer_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("archdsl.backends.graphviz.writing.PURE", "no-such-program")
        with pytest.raises(RenderError, match="pip install graphviz-pure"):
            render(net(TINY), tmp_path / "n.svg")
        render(net(TINY), tmp_path / "n.dot")
        assert [each.name for each in tmp_path.iterdir()] == ["n.dot"]

    @pytest.mark.parametrize("name", ["n.gif", "n", ".svg"])
    def test_other_formats(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(RenderError, match=r"ends in one of \.svg, \.png, \.pdf, \.dot"):
            render(net(TINY), tmp_path / name)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"n\.dot"):
            render(net(TINY), tmp_path / "no" / "n.dot")

    def test_a_failing_renderer_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        failing = tmp_path / "dot"
        failing.write_text(
            f"#!{sys.executable}\nimport sys; sys.stdout.write('half'); sys.exit('no layout\\nsecond line')\n"
        )
        failing.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        path = tmp_path / "n.svg"
        path.write_text("old")
        with pytest.raises(FileExistsError, match="is not as archdsl wrote it"):
            render(net(TINY), path)
        with pytest.raises(RenderError, match=r"failed: no layout$"):
            render(net(TINY), path, force=True)
        assert path.read_text() == "old"

    def test_the_old_file_stays_where_replacing_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "n.dot"
        path.write_text("old")

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(PermissionError, match="Permission denied"):
            render(net(TINY), path, force=True)
        assert path.read_text() == "old"
        assert len(list(tmp_path.iterdir())) == 1

    def test_a_new_file_has_the_usual_permissions(self, tmp_path: Path) -> None:
        usual = tmp_path / "usual"
        usual.write_text("")
        path = render(net(TINY), tmp_path / "n.dot")
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)

    def test_dot_is_the_text(self, tmp_path: Path) -> None:
        text, _, digest = render(net(TINY), tmp_path / "n.dot").read_text(encoding="utf-8").rpartition("// Written by")
        assert text == dot(net(TINY))
        assert re.fullmatch(r" archdsl: [0-9a-f]{16}\n", digest)


@pytest.mark.skipif(shutil.which("dot") is None, reason="no system Graphviz")
def test_the_system_renderer(tmp_path: Path) -> None:
    for suffix, head in (("svg", b"<?xml"), ("png", PNG), ("pdf", b"%PDF")):
        assert render(net(TINY), tmp_path / f"n.{suffix}").read_bytes().startswith(head)
