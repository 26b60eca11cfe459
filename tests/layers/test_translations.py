"""Layers as others write them: what `check` makes of PyTorch's is the same layer, and of Keras's as large."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import torch

import archdsl
from archdsl.checking import check_text
from archdsl.diagnostics import Source
from archdsl.layers.base import keywords
from archdsl.layers.translation.calls import Code, arguments, value
from archdsl.layers.translation.translate import Translation, translate
from archdsl.layers.translation.words import words, words_of

_INPUT = (8, 15, 16)


def _convolution(chance: random.Random) -> dict[str, Any]:
    kernel = chance.choice((1, 2, 3, 5, (1, 3), (3, 5)))
    return {
        "in_channels": 8,
        "out_channels": chance.choice((4, 8)),
        "kernel_size": kernel,
        "stride": chance.choice((1, 1, 2, (1, 2))),
        "padding": chance.choice((0, 1, 2, (0, 1), "valid")),
        "dilation": chance.choice((1, 1, 2)),
        "groups": chance.choice((1, 1, 4)),
        "bias": chance.choice((True, False)),
    }


def _pool(chance: random.Random) -> dict[str, Any]:
    kernel = chance.choice((2, 3, 4, (2, 3)))
    return {
        "kernel_size": kernel,
        "stride": chance.choice((None, 1, 2, kernel)),
        "padding": chance.choice((0, 1)),
        "ceil_mode": chance.choice((True, False)),
    }


def _transposed(chance: random.Random) -> dict[str, Any]:
    return {
        "in_channels": 8,
        "out_channels": 4,
        "kernel_size": chance.choice((2, 3, 4)),
        "stride": chance.choice((1, 2)),
        "padding": chance.choice((0, 1)),
        "output_padding": 0,
        "groups": chance.choice((1, 2)),
        "bias": chance.choice((True, False)),
    }


def _nothing(chance: random.Random) -> dict[str, Any]:
    return {}


MADE = {
    "Conv2d": _convolution,
    "MaxPool2d": _pool,
    "AvgPool2d": lambda chance: _pool(chance) | {"count_include_pad": chance.choice((True, False))},
    "ConvTranspose2d": _transposed,
    "AdaptiveAvgPool2d": lambda chance: {"output_size": chance.choice((1, 3, (2, 5)))},
    "AdaptiveMaxPool2d": lambda chance: {"output_size": chance.choice((1, 3, (2, 5)))},
    "BatchNorm2d": lambda chance: {"num_features": 8, "eps": chance.choice((1e-5, 0.001))},
    "GroupNorm": lambda chance: {"num_groups": chance.choice((1, 2, 4)), "num_channels": 8},
    "InstanceNorm2d": lambda chance: {"num_features": 8, "affine": chance.random() < 0.5},
    "LocalResponseNorm": lambda chance: {"size": chance.choice((3, 5)), "alpha": 0.001},
    "LeakyReLU": lambda chance: {"negative_slope": chance.choice((0.01, 0.2))},
    "ELU": lambda chance: {"alpha": chance.choice((1.0, 0.5))},
    "PReLU": lambda chance: {"num_parameters": chance.choice((1, 8))},
    "Upsample": lambda chance: {"scale_factor": chance.choice((2, 3)), "mode": chance.choice(("nearest", "bilinear"))},
    "PixelUnshuffle": lambda chance: {"downscale_factor": 1},
    "PixelShuffle": lambda chance: {"upscale_factor": 2},
    "ZeroPad2d": lambda chance: {"padding": chance.choice((1, 2))},
    "ReflectionPad2d": lambda chance: {"padding": chance.choice((1, 2))},
    "ReplicationPad2d": lambda chance: {"padding": chance.choice((1, 2))},
    **dict.fromkeys(
        ("ReLU", "ReLU6", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Hardswish", "Hardsigmoid", "Flatten", "Identity"),
        _nothing,
    ),
}  # fmt: skip


def call(name: str, given: dict[str, Any], chance: random.Random) -> str:
    """A call as somebody would write it: the first arguments without their names, the rest in any order."""
    items = list(given.items())
    bare = chance.randrange(len(items) + 1)
    named = [f"{key}={each!r}" for key, each in items[bare:]]
    chance.shuffle(named)
    return f"{name}({', '.join([*(repr(each) for _, each in items[:bare]), *named])})"


def read(text: str) -> Translation | None:
    name, _, inner = text.partition("(")
    return translate(name, list(arguments(inner[:-1])))


@pytest.mark.parametrize("name", MADE)
def test_what_pytorch_has_is_the_same_layer(name: str) -> None:
    chance = random.Random(name)
    compared = 0
    for _ in range(40):
        given = MADE[name](chance)
        # Not all go by place: those of poolings stand in another order in their signatures.
        written = call(name, given, chance) if name in ("Conv2d", "ConvTranspose2d") else None
        written = written or f"{name}({', '.join(f'{key}={each!r}' for key, each in given.items())})"
        x = torch.randn(2, *_INPUT)
        try:
            theirs = getattr(torch.nn, name)(**given).eval()
            expected = theirs(x)
        except (RuntimeError, ValueError):
            continue
        made = read(written)
        assert made is not None, written
        assert made.is_exact, written
        ours = archdsl.loads(f"arch n  input {'x'.join(map(str, _INPUT))}  {made.text}").module().eval()
        weights = list(theirs.state_dict().values())
        keys = list(ours.state_dict())
        assert len(keys) == len(weights), (written, made.text)
        ours.load_state_dict(dict(zip(keys, weights, strict=True)))
        assert torch.equal(ours(x), expected), (written, made.text)
        compared += 1
    assert compared >= 5


def test_what_keras_has_is_as_large() -> None:
    chance = random.Random(0)
    compared = 0
    for _ in range(400):
        size, kernel, stride = chance.randint(8, 40), chance.choice((1, 2, 3, 4, 5, 7)), chance.choice((1, 1, 2, 3))
        padding = chance.choice(("same", "valid"))
        name = chance.choice(("Conv2D", "MaxPooling2D", "AveragePooling2D", "DepthwiseConv2D", "Conv2DTranspose"))
        first = {"Conv2D": "4, ", "Conv2DTranspose": "4, "}.get(name, "")
        made = read(f"{name}({first}{kernel}, strides={stride}, padding='{padding}')")
        assert made is not None
        if not made.is_exact:
            continue
        if name == "Conv2DTranspose":
            wanted = size * stride if padding == "same" else size * stride + max(kernel - stride, 0)
        else:
            wanted = math.ceil(size / stride) if padding == "same" else math.ceil((size - kernel + 1) / stride)
        network = archdsl.loads(f"arch n  input 8x{size}x{size}  {made.text}")
        assert network.shapes().rows[-1].output[1:] == (wanted, wanted), (
            name,
            kernel,
            stride,
            padding,
            size,
            made.text,
        )
        compared += 1
    assert compared >= 150


def test_every_line_of_the_table_is_read() -> None:
    for kind in keywords().values():
        for word in words_of(kind):
            for parameter in word.parameters or ():
                assert parameter.field in (*kind.model_fields, "", "!", "+", "bn", "from", "kept", "pad"), word
    assert len(words()) >= 200


def test_no_word_of_ours_is_somebody_elses() -> None:
    # Who writes it in small letters means ours, and the words of others are not asked.
    others = {name for name, found in words().items() if name in keywords() and found[0].kind is not keywords()[name]}
    assert others == {"linear"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("-1.5", -1.5),
        ("(3, 3)", (3, 3)),
        ("(3,)", (3,)),
        ("(3)", 3),
        ("[1, 'a']", (1, "a")),
        ("True", True),
        ("'same'", "same"),
        ("2*c", Code("2*c")),
        ("(", Code("(")),
        ("", Code("")),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("seed", range(3))
def test_no_call_is_too_odd(seed: int) -> None:
    chance = random.Random(seed)
    names = sorted({word.name for found in words().values() for word in found})
    parameters = sorted({each.name for found in words().values() for word in found for each in word.parameters or ()})
    values = ("3", "0", "-1", "(3, 3)", "(1, 2, 3)", "[]", "()", "None", "True", "'same'", '"relu"', "1e9", "0.5", "x",
              "2*c", "f(x)", "'", "(", "lambda x: x", "9" * 30, "{", "self.c", "(2.5, 'a')")  # fmt: skip
    for _ in range(250):
        given = [
            chance.choice(values) if chance.random() < 0.6 else f"{chance.choice(parameters)}={chance.choice(values)}"
            for _ in range(chance.randrange(5))
        ]
        prefix = chance.choice(("", "nn.", "self.a = nn.", "x = F.", "model.add(", "- ", "a: "))
        line = f"{prefix}{chance.choice(names)}{chance.choice(('', '2', '-8', '3-8'))}({', '.join(given)})"
        # A traceback would be a bug of ours.
        assert check_text(Source("net.arch", f"arch net\ninput 8x9x9\n{line}\n"), None).diagnostics is not None
