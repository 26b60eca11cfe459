"""Weights on their way from one network to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archdsl.rewrite.rule import Travel

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def carried(
    weights: Mapping[str, Tensor], travels: Iterable[Travel], alone: torch.dtype | None = None
) -> dict[str, Tensor]:
    """The new network's weights that come of the old one's, each of the type of what it is made of.

    What is made of nothing is of the type of all; `alone` is the one where there are no weights, by default PyTorch's.
    Sums are made in double precision, and what only changes its shape keeps its bits. Raises AssertionError for one
    that comes out in another shape than the new network has.
    """
    import torch

    made: dict[str, Tensor] = {}
    types = [each.dtype for each in weights.values() if each.is_floating_point()]
    dtype_of_all = types[0] if types else alone or torch.get_default_dtype()
    for travel in travels:
        if any(source not in weights for source in travel.sources):
            # A count of batches, which files leave out.
            continue
        sources = [weights[source] for source in travel.sources]
        dtype = sources[0].dtype if sources else dtype_of_all
        if len(sources) > 1:
            sources = [each.double() for each in sources]
        # NumPy has no type for all that PyTorch has.
        arrays = [each.float().numpy() if each.dtype == torch.bfloat16 else each.numpy() for each in sources]
        tensor = torch.as_tensor(travel.how(*arrays)).to(dtype)
        assert tuple(tensor.shape) == travel.shape, f"{travel.key} comes out as {tuple(tensor.shape)}"
        made[travel.key] = tensor
    return made
