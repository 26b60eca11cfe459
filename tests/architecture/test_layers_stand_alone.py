"""A layer is declared once: without its class, only the specs that use it break, and with a proper diagnostic."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from archdsl.layers.base import keywords

SPECS = Path(__file__).parents[2] / "specs"

# `residual<… | project>` stands for a convolution and a batch norm.
IMPLIED = {"project": {"conv", "bn"}}


def used(path: Path) -> set[str]:
    """The keywords that a spec's text mentions."""
    text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf-8"))
    words = set(re.findall(r"[a-z][a-z0-9-]*", text))
    found = {
        keyword
        for keyword in keywords()
        if any(re.fullmatch(rf"{keyword}([0-9]+.*|-[0-9].*|-)?", word) for word in words)
    }
    return found | {layer for word in words for layer in IMPLIED.get(word, ())}


def test_deleting_a_layer_breaks_only_its_users() -> None:
    script = Path(__file__).with_name("without_layer.py")
    done = subprocess.run([sys.executable, str(script), *keywords()], capture_output=True, text=True, check=True)
    results = dict(json.loads(line) for line in done.stdout.splitlines())
    assert results.keys() == keywords().keys()
    users = {path.name: used(path) for path in SPECS.glob("*.arch")}
    for keyword, outcomes in results.items():
        expected = {name: (["unknown-layer"] if keyword in layers else []) for name, layers in users.items()}
        # A layer that only other variants use is not missed by the first.
        for name, codes in outcomes.items():
            # Without `relu6` its name is that of `relu` with a number.
            missed = [
                code.replace("unexpected-number", "unknown-layer") if keyword == "relu6" else code for code in codes
            ]
            assert missed == expected[name] or codes == [], (keyword, name, codes)
        assert all(outcomes[name] == [] for name, codes in expected.items() if not codes), keyword
    assert results["conv"]["vgg16.arch"] == ["unknown-layer"]
    assert results["gap"]["resnet.arch"] == ["unknown-layer"]
    assert results["gelu"]["resnet.arch"] == []
