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
from archdsl.trying import edited

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
    assert reports[1] / refused >= 0.95, reports
    assert near / refused >= 0.93
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
    assert [edit.span.line for edit in mistake.remedies[0].edits] == [2, 2, 3]


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
        assert bool(mistake.remedies) == (mistake.code != "missing-part")
        for remedy in mistake.remedies:
            assert found(edited(whole, remedy.edits)) == []


TABLE = "variants\n| name | c | expect params |\n|------|---|---------------|\n| a | 1 | 2 |\n| b | 3 | 4 |\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (TABLE.replace("|------|", "|---}--|"), "stray-in-separator", 3),
        (TABLE.replace("|------|", "|------>|"), "surplus-bracket", 3),
        (TABLE.replace("-------|\n", "---\n----|\n"), "open-row", 3),
        (TABLE.replace("| expect params", "| expect\nparams"), "open-row", 2),
        (TABLE.replace("| a |", "[ a |"), "open-row", 4),
        (TABLE.replace("variants\n", "# variants\n"), "row-without-table", 2),
        ("residual<conv1: conv$1x7-3 bn\n | identity>", "syntax", 1),
        ('residual<c"onv1x7-3 bn\n | identity>', "unclosed", 1),
        ('concat<cro"(16) | identity>  up3: double(4)\n', "unclosed", 1),
        ("residual<conv3-4 ->\nrelu", "separator", 1),
        ("residual<conv1-@192 bn\n | identity>", "syntax", 1),
        ("residual<conv3-{c}>{s} bn\n | identity>", "wrong-mark", 1),
        ("arch [3D(classes = 3)\ninput 3x8x8", "name-notation", 1),
        ("layer1: unit[16) x{n}", "wrong-mark", 1),
        ("e(pect macs == 3", "wrong-word", 1),
        ("i<put 3x224x224", "wrong-word", 1),
        ("[\n conv3-192 conv3-{classes<\n]", "wrong-mark", 2),
        ("[\n relu conv4-{classes$/2(padding=1)\n]", "wrong-mark", 2),
        ("after conv [bn relu(0.1)'\nrelu", "foreign-character", 1),
        ("# It is a fine net that\nhas, as others don't, layers of its own.\nrelu", "comment-goes-on", 2),
        ("conv3‐4 relu conv3‐4\nconv3‐4", "look-alike", 1),
        ("if {c} [relu]\n| relu |\n| relu |\n", "row-without-table", 2),
    ],
)
def test_a_mistake_that_spread(text: str, code: str, line: int) -> None:
    assert places(f"{text}\n") == [(code, line)]


@pytest.mark.parametrize("text", ["3 4", "{3 4}"])
def test_no_mark_is_guessed_between_two_values(text: str) -> None:
    assert places(f"conv3-4 x{{{text}}}") == [("syntax", 1)]
