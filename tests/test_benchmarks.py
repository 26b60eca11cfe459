"""The benchmarks' harness: it measures, finds its entries, and says which targets are missed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import harness
from benchmarks.harness import Entry, entries, main, measure, python


class Clock:
    """A time that work moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, *seconds: float) -> Callable[[], None]:
        """Work that takes each of these times in turn."""
        rest = iter(seconds)

        def step() -> None:
            self.now += next(rest)

        return step


def test_medians_of_turns_without_the_first() -> None:
    clock = Clock()
    found = measure(Entry("a", clock.work(100, 3, 9, 4), clock.work(100, 1, 2, 30)), 3, clock)
    assert (found.ours_ms, found.rival_ms, found.ratio, found.missed) == (4000, 2000, 2, False)


def test_ours_and_the_rival_take_turns() -> None:
    order: list[str] = []
    measure(Entry("a", lambda: order.append("ours"), lambda: order.append("rival")), 2)
    assert order == ["ours", "rival"] * 3


@pytest.mark.parametrize(("target", "status"), [(1.9, 1), (2, 0), (None, 0)])
def test_a_missed_target_is_told(
    target: float | None,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    entry = Entry("slow", clock.work(1, 2), clock.work(1, 1), target)
    monkeypatch.setattr(harness, "import_module", lambda name: SimpleNamespace(entry=entry))
    monkeypatch.setattr(harness, "perf_counter", clock)
    output = tmp_path / "build" / "benchmarks.json"
    assert main(["slow", "--rounds", "1", "--output", str(output)]) == status
    assert ("missed" in capsys.readouterr().out) == bool(status)
    assert json.loads(output.read_text(encoding="utf-8"))["slow"]["ratio"] == 2


def test_every_entry_is_found_and_no_other() -> None:
    assert {"start_up", "check", "depth"} <= {*entries(["start_up", "check", "depth"])}
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2


def test_a_process_caches_bytecode_and_must_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    python("import sys; assert not sys.dont_write_bytecode")()
    with pytest.raises(subprocess.CalledProcessError):
        python("raise SystemExit(1)")()
