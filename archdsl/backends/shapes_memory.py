"""The memory of a network as lines below a table, which every table of shapes has in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archdsl.analysis.memory import Memory


def memory_lines(memory: Memory) -> list[tuple[str, str]]:
    """A name and a text a line; 1 MiB = 2²⁰ bytes."""
    samples = f"{memory.batch:,} {'sample' if memory.batch == 1 else 'samples'} of {memory.dtype}"
    return [
        ("weights", _bytes(memory.weights)),
        ("buffers", _bytes(memory.buffers)),
        ("inference", f"{_bytes(memory.inference)} at the peak, {samples}, the input among them"),
        ("training", f"{_bytes(memory.training)} kept for the backward pass, {samples}"),
    ]


def _bytes(count: int) -> str:
    size, unit = float(count), ""
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:,.1f} {unit} ({count:,} bytes)" if unit else f"{count:,} bytes"
