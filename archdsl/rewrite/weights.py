"""Whether weights are those of a network: their names and shapes."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.shape import Dim


class BadWeights(Diagnostic):
    """A file of weights that is none, or whose weights are not those of the network."""

    code = "bad-weights"


def check_weights(shapes: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[Dim, ...]], network: str) -> None:
    """Raise ArchError where weights are not those of a network, by name or by shape; a count of batches may lack."""
    notes: list[str] = []
    missing = [name for name in wanted if name not in shapes and not name.endswith("num_batches_tracked")]
    more = [name for name in shapes if name not in wanted]
    wrong = [name for name in wanted if name in shapes and tuple(shapes[name]) != wanted[name]]
    for what, names in (("missing", missing), ("not of the network", more)):
        if names:
            notes.append(f"{what}: " + ", ".join(f"`{name}`" for name in names[:3]) + _more(names))
    for name in wrong[:3]:
        got, want = ("x".join(map(str, shape)) for shape in (shapes[name], wanted[name]))
        notes.append(f"`{name}` is {got}, and the network has {want}")
    if notes:
        raise ArchError(
            BadWeights(
                None,
                f"these are not the weights of `{network}`",
                notes=notes,
                helps=["`--variant` says which network of a spec they belong to"],
            )
        )


def _more(names: list[str]) -> str:
    return f" and {len(names) - 3} others" if len(names) > 3 else ""
