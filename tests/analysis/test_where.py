"""Where open sizes hold, in words and as conditions, against torch at fifty sizes each."""

from __future__ import annotations

import random
import re
from itertools import islice

import pytest
import torch

import archdsl
from archdsl.analysis.where import Where
from archdsl.symbolic import (
    Solutions,
    TooFar,
    compare,
    conjunction,
    maximum,
    minimum,
    solutions,
    symbol,
    value_at,
)

from . import sizes

PADDED = (
    "arch net\ninput 1x64x64\ne1: conv3-4 maxpool e2: conv3-4 maxpool conv3-8 "
    "deconv2-4/2 concat<@e2 | identity> conv3-4 deconv2-4/2 concat<@e1 | identity> conv1-2\n"
)
"""A U-Net that pads, two levels deep: only multiples of 4 join again."""

PYRAMID = (
    "arch net\ninput 3x64x64\nconv3-8/2 c2: conv3-8/2 c3: conv3-16/2 c4: conv3-32/2 conv1-8 "
    "upsample2 add<@c3 conv1-8 | identity> upsample2 add<@c2 conv1-8 | identity> conv3-4\n"
)
"""A feature pyramid (Lin et al. 2017) on three levels."""

UNPADDED = archdsl.load("unet").program.file.source.text

# What is said, and sizes to try: from, to, and how far apart those are that tend to fit.
NETS = {
    "padded": (PADDED, "4 divides H and W", range(4, 64, 4)),
    # Of maps of 1x1 torch makes larger ones to add them.
    "pyramid": (PYRAMID, "H, W mod 16 ∈ {0, 13, 14, 15}", range(31, 160, 16)),
    "unpadded": (UNPADDED, "16 divides H+4 and W+4; H, W ≥ 188", range(172, 440, 16)),
}


def open_input(text: str) -> Where:
    network = archdsl.loads(text)
    return network.at(f"{network.input[0]}xHxW").shapes().where


def torch_runs(module: torch.nn.Module, channels: int, height: int, width: int) -> bool:
    try:
        module(torch.empty(1, channels, height, width, device="meta"))
    except RuntimeError:
        return False
    return True


def said(text: str, size: dict[str, int]) -> bool:
    """Whether a size fits what the words say, read as a person reads them."""
    for sentence in filter(None, text.split("; ")):
        divided = re.fullmatch(r"(\d+) divides (.*)", sentence)
        bound = re.fullmatch(r"([HW, ]+) ≥ (\d+)", sentence)
        rests = re.fullmatch(r"([HW, ]+) mod (\d+) ∈ \{(.*)\}", sentence)
        if divided:
            for subject in divided[2].split(" and "):
                letter, shift = subject[0], int(subject[1:].replace("−", "-") or 0)
                if (size[letter] + shift) % int(divided[1]):
                    return False
        elif bound:
            if any(size[letter] < int(bound[2]) for letter in bound[1].split(", ")):
                return False
        elif rests:
            taken = {int(each) for each in rests[3].split(", ")}
            if any(size[letter] % int(rests[2]) not in taken for letter in rests[1].split(", ")):
                return False
        else:
            raise AssertionError(f"no reading of {sentence!r}")
    return True


@pytest.mark.parametrize("name", NETS)
def test_conditions_hold_exactly_where_torch_runs(name: str) -> None:
    text, words, likely = NETS[name]
    where = open_input(text)
    assert where.text == words
    network = archdsl.loads(text)
    with torch.device("meta"):
        module = network.module().eval()
    draw = random.Random(name)
    fit = 0
    for number in range(50):
        height, width = draw.choice(likely), draw.choice(likely) + (number % 3 == 0) * draw.randint(-9, 9)
        size = {"H": height, "W": max(1, width)}
        expected = torch_runs(module, network.input[0], *size.values())
        fit += expected
        assert where.holds(size) == expected, size
        assert said(where.text, size) == expected, size
    assert 20 < fit < 50


