"""Open sizes in mathematical notation."""

from __future__ import annotations

from archdsl.formula import formula
from archdsl.shape import Window
from archdsl.symbolic import apply, minimum, symbol

H, W = symbol("H", "size"), symbol("W", "size")
C = symbol("C")


def test_windows() -> None:
    assert formula(Window(3, 2, (1, 1)).output(H)) == "⌊(H−1)/2⌋+1"
    assert formula(Window(3, 2).output(H)) == "⌊(H−1)/2⌋"
    assert formula(Window(2, 2).output(H)) == "⌊H/2⌋"
    assert formula(Window(3, 1).output(H)) == "H−2"
    assert formula(Window(3, 1, (1, 1)).output(H)) == "H"


def test_composed_floors_are_folded() -> None:
    size = H
    for _ in range(5):
        size = Window(3, 2, (1, 1)).output(size)  # type: ignore[assignment]
    assert formula(size) == "⌊(H−1)/32⌋+1"


def test_products_and_signs() -> None:
    assert formula(4 * C) == "4C"
    assert formula(2 * H * W + 1) == "2H·W+1"
    assert formula(1 - C) == "1−C"
    assert formula(-C) == "−C"
    assert formula(64 * (H // 2) * (W // 2)) == "64⌊H/2⌋·⌊W/2⌋"
    assert formula(3 * ((H + 1) // 2)) == "3(⌊(H−1)/2⌋+1)"
    assert formula(7) == "7"


def test_others() -> None:
    assert formula(minimum(H, W)) == "min(H, W)"
    assert formula(apply("%", H, 2)) == "(H mod 2)"
