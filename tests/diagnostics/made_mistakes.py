"""Mistakes made up by the thousand: good specs, each with one thing wrong that people get wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from archdsl.catalogue import kinds
from archdsl.checking import check_text
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.opening.library import contents
from archdsl.opening.reading import text_source

MARKS = "[]{}()<>|,:=\"'#-/x3a *+.;$@\n"

SMALL = (
    "lenet5", "nin", "vgg16", "plain34", "allconv", "darknet19", "squeezenet", "resnet1d", "c3d", "mobilenet_v1",
    "lecture-identity", "lecture-resized", "fcn",
)  # fmt: skip
"""Specs that come along and are checked in little time."""

NETS = (
    "arch net(classes = 10)\ninput 3x32x32\nconv3-16 bn relu\nmaxpool2\nconv3-32/2 bn relu\ngap\nfc-{classes}\n",
    "arch net(width = 8)\ninput 1x28x28\nblock unit(c, s = 1) = [conv3-{c}/{s} bn relu]\n"
    "stem: unit(width)\nlayer1: unit({2 * width}, s=2) x2\nflatten dropout(0.5) linear-10\n".replace(
        "{2 * width}", "2 * width"
    ),
    "arch net\ninput 3x16x16\nlet c = {8}\nstem: conv3-{c}\nconcat<@stem | conv1-{c} relu>\n"
    "residual<conv3-16 bn | identity>\nupsample2(mode=\"nearest\")\navgpool2 fc-10\n",
    'arch net(config = "A")\ninput 3x16x16\ntable config\n| A       | B       |\n| conv3-4 | conv3-8 |\n| relu    | silu    |\n'
    "gap fc-10\nexpect output == 10\n",
    "arch net(n = 2, c = 4)\ninput 3x8x8\nfor w in {[c, 2 * c]} [conv3-{w} relu]\nif {n > 1} [dropout(0.2)]\n"
    "[conv3-16 relu] x{n}\nmaxpool3/2(padding=1) gap fc-10\n",
    "arch net\ninput 4x9\ndefault conv(bias=true)\nafter conv [relu]\nconv3-8 conv5-8/2\nln gap linear-3\n",
)  # fmt: skip

FOREIGN = (
    "Conv2d(3, 64, 3)", "Conv2d(3, 64, kernel_size=3, padding=1)", "nn.ReLU()", "ReLU()", "ReLU", "BatchNorm2d(64)", "BatchNorm",
    "MaxPool2d(2)", "MaxPooling2D", "nn.Linear(512, 10)", "Linear(10)", "Dense(10)", "Dropout(0.5)", "dropout 0.5", "dropout0.5",
    "fc 10", "fc10", "linear 10", "conv 64", "conv 3-64", "conv3 64", "Flatten()", "GlobalAveragePooling2D()", "globalavgpool",
    "swish", "lrelu", "leaky", "LeakyReLU(0.1)", "convtranspose", "depthwise", "conv3-64-2", "maxpool 2", "maxpool2 2", "avgpool 7",
    "batchnorm", "layernorm", "softmax()", "Activation('relu')", "conv3x3-64", "conv(64, 3)", "conv(3, 64)", "dense-10",
    "conv3-64 stride 2", "conv3-64, stride=2", "conv3-64 s2", "3x3 conv, 64", "avg pool", "max pool", "global average pool",
)  # fmt: skip

INPUTS = (
    "3, {h}, {w}", "({c}, {h}, {w})", "{h}, {w}, {c}", "{c}x{h}x{w}, {c}x{h}x{w}", "{h}x{w}", "1x{c}x{h}x{w}", "{c} {h} {w}",
    "[{c}, {h}, {w}]", "{c}*{h}*{w}", "= {c}x{h}x{w}", "shape={c}x{h}x{w}", "{h}x{w}x{c}", "({h}, {w})", "{c} x {h}", "-{c}x{h}x{w}",
)  # fmt: skip

_HEAD = re.compile(r"(?<![A-Za-z0-9_@{\"-])[a-z]+[0-9]*(?:-[0-9]+)?(?:/[0-9]+)?(?:\([^()\n]*\))?(?![A-Za-z0-9_:=<])")
_WORD = re.compile(r"[A-Za-z_]{3,}")


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
    return [text for text in dict.fromkeys((*NETS, *come_along, *mended, *NETS)) if not checked(text)]


def _replaced(chance: random.Random, text: str, found: re.Pattern[str], made: Callable[[str], str]) -> str:
    places = list(found.finditer(text))
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + made(place[0]) + text[place.end() :]


def _misspelt(chance: random.Random, word: str) -> str:
    place = chance.randrange(max(1, len(word)))
    letter = chance.choice("abcdefghilmnoprstuwx")
    return chance.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
        )
    )


def _one_key(chance: random.Random, text: str) -> str:
    place = chance.randrange(len(text))
    mark = chance.choice(MARKS)
    return text[:place] + chance.choice((text[place + 1 :], mark + text[place:], mark + text[place + 1 :]))


def _word(chance: random.Random, text: str) -> str:
    return _replaced(
        chance,
        text,
        _WORD,
        lambda word: chance.choice((_misspelt(chance, word), word.capitalize(), word.upper(), word + "s", word + "2")),
    )


def _head(chance: random.Random, text: str) -> str:
    def other(head: str) -> str:
        apart = re.sub(r"[-/(]", lambda mark: chance.choice((f" {mark[0]}", f"{mark[0]} ", " ")), head, count=1)
        without = re.sub(r"[-/]", "", head, count=1)
        spaced = re.sub(r"(?<=[a-z])(?=[0-9])", " ", head, count=1)
        repeated = chance.choice((f"{head}x2", f"{head} *2", f"2x {head}", f"{head} x  2", f"{head}*2", f"{head} ^2"))
        signed = chance.choice((f"{head},", f"{head} ->", f"{head};", f"{head} +", f"- {head}", f"{head} =>"))
        more = chance.choice((f"{head}()", f"{head}-2", f"{head}/2", f"{head}(2)", f"{head}(stride=2)", f"{head}.5"))
        return chance.choice((apart, without, spaced, repeated, signed, more, f"{head} {head[:1]}", head.title()))

    return _replaced(chance, text, _HEAD, other)


def _foreign(chance: random.Random, text: str) -> str:
    return _replaced(chance, text, _HEAD, lambda head: chance.choice(FOREIGN))


def _input(chance: random.Random, text: str) -> str:
    found = re.search(r"(?m)^input (\d+)x(\d+)(?:x(\d+))?$", text)
    if found is None:
        return text
    size = chance.choice((found[2], "224", "88"))
    made = chance.choice(INPUTS).format(c=found[1], h=size, w=found[3] or size)
    return text[: found.start()] + f"input {made}" + text[found.end() :]


def _bracket(chance: random.Random, text: str) -> str:
    return _replaced(chance, text, re.compile(r"[][(){}<>|]"), lambda mark: chance.choice(("", *"[](){}<>|")))


def _hole(chance: random.Random, text: str) -> str:
    return _replaced(
        chance,
        text,
        re.compile(r"\{[^{}\n]*\}|@[a-z]+[0-9]*"),
        lambda hole: chance.choice(
            (hole.strip("{}@"), f"{{{hole}}}", hole[:1] + _misspelt(chance, hole[1:-1]) + hole[-1:], f"${hole}", "{}")
        ),
    )


def _line(chance: random.Random, text: str) -> str:
    lines = text.splitlines()
    place = chance.randrange(len(lines))
    line = lines[place]
    lines[place : place + 1] = chance.choice(
        ([], [line, line], [f"{line} // here"], [f"{line},"], [line.replace('"', "'")], [line.replace(" = ", " ")])
    )
    return "\n".join(lines) + "\n"


WAYS = (_one_key, _word, _head, _foreign, _input, _bracket, _hole, _line)


def mistakes(seed: int, count: int) -> Iterator[str]:
    """Texts that something is said of, always the same ones for a seed."""
    chance = random.Random(seed)
    bases = good()
    seen: set[str] = set()
    while len(seen) < count:
        text = chance.choice(bases)
        for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
            text = chance.choice(WAYS)(chance, text)
        if text not in seen and checked(text):
            seen.add(text)
            yield text