def test_every_way_of_showing_open_sizes_says_where() -> None:
    shapes = archdsl.loads(PADDED).at("1xHxW").shapes()
    assert shapes.to_text().startswith("net, input 1xHxW, where 4 divides H and W\n")
    assert '"where": "4 divides H and W"' in shapes.to_json()
    assert "Input 1xHxW, where 4 divides H and W." in shapes.to_markdown()
    header, first, *_ = shapes.to_csv().splitlines()
    assert header.endswith(",where")
    assert first.endswith(",4 divides H and W")
    # Nothing is said where nothing is asked.
    assert "where" not in archdsl.loads(PADDED).shapes().to_text()
    assert archdsl.load("resnet18", input="3xHxW").shapes().where.text == ""


def test_words() -> None:
    def words(body: str, input: str = "4xHxW") -> str:
        return archdsl.loads(f"arch net\ninput 4x24x24\n{body}\n", input=input).shapes().where.text

    assert words("conv3-4") == ""
    assert words('conv3-4(padding="valid")') == "H, W ≥ 3"
    assert words('conv1x3-4(padding="valid")') == "W ≥ 3"
    assert words("concat<maxpool(ceil=true) | avgpool>") == "2 divides H and W"
    assert words("concat<conv3-4/2 | conv2-4/2(padding=0)>") == "2 divides H and W"
    assert words("reshape(8, 72)") == "4H·W = 576"
    assert words("concat<identity | adaptive-avgpool5>") == "H, W = 5"
    assert words("add<identity | crop(1) upsample2>") == "H, W = 4"


def test_a_field_that_follows_the_input_has_its_bounds() -> None:
    network = archdsl.loads("arch net\ninput 3x32x32\nconv3-{in_height - 8}\n")
    assert network.at("3xHxW").shapes().where.text == "H ≥ 9"
    assert network.shapes().smallest_input == 9


@pytest.mark.parametrize("side", [16, 20, 32])
def test_a_number_taken_from_the_input_is_taken_anew(side: int) -> None:
    # Declared at any size, the kernel is a quarter of the input.
    text = "arch net\ninput 3x32x32\nlet k = {in_height // 4}\nconv{k}-8(padding=0) maxpool4 gap fc-2\n"
    assert archdsl.loads(text, input=(3, side, side)).shapes().smallest_input == 4


SIDE = symbol("n", "size")
CASES = [
    [compare("==", 2 * (SIDE // 2), SIDE)],
    [compare(">=", SIDE // 3 - 4, 1), compare("==", (SIDE + 1) // 2, SIDE // 2)],
    [compare("==", SIDE * SIDE, 144)],
    [compare("==", SIDE * SIDE, 145)],
    [compare("==", SIDE // 2, 7), compare("!=", SIDE, 14)],
    [compare("<", SIDE - 9, 0), compare(">", SIDE, 3)],
    [compare(">=", minimum((SIDE + 1) // 2, SIDE // 2 + 3), 5)],
    [compare("==", SIDE % 6, 5), compare(">=", SIDE, 20)],
    [compare(">=", 40 - SIDE, SIDE // 2)],
    [compare("==", maximum(SIDE, 12), SIDE)],
    [compare("==", 3 * (SIDE // 4), SIDE // 2)],
    [conjunction([compare(">=", SIDE, 2), compare("!=", SIDE % 4, 1)])],
]


@pytest.mark.parametrize("conditions", CASES, ids=str)
def test_solutions_are_those_of_trying(conditions: list[object]) -> None:
    found: Solutions = solutions(conditions, "n")  # type: ignore[arg-type]

    def tried(number: int) -> bool:
        return all(value_at(each, {"n": number}) for each in conditions)

    expected = [number for number in range(1, 400) if tried(number)]
    assert [number for number in range(1, 400) if found.holds(number)] == expected
    assert found.least() == next(iter(expected), None)


def test_what_never_comes_again_is_given_up() -> None:
    # A product that rises and falls has no line about it.
    never = compare("==", (SIDE // 2) * (SIDE % 2) + 1, 0)
    assert not isinstance(never, bool)
    with pytest.raises(TooFar):
        solutions([never], "n").least()


def test_specs_made_at_random() -> None:
    seen = [sizes.problem(*case, random.Random(0)) for case in islice(sizes.texts(200, seed=5), 40)]
    assert not [each for each in seen if "WRONG" in each]
    assert seen.count("ok") > 30


def test_a_wrong_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.analysis.summary.smallest_input", lambda *_, **__: 5)
    assert "WRONG" in sizes.problem("arch net\ninput 1x8x8\nconv3-2\n", None, 8, random.Random(0))
