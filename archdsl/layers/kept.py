"""What a layer keeps for the backward pass, besides its weights: autograd's saved tensors, as PyTorch has them."""

from __future__ import annotations

from archdsl.record import record
from archdsl.shape import Dim


@record
class Kept:
    """Whether the tensors that go in and come out are kept, and what is kept beside them.

    `extra` and `indices` are elements of one sample, of the network's type and of 8 bytes; `statistics` are elements
    of the whole batch, of 4 bytes or more.
    """

    input: bool = False
    output: bool = False
    extra: Dim = 0
    indices: Dim = 0
    statistics: Dim = 0


NOTHING = Kept()
INPUT = Kept(input=True)
OUTPUT = Kept(output=True)
