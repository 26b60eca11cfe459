"""Pictures of all specs: few enough boxes to read, a page's proportions, and no text cut or covered."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.opening.library import files
from tests.backends.legibility import proportion, stumbles

NAMES = [*(path.name for path in files()), "resnet152", "densenet201", "fcn8s", "resnet1202"]


def drawn(network: archdsl.Network, folder: Path) -> str:
    network.diagram(folder / "net.svg")
    return (folder / "net.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_can_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    svg = drawn(archdsl.load(name), tmp_path)
    assert svg.count("font-family") == 1
    assert 'font-family="Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"' in svg
    assert svg.count('class="node"') <= 60
    assert proportion(svg) <= 6
    assert stumbles(svg) == []


def test_what_can_not_be_read_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    svg = drawn(archdsl.load("lenet5"), tmp_path)
    assert stumbles(svg) == []
    assert any(
        "wider than its box" in said for said in stumbles(svg.replace(">conv5-6<", ">conv5-6 with a kernel of five<"))
    )
    places = [line for line in svg.splitlines() if ">avgpool<" in line]
    assert any("covers" in said for said in stumbles(svg.replace(places[0], places[0] + places[0])))


def test_a_group_goes_on_in_the_next_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    svg = drawn(archdsl.load("mobilenet_v1"), tmp_path)
    assert svg.count(">features<") == 1
    assert svg.count(">features, continued<") == 2
