"""Mistakes made up by the thousand: good specs with one to three lines of which each has one thing wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from archdsl.catalogue import kinds
from archdsl.checking import check_text
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.opening.library import contents
from archdsl.opening.reading import text_source

MARKS = "[]{}()<>|,:=\"'#-/x3a *+.;$@\n"

SMALL = {"lenet5", "nin", "plain34", "allconv", "darknet19", "squeezenet", "resnet1d", "c3d", "mobilenet_v1", "fcn"}
"""Specs that come along and are checked in little time."""

NETS = (
    "arch net(classes = 10)\ninput 3x32x32\nconv3-16 bn relu\nmaxpool2\nconv3-32/2 bn relu\ngap\nfc-{classes}\n",
    "arch net(width = 8)\ninput 1x28x28\nblock unit(c, s = 1) = [conv3-{c}/{s} bn relu]\n"
    "stem: unit(width)\nlayer1: unit(2 * width, s=2) x2\nflatten dropout(0.5) linear-10\n",
    "arch net\ninput 3x16x16\nlet c = {8}\nstem: conv3-{c}\nconcat<@stem | conv1-{c} relu>\n"
    'residual<conv3-16 bn | identity>\nupsample2(mode="nearest")\navgpool2 fc-10\n',
    'arch net(config = "A")\ninput 3x16x16\ntable config\n| A       | B       |\n'
    "| conv3-4 | conv3-8 |\n| relu    | silu    |\ngap fc-10\nexpect output == 10\n",
    "arch net(n = 2, c = 4)\ninput 3x8x8\nfor w in {[c, 2 * c]} [conv3-{w} relu]\nif {n > 1} [dropout(0.2)]\n"
    "[conv3-16 relu] x{n}\nmaxpool3/2(padding=1) gap fc-10\n",
    "arch net\ninput 4x9\ndefault conv(bias=true)\nafter conv [relu]\nconv3-8 conv5-8/2\nln gap linear-3\n",
    "arch net\ninput 3x32x32\nconv3-16\nbn\nrelu\nmaxpool\nconv3-32\nrelu\nconv5-32\nleakyrelu(0.1)\navgpool\nflatten\n"
    "fc-100\ndropout(0.5)\nfc-10\n",
    "arch net\ninput 3x32x32\nconv7-16/2\nbn\nsilu\ndwconv3\nconv1-32\nln\ngelu\ngap\nlinear-10\n",
)

SAME = {
    "conv3-16": ("Conv2d(3, 16, 3, padding=1)", "conv 3-16", "conv3 16", "Conv3-16", "3x3 conv, 16", "conv3x3-16"),
    "conv3-32": ("nn.Conv2d(16, 32, kernel_size=3, padding=1)", "conv3 -32", "Conv2D(32, 3, padding='same')"),
    "conv5-32": ("Conv2d(32, 32, 5, padding=2)", "Conv2D(32, (5, 5), padding='same')", "conv5- 32"),
    "conv7-16/2": ("Conv2d(3, 16, 7, stride=2, padding=3)", "conv7-16 /2", "conv7-16-2"),
    "conv1-32": ("Conv2d(16, 32, 1)", "Conv2D(32, 1)", "conv1x1-32"),
    "dwconv3": ("DepthwiseConv2D(3, padding='same')", "depthwise3", "dwconv 3"),
    "relu": ("ReLU()", "nn.ReLU(inplace=True)", "Activation('relu')", "ReLU", "Relu", "relu()", "F.relu(x)"),
    "silu": ("SiLU()", "swish", "Swish"),
    "gelu": ("GELU()", "nn.GELU()"),
    "leakyrelu(0.1)": ("LeakyReLU(0.1)", "nn.LeakyReLU(0.1, inplace=True)", "lrelu(0.1)", "leakyrelu 0.1"),
    "bn": ("BatchNorm2d(16)", "BatchNorm", "batchnorm", "BatchNormalization()"),
    "ln": ("LayerNorm(16)", "layernorm", "LayerNorm"),
    "maxpool": ("MaxPool2d(2)", "MaxPooling2D", "nn.MaxPool2d(kernel_size=2, stride=2)", "max_pool", "MaxPool"),
    "maxpool2": ("maxpool 2", "MaxPool2d(2, 2)"),
    "avgpool": ("AvgPool2d(2)", "AveragePooling2D()", "avg_pool"),
    "gap": ("GlobalAveragePooling2D()", "globalavgpool", "GlobalAvgPool", "global_avg_pool"),
    "flatten": ("Flatten()", "nn.Flatten()", "Flatten"),
    "dropout(0.5)": ("Dropout(0.5)", "dropout 0.5", "dropout0.5", "nn.Dropout(p=0.5)", "dropout(.5)"),
    "fc-10": ("Linear(512, 10)", "nn.Linear(512, 10)", "Dense(10)", "fc 10", "fc10", "fc -10", "dense-10", "FC-10"),
    "fc-100": ("Linear(512, 100)", "fc 100", "Dense(100)", "fc100"),
    "linear-10": ("linear 10", "linear10", "linear -10"),
}
"""Layers as others write them."""

INPUTS = (
    "3, {h}, {w}", "({c}, {h}, {w})", "{h}, {w}, {c}", "{c}x{h}x{w}, {c}x{h}x{w}", "1x{c}x{h}x{w}", "{c} {h} {w}",
    "[{c}, {h}, {w}]", "{c}*{h}*{w}", "= {c}x{h}x{w}", ": {c}x{h}x{w}", "{h}x{w}x{c}", "{c} x {h} x {w}",
)  # fmt: skip

_HEAD = re.compile(r"(?<![A-Za-z0-9_@{\"-])[a-z]+[0-9]*(?:-[0-9]+)?(?:/[0-9]+)?(?:\([^()\n]*\))?(?![A-Za-z0-9_:=<])")
_WORD = re.compile(r"[A-Za-z_]{3,}")

Way = Callable[[random.Random, str], str]


@dataclass(frozen=True)
class Made:
    """A text with mistakes, and the texts that have only some of them: one edit may mend several of a kind."""

    text: str
    others: tuple[str, ...]


def checked(text: str) -> tuple[Diagnostic, ...]:
    """What `archdsl check` says of a text."""
    try:
        source = text_source(text, "net.arch")
    except ArchError as error:
        return error.diagnostics
    return check_text(source, None).diagnostics


def good() -> list[str]:
    """Specs that nothing is said of."""
    come_along = [each.path.read_text(encoding="utf-8") for each in contents() if each.path.stem in SMALL]
    mended = [kind.mended for kind in kinds().values() if kind.mended and not kind.beside and len(kind.mended) < 2000]
    return [text for text in dict.fromkeys((*NETS, *come_along, *mended)) if not checked(text)] + list(NETS) * 4


def _replaced(chance: random.Random, text: str, found: re.Pattern[str], made: Callable[[str], str]) -> str:
    places = list(found.finditer(text))
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + made(place[0]) + text[place.end() :]


def _misspelt(chance: random.Random, word: str) -> str:
    place = chance.randrange(max(1, len(word)))
    letter = chance.choice("abcdefghilmnoprstuwx")
    left, right = word[:place], word[place + 1 :]
    swapped = left + word[place : place + 2][::-1] + word[place + 2 :]
    return chance.choice((left + right, left + letter + word[place:], left + letter + right, swapped))


def _one_key(chance: random.Random, line: str) -> str:
    place = chance.randrange(len(line) + 1)
    mark = chance.choice(MARKS)
    return line[:place] + chance.choice((line[place + 1 :], mark + line[place:], mark + line[place + 1 :]))


def _word(chance: random.Random, line: str) -> str:
    def other(word: str) -> str:
        return chance.choice((_misspelt(chance, word), word.capitalize(), word.upper(), word + "s", word + "2"))

    return _replaced(chance, line, _WORD, other)


def _head(chance: random.Random, line: str) -> str:
    def other(head: str) -> str:
        apart = re.sub(r"[-/(]", lambda mark: chance.choice((f" {mark[0]}", f"{mark[0]} ", " ")), head, count=1)
        without = re.sub(r"[-/]", "", head, count=1)
        spaced = re.sub(r"(?<=[a-z])(?=[0-9])", " ", head, count=1)
        signed = chance.choice((f"{head},", f"{head} ->", f"{head};", f"{head} +", f"- {head}", f"{head} =>"))
        more = chance.choice((f"{head}()", f"{head}-2", f"{head}/2", f"{head}(2)", f"{head}.5"))
        return chance.choice((apart, without, spaced, signed, more, f"{head} {head[:1]}", head.title()))

    return _replaced(chance, line, _HEAD, other)


def _foreign(chance: random.Random, line: str) -> str:
    return _replaced(chance, line, _HEAD, lambda head: chance.choice(SAME.get(head, (head,))))


def _repeat(chance: random.Random, line: str) -> str:
    ways = (r" *\1", r" x  \1", r"x\1", r" * \1", r" ^\1", r" times \1", r" ×  \1")
    return re.sub(r" [x×]([0-9{]+)", chance.choice(ways), line, count=1)


def _input(chance: random.Random, line: str) -> str:
    found = re.fullmatch(r"input (\d+)x(\d+)x(\d+)", line)
    if found is None:
        return line
    return "input " + chance.choice(INPUTS).format(c=found[1], h=found[2], w=found[3])


def _bracket(chance: random.Random, line: str) -> str:
    return _replaced(chance, line, re.compile(r"[][(){}<>|]"), lambda mark: chance.choice(("", *"[](){}<>|")))


def _hole(chance: random.Random, line: str) -> str:
    def other(hole: str) -> str:
        misspelt = hole[:1] + _misspelt(chance, hole[1:-1]) + hole[-1:]
        return chance.choice((hole.strip("{}@"), f"{{{hole}}}", misspelt, f"${hole}", "{}"))

    return _replaced(chance, line, re.compile(r"\{[^{}\n]*\}|@[a-z]+[0-9]*"), other)


def _line(chance: random.Random, line: str) -> str:
    left_out = line.replace(" = ", " ")
    return chance.choice((f"{line} // here", f"{line},", line.replace('"', "'"), left_out, line.replace(": ", " = ")))


WAYS: tuple[Way, ...] = (_one_key, _word, _head, _head, _foreign, _foreign, _repeat, _input, _bracket, _hole, _line)


def mistakes(seed: int, count: int) -> Iterator[Made]:
    """Texts that something is said of, always the same ones for a seed."""
    chance = random.Random(seed)
    bases = good()
    seen: set[str] = set()
    while len(seen) < count:
        lines = chance.choice(bases).splitlines()
        places = sorted(chance.sample(range(len(lines)), min(len(lines), chance.choice((1, 1, 1, 1, 2, 3)))))
        wrong = {place: chance.choice(WAYS)(chance, lines[place]) for place in places}
        wrong = {place: line for place, line in wrong.items() if line != lines[place]}
        text = _written(lines, wrong)
        if text in seen or not checked(text):
            continue
        seen.add(text)
        fewer = (some for number in range(1, len(wrong)) for some in combinations(wrong.items(), number))
        yield Made(text, tuple(_written(lines, dict(some)) for some in fewer) or (_written(lines, {}),))


def _written(lines: list[str], wrong: dict[int, str]) -> str:
    return "\n".join(wrong.get(place, line) for place, line in enumerate(lines)) + "\n"
