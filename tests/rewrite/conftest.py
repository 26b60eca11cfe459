"""The page in the docs that the tests of the rewrites write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def golden_page(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a page of the docs, or write it there with `--update-goldens`."""

    def compare(name: str, text: str) -> None:
        path = DOCS / name
        if request.config.getoption("--update-goldens"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path.name} is missing: run pytest tests/rewrite --update-goldens"
        assert text == path.read_text(encoding="utf-8"), "run pytest tests/rewrite --update-goldens"

    return compare
