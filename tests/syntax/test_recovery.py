"""Several mistakes in one run: one report each, where it is, and nothing that merely follows from it."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from archdsl.diagnostics import ArchError, Diagnostic, Source, render_all
from archdsl.opening.library import files
from archdsl.syntax import parse
from archdsl.syntax.recovery.reader import AT_MOST

MARKS = "[]{}()<>|,:=\"'#-/x3a *+.;$@\n"


def found(text: str) -> list[Diagnostic]:
    try:
        parse(Source("net.arch", text))
    except ArchError as error:
        return list(error.diagnostics)
    return []


def places(text: str) -> list[tuple[str, int]]:
    return [(each.code, each.at.line) for each in found(text) if each.at]


def faults(path: Path, count: int) -> list[tuple[int, str]]:
    """Texts with one character left out, put in or replaced, and the line where; always the same ones."""
    chance = random.Random(path.name)
    text = path.read_text(encoding="utf-8")
    made = []
    for place in chance.sample(range(len(text)), count):
        mark = chance.choice(MARKS)
        changed = chance.choice((text[place + 1 :], mark + text[place:], mark + text[place + 1 :]))
        made.append((text.count("\n", 0, place) + 1, text[:place] + changed))
    return made


def test_one_report_for_one_wrong_character() -> None:
    reports: Counter[int] = Counter()
    near = 0
    for path in files():
        for line, text in faults(path, 16):
            mistakes = found(text)
            if not mistakes:
                continue
            reports[len(mistakes)] += 1
            near += len(mistakes) == 1 and mistakes[0].at is not None and abs(mistakes[0].at.line - line) <= 1
    refused = reports.total()
    assert refused > 60
    assert reports[1] / refused >= 0.88, reports
    assert near / refused >= 0.85
    assert max(reports) <= 4


# Each is wrong by itself, and has nothing to do with the next.
INDEPENDENT = [
    ("stem = conv3-8", "wrong-mark"),
    ("conv3 -8", "space-in-head"),
    ("[conv3-8 relu\nblock f = [relu]", "unclosed"),
    ("conv3-8 $ relu", "syntax"),
    ("conv3-{} bn", "missing-part"),
    ("relu *3", "repeat-notation"),
    ("block a [relu]", "missing-mark"),
    ('upsample2(mode="nearest)', "unclosed"),
    ("Block c = [relu]", "wrong-word"),
    ("dropout(.5)", "number-notation"),
    ("let d = 3", "missing-braces"),
    ("relu ]", "surplus-bracket"),
    ("block e = [relu)", "wrong-bracket"),
    ("conv3-8 // stem", "comment-notation"),
    ("label{i +}: relu", "missing-part"),
    ("expect params = 3", "wrong-mark"),
]


@pytest.mark.parametrize("seed", range(6))
def test_as_many_reports_as_faults(seed: int) -> None:
    chosen = random.Random(seed).sample(INDEPENDENT, 10)
    lines = ["arch net", "input 3x8x8"]
    expected = []
    for text, code in chosen:
        expected.append((code, len(lines) + 1))
        lines += [*text.split("\n"), "conv3-8 bn relu"]
    assert places("\n".join(lines)) == expected


@pytest.mark.parametrize(("text", "code"), INDEPENDENT)
def test_each_fault_alone(text: str, code: str) -> None:
    assert places(f"arch net\ninput 3x8x8\n{text}\nrelu\n") == [(code, 3)]


def test_an_unclosed_bracket_is_shown_where_it_opens_and_where_it_was_missed() -> None:
    (mistake,) = found("arch net\n[conv3-4\n relu\nblock a = [relu]\na\n")
    assert (mistake.code, mistake.at and mistake.at.line) == ("unclosed", 2)
    assert [(label.span.line, label.span.text) for label in mistake.labels] == [(4, "block")]


def test_a_row_goes_no_further_than_its_line() -> None:
    table = "table config\n| A | B |\n| relu | bn\n| relu | bn |\n| relu | bn |\n"
    assert places(f"{table}relu $ relu") == [("open-row", 3), ("syntax", 6)]


def test_a_broken_header_is_said_once() -> None:
    assert places("table config\n| A ( B |\n| relu | bn |\n| relu | bn |\nrelu ]\n") == [
        ("syntax", 2),
        ("surplus-bracket", 5),
    ]


def test_a_habit_is_said_once_with_all_its_places() -> None:
    (mistake,) = found("arch net\nconv3-4, relu,\nbn, relu\n")
    assert mistake.code == "separator"
    assert [fix.span.line for fix in mistake.fixes] == [2, 2, 3]


def test_reports_are_limited_and_counted() -> None:
    text = "relu $ relu\nrelu\n" * 200
    mistakes = found(text)
    assert len(mistakes) == AT_MOST
    assert render_all(mistakes).endswith(f"… and {AT_MOST - 20} more errors")


def test_holes_are_read_beside_all_else() -> None:
    assert places("a{i +}: relu\nrelu $ bn\n@b{}: relu\n")[:2] == [("missing-part", 1), ("syntax", 2)]


def test_a_fix_makes_the_text_readable() -> None:
    for text, _ in INDEPENDENT:
        whole = f"arch net\ninput 3x8x8\n{text}\nrelu\n"
        (mistake,) = found(whole)
        for fix in sorted(mistake.fixes, key=lambda fix: -fix.span.start):
            whole = whole[: fix.span.start] + fix.replacement + whole[fix.span.end :]
        assert bool(mistake.fixes) == (mistake.code != "missing-part")
        if mistake.fixes:
            assert found(whole) == []
