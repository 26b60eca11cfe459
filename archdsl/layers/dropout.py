"""Dropouts: what is left out at random in training."""

from __future__ import annotations

from pydantic import Field

from archdsl.layers.base import Layer, Probability, Role
from archdsl.layers.kept import NOTHING, Kept
from archdsl.layers.torch_call import Module, Step
from archdsl.shape import Dim, Layout, Shape


class _Dropout(Layer):
    role = Role.DROPOUT
    p: Probability

    def hands_on(self, training: bool) -> bool:
        return not training or self.p == 0

    def mask(self, x: Shape) -> Dim:
        """How many random numbers a sample is multiplied by."""
        return x.elements

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        # The mask, which on a CPU has the type of the tensor.
        return NOTHING if self.p == 0 else Kept(extra=self.mask(x))


class Dropout(_Dropout):
    """Leaves out single elements in training (Srivastava et al. 2014)."""

    keyword = "dropout"
    elsewhere = (
        "PyTorch: Dropout(p, inplace>)",
        "Keras: Dropout(rate>p)",
        "Darknet: dropout(probability>p)",
        "papers: drop drop_out",
    )
    elementwise = True
    examples = ("4096: dropout", "4096: dropout(0.2)", "8x7x7: dropout(p=0.1)", "8x7: dropout(0)", "2x3x4x5: dropout")

    p: Probability = Field(0.5, description="share of the elements that are left out")

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module.of("Dropout", defaults={"p": 0.5}, p=self.p),)


class ChannelDropout(_Dropout):
    """Leaves out whole channels of a map in training (Tompson et al. 2014)."""

    keyword = "dropout2d"
    elsewhere = (
        "PyTorch: Dropout1d Dropout2d Dropout3d(p, inplace>)",
        "Keras: SpatialDropout1D SpatialDropout2D SpatialDropout3D(rate>p)",
        "papers: channel_dropout feature_dropout",
    )
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    examples = ("8x7x7: dropout2d", "8x7x7: dropout2d(0.2)", "8x7: dropout2d(p=0.1)", "2x3x4x5: dropout2d")

    p: Probability = Field(0.5, description="share of the channels that are left out")

    def mask(self, x: Shape) -> Dim:
        return x.channels

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module.of(f"Dropout{x.rank}d", defaults={"p": 0.5}, p=self.p),)


_DROP_PATH = '''\
class DropPath(nn.Module):
    """Stochastic depth: in training a branch is left out of a share `p` of the samples, and scaled up in the rest."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        kept = 1.0 - self.p
        shape = [x.shape[0]] + [1] * (x.ndim - 1)
        mask = torch.empty(shape, dtype=x.dtype, device=x.device)
        return x * mask.bernoulli_(kept).div_(kept)
'''


class DropPath(_Dropout):
    """Stochastic depth: leaves a branch out of single samples in training (Huang et al. 2016)."""

    keyword = "droppath"
    elsewhere = (
        "PyTorch: StochasticDepth(p, mode>)",
        "timm: DropPath(drop_prob>p)",
        "papers: drop_path stochastic_depth",
    )
    examples = ("96x7x7: droppath(0.1)", "96: droppath(0.1)", "8x7: droppath(p=0.5)", "2x3x4x5: droppath(0)")

    p: Probability = Field(description="share of the samples that the branch is left out of")

    def mask(self, x: Shape) -> Dim:
        return 1

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module("DropPath", (self.p,), definition=_DROP_PATH),)
