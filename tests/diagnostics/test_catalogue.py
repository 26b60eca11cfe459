"""Every kind of mistake: documented, and shown by a spec that has it and one that doesn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from archdsl.catalogue import kinds
from archdsl.checking import check_program
from archdsl.diagnostics import ArchError, Diagnostic, render
from archdsl.network import build
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

# What no text of a spec can show: it is asked for outside of one.
WITHOUT_A_SPEC = {
    "bad-crop",
    "bad-setting",
    "bad-tune",
    "batch-too-large",
    "changed-network",
    "classes-mismatch",
    "data-not-found",
    "different-outputs",
    "file-too-large",
    "folder-in-use",
    "loss-not-finite",
    "needs-a-size",
    "no-map-of-scores",
    "no-spec-inside",
    "no-tensors",
    "not-a-classifier",
    "not-a-run",
    "too-many-tensors",
    "unfitted-weights",
    "unknown-data",
    "unknown-parameter",
    "unknown-part",
    "unknown-published-weights",
    "unknown-setting",
    "unknown-spec",
    "unknown-variant",
    "unreadable-recipe",
    "unreadable-weights",
    "weights-of-another-network",
    "weights-with-code",
}


def mistakes(text: str, beside: Mapping[str, str], folder: Path) -> list[Diagnostic]:
    """What `archdsl check` says of a spec, and what `archdsl compile` does if that is nothing."""
    for name, other in beside.items():
        (folder / name).write_text(other, encoding="utf-8")
    try:
        program = read_program(text_source(text, "spec.arch"), folder)
        found = check_program(program).diagnostics
        if not found and not program.is_library:
            build(program).source()
    except ArchError as error:
        return list(error.diagnostics)
    return list(found)


@pytest.mark.parametrize("code", kinds())
def test_every_kind_is_documented(code: str) -> None:
    kind = kinds()[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert kind.__doc__
    assert kind.__doc__.strip().endswith(".")
    assert bool(kind.bad) == bool(kind.mended) == (code not in WITHOUT_A_SPEC)


@pytest.mark.parametrize("code", [code for code in kinds() if code not in WITHOUT_A_SPEC])
def test_every_kind_is_shown_by_its_specs(code: str, tmp_path: Path) -> None:
    kind = kinds()[code]
    found = mistakes(kind.bad, kind.beside, tmp_path)
    assert code in [each.code for each in found]
    assert mistakes(kind.mended, kind.beside, tmp_path) == []
    for each in found:
        assert not each.message.endswith(".")
        assert render(each).startswith(f"{each.severity}[{each.code}]: ")
