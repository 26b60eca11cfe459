"""Options of the whole test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-variant", action="store_true", help="try rewrites on all variants, not on three of each spec"
    )
    parser.addoption("--update-goldens", action="store_true", help="write goldens anew; read the difference")
