"""Fixes are offered once they were tried: each leaves one mistake less and none new, and trying them is bounded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.checking import check_text
from archdsl.cli import main
from archdsl.diagnostics import Edit, Source
from archdsl.trying import AT_MOST, Found, edited, offer

from .fixes import Tally
from .made_mistakes import Made, checked, mistakes
from .test_broken import cases


def test_every_fix_of_a_broken_spec_mends_it() -> None:
    tally = Tally()
    for case in cases():
        tally.add(Made(case.bad, (case.mended,)))
    assert tally.wrong == []
    assert tally.offered >= 120


@pytest.mark.parametrize("seed", range(4))
def test_every_fix_of_a_made_up_mistake_mends_it(seed: int) -> None:
    tally = Tally()
    for made in mistakes(100 + seed, 60):
        tally.add(made)
    assert tally.wrong == []
    assert tally.offered > 0.4 * tally.said


def fixed(text: str) -> str:
    """A text with the first fix made that is offered; itself where there is none."""
    for each in checked(text):
        if each.fixes:
            return edited(text, each.fixes)
    return text


def net(body: str, input: str = "3x32x32") -> str:
    return f"arch net\ninput {input}\n{body}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("gap fc 10", "gap fc-10"),
        ("gap fc10", "gap fc-10"),
        ("maxpool 2", "maxpool2"),
        ("dropout 0.5", "dropout(0.5)"),
        ("dropout0.5", "dropout(0.5)"),
        ("conv 3-64", "conv3-64"),
        ("conv3 64", "conv3-64"),
        ("channelshuffle 3", "channelshuffle(3)"),
    ],
)
def test_a_number_finds_its_place(wrong: str, right: str) -> None:
    assert fixed(net(wrong)) == net(right)


def test_two_inputs_are_not_made_one() -> None:
    text = net("gap", "1x88x88, 1x88x88")
    assert fixed(text) == text


def test_channels_come_first() -> None:
    assert fixed(net("gap", "224, 224, 3")) == net("gap", "3x224x224")


def test_what_only_silences_is_not_offered() -> None:
    # Without its number the head would lack one.
    assert [each.fixes for each in checked(net("conv64"))] == [()]


def test_machines_are_shown_what_was_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.arch"
    path.write_text(net("conv3-8\nconv 64\ngap fc 10"), encoding="utf-8")
    main(["check", str(path), "--output-format", "json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [[fix["replacement"] for fix in each["fixes"]] for each in found] == [[], ["-"]]


def test_hundreds_of_fixes_are_tried_together(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Source] = []

    def counted(source: Source, found: Found, check: object) -> None:
        def counting(mended: Source) -> Found:
            tries.append(mended)
            return check(mended)  # type: ignore[operator]

        offer(source, found, counting)

    monkeypatch.setattr("archdsl.checking.offer", counted)
    text = net("ReLU\n" * 400)
    found = check_text(Source("net.arch", text), None).diagnostics
    assert len(found) == 400
    assert all(each.fixes for each in found)
    assert len(tries) == 1
    tries.clear()
    # None of these can be mended, and nothing else is tried once that is clear.
    check_text(Source("net.arch", net("maxpol conv 64\n" * 40 + "conv3-4 gap gap\n")), None)
    assert 0 < len(tries) <= AT_MOST + 1


def test_a_fix_that_can_not_be_tried_is_not_offered() -> None:
    source, other = Source("net.arch", net("relu ]")), Source("blocks.arch", "block a = [relu ]]\n")
    (found,) = check_text(source, None).diagnostics
    assert found.fixes
    found.fixes = ()
    found.remedies = (type(found.remedies[0])((Edit(other.span(16, 17), ""),)),)
    offer(source, Found((found,)), lambda mended: Found(()))
    assert found.fixes == ()
