"""Generated source is no longer than what torchvision's own file has for the same network, and repeats nothing.

Counted are lines as they stand, without blank ones, comments and docstrings: of ours all classes and functions,
of torchvision's file the network's class and what it calls on in that file, but no builders, weights and
registration. The table of all is printed by `python -m pytest tests/specs/test_length.py -rP`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import archdsl

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "specs", ROOT / "tests" / "backends" / "torch" / "specs")

# The file in torchvision, and what in it the network begins with; the configurations of VGG are its layers.
THEIRS = {
    "alexnet": ("alexnet", ["AlexNet"]),
    "densenet": ("densenet", ["DenseNet"]),
    "googlenet": ("googlenet", ["GoogLeNet"]),
    "inception_v3": ("inception", ["Inception3"]),
    "mnasnet": ("mnasnet", ["MNASNet"]),
    "mobilenet_v2": ("mobilenetv2", ["MobileNetV2"]),
    "mobilenet_v3": ("mobilenetv3", ["MobileNetV3"]),
    "resnet": ("resnet", ["ResNet", "BasicBlock", "Bottleneck"]),
    "shufflenet_v2": ("shufflenetv2", ["ShuffleNetV2"]),
    "squeezenet": ("squeezenet", ["SqueezeNet"]),
    "vgg": ("vgg", ["VGG", "make_layers"]),
}
NOT_IN_TORCHVISION = {"vgg11_lrn", "vgg16_c"}

MAX_IN_A_ROW = 4
"""Copies with names of their own are written out as long as they are few."""


def specs() -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name in THEIRS:
        variants = archdsl.load(path(name)).program.variants
        found += [(name, variant) for variant in variants if variant not in NOT_IN_TORCHVISION] or [(name, None)]
    return found


def path(name: str) -> Path:
    return next(folder / f"{name}.arch" for folder in FOLDERS if (folder / f"{name}.arch").exists())


def definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    return {each.name: each for each in tree.body if isinstance(each, (ast.ClassDef, ast.FunctionDef))}


def lines(text: str, nodes: Iterable[ast.stmt]) -> int:
    """The lines of definitions, decorators among them, without blank ones, comments and docstrings."""
    rows = text.splitlines()
    wanted: set[int] = set()
    for node in nodes:
        start = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        wanted |= set(range(start, (node.end_lineno or start) + 1))
        for each in ast.walk(node):
            if isinstance(each, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(each, clean=False) is not None:
                wanted -= set(range(each.body[0].lineno, (each.body[0].end_lineno or 0) + 1))
    return sum(bool(rows[row - 1].strip()) and not rows[row - 1].strip().startswith("#") for row in wanted)


def their_length(file: str, roots: list[str]) -> int:
    text = inspect.getsource(importlib.import_module(f"torchvision.models.{file}"))
    known = definitions(ast.parse(text))
    needed: dict[str, ast.stmt] = {}
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name in known and name not in needed:
            needed[name] = known[name]
            pending += [each.id for each in ast.walk(known[name]) if isinstance(each, ast.Name)]
    assert set(roots) <= needed.keys()
    return lines(text, needed.values())


def repeated(text: str) -> list[str]:
    """Lines that stand more often one behind another than anybody would write them; numbers of names set aside."""
    rows = [re.sub(r"(self\.[A-Za-z_]+)[0-9]+", r"\1", row.strip()) for row in text.splitlines()]
    found: list[str] = []
    for period in range(1, 13):
        same = 0
        for place in range(len(rows) - period):
            equal = rows[place] == rows[place + period] and len(rows[place]) > 3
            same = same + 1 if equal else 0
            if same >= period * MAX_IN_A_ROW:
                found.append(rows[place])
    return found


def test_no_longer_than_torchvision() -> None:
    for name, variant in specs():
        text = archdsl.load(path(name), variant=variant).source()
        ours = lines(text, definitions(ast.parse(text)).values())
        theirs = their_length(*THEIRS[name])
        print(f"{variant or name:20} {ours:4} lines, torchvision {theirs:4}")
        assert ours <= theirs, variant or name
        assert repeated(text) == []


def test_what_is_counted() -> None:
    text = 'class A(B):\n    """Doc.\n\n    More."""\n\n    # Why.\n    def f(self):\n        return g(1)\n\n\n'
    text += "def g(x): ...\n"
    known = definitions(ast.parse(text))
    assert lines(text, known.values()) == 4
    assert repeated("self.conv1 = conv(8)\n" * 4) == []
    assert repeated("self.conv1 = conv(8)\nself.relu1 = relu()\n" * 5) != []


@pytest.mark.parametrize("name", ["resnet", "vgg", "googlenet"])
def test_their_classes_are_found(name: str) -> None:
    assert their_length(*THEIRS[name]) >= 50
