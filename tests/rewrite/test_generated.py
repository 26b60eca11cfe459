"""Rules on networks made at random; `python -m tests.rewrite.generated` does the same by the thousand."""

from __future__ import annotations

import pytest

from .generated import network_of, rules, tried
from .networks import spec


@pytest.mark.parametrize("seed", range(100, 124))
def test_right_or_refused(seed: int) -> None:
    text = spec(seed)
    network = network_of(text)
    if network is None:
        pytest.skip("not a network")
    for rule, switches in rules():
        outcome = tried(network, rule, switches)
        assert not outcome.fault, f"{rule}\n{text}\n{outcome.text}\n{outcome.fault}"
