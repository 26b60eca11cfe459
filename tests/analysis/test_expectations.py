"""What a spec promises is held against what comes out."""

from __future__ import annotations

from decimal import Decimal

import pytest

import archdsl
from archdsl.analysis.expectations import measured

NET = "arch net\ninput 3x8x8\nfirst: [conv3-8 a: maxpool] fc-10\n"


def found(expectation: str) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in archdsl.loads(f"{NET}expect {expectation}\n").check()]


@pytest.mark.parametrize(
    "expectation",
    [
        "params == 1_514",
        "params == 1.51k",
        "params(inference) == 1514",
        "params != 1513",
        "params != 1.52k",
        "params < 1515",
        "params <= 1514",
        "params > 1.5k",
        "params >= 1514",
        "macs == 15_104",
        "macs == 15.1k",
        "macs == 15k",
        "macs < 1M",
        "output == 10",
        "output != 11",
        "size(@first) == 8x4x4",
        "size(@first.a) == 8x4x4",
        "size(@first.0) == 8x8x8",
        "smallest_input == 2",
    ],
)
def test_met(expectation: str) -> None:
    assert found(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ("params == 1513", "`params` of `net` is 1,514, expected 1513"),
        ("params == 1.52k", "`params` of `net` is 1,514, expected 1.52k"),
        ("params > 1514", "`params` of `net` is 1,514, expected > 1514"),
        ("macs == 15.2k", "`macs` of `net` is 15,104, expected 15.2k"),
        ("output == 8x4x4", "`output` of `net` is 10, expected 8x4x4"),
        ("output != 10", "`output` of `net` is 10, expected != 10"),
        ("size(@first) == 8x8x8", "`size(@first)` of `net` is 8x4x4, expected 8x8x8"),
        ("smallest_input == 1", "`smallest_input` of `net` is 2, expected 1"),
    ],
)
def test_not_met(expectation: str, message: str) -> None:
    assert found(expectation) == [("expectation-failed", message)]


@pytest.mark.parametrize(
    ("expectation", "code", "message"),
    [
        ("parms == 1", "unknown-metric", "`parms` is no figure of a network"),
        ("params(training) == 1", "bad-expectation", "`params` are of all or of `inference`, not of `training`"),
        ("params == 1x2", "bad-expectation", "`params` is a number"),
        ("output < 11", "bad-expectation", "sizes are equal or not, they have no `<`"),
        ("output == 1.5", "bad-expectation", "`output` is sizes"),
        ("macs(inference) == 1", "bad-expectation", "`macs` takes nothing in brackets"),
        ("size == 8x8x8", "bad-expectation", "`size` needs a label in brackets: `size(@label)`"),
        ("size(@frist) == 8x8x8", "bad-expectation", "nothing is labelled `frist`"),
    ],
)
def test_that_cannot_be_held(expectation: str, code: str, message: str) -> None:
    assert found(expectation) == [(code, message)]


def test_the_difference_is_shown_with_its_place() -> None:
    (diagnostic,) = archdsl.loads(f"{NET}expect macs == 15.2k\n").check()
    assert diagnostic.at is not None
    assert (diagnostic.at.line, diagnostic.at.text) == (4, "15.2k")
    assert diagnostic.notes == (
        "15,104 − 15,200 = −96",
        "to the digits written, 15,150 to 15,250 would do",
    )


def test_what_is_said_beside_the_table_holds_for_every_variant() -> None:
    text = (
        "arch net(width = 8)\ninput 3\nfc-{width}\nexpect output == 8\n"
        "variants\n| name | width | expect params |\n| small | - | 32 |\n| wide | 9 | 35 |\n"
    )
    assert archdsl.loads(text).check() == []
    wrong = archdsl.loads(text, variant="wide").check()
    assert [each.message for each in wrong] == [
        "`output` of `wide` is 9, expected 8",
        "`params` of `wide` is 36, expected 35",
    ]


def test_a_figure_in_a_table_may_be_worked_out() -> None:
    text = "arch net(width = 8)\ninput 3\nfc-{width}\nvariants\n| name | expect params |\n| small | 4 * width |\n"
    assert archdsl.loads(text).check() == []


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("25_557_032", "25557032", "0"),
        ("4.089G", "4089000000", "500000"),
        ("15.47G", "15470000000", "5000000"),
        ("138M", "138000000", "500000"),
        ("1e6", "1000000", "500000"),
        ("0.5", "0.5", "0.05"),
    ],
)
def test_the_last_digit_written(text: str, value: str, half: str) -> None:
    found = measured(text)
    assert (found.value, found.half) == (Decimal(value), Decimal(half))


def test_rounding_to_the_digits_written() -> None:
    assert measured("4.089G").equals(4_089_184_256)
    assert measured("4.089G").equals(4_088_500_000)
    assert not measured("4.089G").equals(4_088_499_999)
    assert not measured("4.089G").equals(4_089_500_001)
