"""Weights on their way from one network to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError
from archdsl.rewrite.rule import Travel
from archdsl.runtime.weight_files import BadWeights

if TYPE_CHECKING:
    from torch import Tensor


def check_weights(weights: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]], network: str) -> None:
    """Raise ArchError where weights are not those of a network: by name and by shape."""
    notes: list[str] = []
    missing = [name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")]
    more = [name for name in weights if name not in wanted]
    wrong = [name for name in wanted if name in weights and tuple(weights[name].shape) != tuple(wanted[name])]
    for what, names in (("missing", missing), ("not of the network", more)):
        if names:
            notes.append(f"{what}: " + ", ".join(f"`{name}`" for name in names[:3]) + _more(names))
    for name in wrong[:3]:
        got, want = ("x".join(map(str, shape)) for shape in (weights[name].shape, wanted[name]))
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


def carried(weights: Mapping[str, Tensor], travels: Iterable[Travel]) -> dict[str, Tensor]:
    """The new network's weights that come of the old one's, each of the type of what it is made of.

    Sums are made in double precision, and what only changes its shape keeps its bits. Raises AssertionError for one
    that comes out in another shape than the new network has.
    """
    import torch

    made: dict[str, Tensor] = {}
    for travel in travels:
        if any(source not in weights for source in travel.sources):
            # A count of batches, which files leave out.
            continue
        sources = [weights[source] for source in travel.sources]
        dtype = sources[0].dtype if sources else next(iter(weights.values())).dtype
        if len(sources) > 1:
            sources = [each.double() for each in sources]
        # NumPy has no type for all that PyTorch has.
        arrays = [each.float().numpy() if each.dtype == torch.bfloat16 else each.numpy() for each in sources]
        tensor = torch.as_tensor(travel.how(*arrays)).to(dtype)
        assert tuple(tensor.shape) == travel.shape, f"{travel.key} comes out as {tuple(tensor.shape)}"
        made[travel.key] = tensor
    return made
