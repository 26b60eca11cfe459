"""No text of a spec becomes code, whatever its names, strings, labels and comments say."""

from __future__ import annotations

import ast

import pytest
import torch

from archdsl.network import loads

QUOTES = '""" + __import__("os").system("touch pwned") + """'

HOSTILE = {
    "comment": f"# {QUOTES} \\\narch net\ninput 3x8x8\nconv3-4\n",
    "file": "arch net\ninput 3x8x8\nconv3-4\n",
    "label": "arch net\ninput 3x8x8\n\"a' + exit() + '{1}\": conv3-4 bn\n",
    "braces": 'arch net(s = "{x}")\ninput 3x8x8\n"{s}": conv3-4 bn\n',
    "percent": 'arch net\ninput 3x8x8\nfeatures: ["%s{2}\\": [conv3-4 x6] relu]\n',
    "keyword as a parameter": "arch net(lambda = 4, nn = 5)\ninput 3x8x8\nconv3-{lambda} conv3-{nn}\n",
    "keyword as a block": "arch net\ninput 3x8x8\nblock pass(def) = [conv3-{def} relu]\npass(3) pass(4)\n",
    "method as a block": "arch net\ninput 3x8x8\nblock double(self, x) = [conv3-{self} conv3-{x}]\ndouble(3, 4)\n",
    "index x": "arch net\ninput 3x8x8\nconv{x}: conv3-4 x6 as x\nmore: [c{class}: conv3-4 x6 as class]\n",
    "index range": "arch net\ninput 3x8x8\nconv{range}: conv3-4 x6 as range\n",
    "tensor names": "arch net\ninput 3x8x8\ntorch: conv3-4 range: conv3-4 shortcut: conv3-4\n"
    "add<@torch | @range | @shortcut>\n",
    "class name": "arch Tensor\ninput 3x8x8\nblock tensor = [conv3-4]\nblock Residual = [conv3-4]\n"
    "tensor Residual residual<conv3-4>\n",
    "underscore": "arch _\ninput 3x8x8\nblock _modules(_) = [conv3-{_} relu]\n_modules(3)\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_stays_text(text: str) -> None:
    made = loads(text, name=f"{QUOTES}\n.arch")
    source = made.source()
    docstring, *rest = ast.parse(source).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert all(isinstance(each, (ast.Import, ast.ImportFrom, ast.Assign, ast.ClassDef)) for each in rest)
    assert "system" not in {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert made.module()(torch.rand(2, 3, 8, 8)).shape[1:] == made.output


def test_the_first_lines_hold_identifiers_alone() -> None:
    first, second, *_ = loads(HOSTILE["comment"], name="-*- coding: utf-7 -*-").source().splitlines()
    assert first == '"""Net, a network in PyTorch.'
    assert second == ""
