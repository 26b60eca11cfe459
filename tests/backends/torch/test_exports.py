"""Every way in which PyTorch takes a module elsewhere: scripted, traced, exported, compiled, pickled, copied, as ONNX.

Of each spec one variant, cut down where it is the same piece many times over, on an input of a few pixels. What
costs more than it could find is left out of the dear ways by name.
"""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from archdsl.network import load, loads

from .specs_here import SPECS

PATHS = {path.stem: path for folder in (Path(__file__).parents[3] / "specs", SPECS) for path in folder.glob("*.arch")}

TOO_LARGE = {"c3d": "conv3d", "vgg16": "vgg", "lecture-resized": "lecture-identity"}
"""138 million parameters, or the twin of another: what each has the same layers as."""

NOT_COMPILED = {
    "alexnet": "vgg",
    "googlenet": "squeezenet",
    "inception_v3": "squeezenet",
    "mobilenet_v3": "mobilenet_v2",
    "plain34": "resnet",
}
"""Nets of the same constructs as others; a compiler takes its time for every layer."""

NOT_COPIED = frozenset({"alexnet", "fcn", "vgg"})
"""Half a gigabyte of weights: what is pickled and copied is the same layers in the others."""

AS_ONNX = ("conv3d", "convnext", "densenet", "resnet-cifar", "se-resnet", "squeezenet", "unet")
"""Every kind of layer and join: an export to ONNX takes seconds, and a tenth of a second more for each layer."""

NOT_SCRIPTED = frozenset({"googlenet", "inception_v3"})
"""With auxiliary outputs a network gives a tensor or a tuple of several, and a script knows one type (decision 22)."""

CUT_DOWN: dict[str, dict[str, object]] = {
    "convnext": {"depths": [1, 2], "dims": [16, 32]},
    "densenet": {"depths": [2, 2]},
    "resnet": {"depths": [2, 2, 1, 1]},
    "resnet-cifar": {"n": 2},
    "se-resnet": {"depths": [1, 2, 1, 1]},
    "unet": {"base": 8},
}
INPUTS: dict[str, tuple[int, ...]] = {
    "alexnet": (3, 63, 80),
    "c3d": (3, 16, 112, 112),
    "conv3d": (3, 8, 8, 16),
    "inception_v3": (3, 75, 80),
    "nin": (3, 64, 64),
    "resnet1d": (1, 60),
    "unet": (1, 188, 204),
    "vgg": (3, 32, 32),
    "lenet5": (1, 32, 32),
    "lecture-identity": (1, 28, 28),
}


def case(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A network, an input, and what comes out."""
    net = load(PATHS[name], **CUT_DOWN.get(name, {})).module().eval()  # type: ignore[arg-type]
    x = torch.rand(2, *INPUTS.get(name, (3, 32, 40)))
    with torch.no_grad():
        return net, x, net(x)


def scripted(net: nn.Module, x: Tensor) -> Tensor:
    with warnings.catch_warnings():
        # PyTorch 2.14 says that scripting is on its way out.
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        return torch.jit.script(net)(x)  # type: ignore[no-any-return]


def traced(net: nn.Module, x: Tensor) -> Tensor:
    return torch.fx.symbolic_trace(net)(x)  # type: ignore[no-any-return]


def exported(net: nn.Module, x: Tensor) -> Tensor:
    return torch.export.export(net, (x,)).module()(x)  # type: ignore[no-any-return]


def compiled(net: nn.Module, x: Tensor) -> Tensor:
    torch._dynamo.reset()
    return torch.compile(net, fullgraph=True, backend="eager")(x)  # type: ignore[no-any-return]


def pickled(net: nn.Module, x: Tensor) -> Tensor:
    return pickle.loads(pickle.dumps(net))(x)  # type: ignore[no-any-return]


def copied(net: nn.Module, x: Tensor) -> Tensor:
    return copy.deepcopy(net)(x)  # type: ignore[no-any-return]


WAYS = [scripted, traced, exported, compiled, pickled, copied]
Way = Callable[[nn.Module, Tensor], Tensor]


@pytest.mark.parametrize("name", sorted({*PATHS} - {*TOO_LARGE}))
def test_equal_wherever_it_goes(name: str) -> None:
    net, x, expected = case(name)
    with torch.no_grad():
        for way in WAYS:
            if (
                (way is compiled and name in NOT_COMPILED)
                or (way is scripted and name in NOT_SCRIPTED)
                or (way in (pickled, copied) and name in NOT_COPIED)
            ):
                continue
            assert torch.equal(way(net, x), expected), way.__name__


@pytest.mark.parametrize("name", AS_ONNX)
def test_onnx_runtime_agrees(name: str) -> None:
    import onnxruntime

    net, x, expected = case(name)
    with warnings.catch_warnings():
        # Of the exporter's own libraries.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(net, (x,), dynamo=True, verbose=False)
    assert program is not None
    held = io.BytesIO()
    program.save(held)
    session = onnxruntime.InferenceSession(held.getvalue(), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    (found,) = session.run(None, {given.name: x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-3, atol=1e-5)


INSIDE = (
    "arch net\ninput 3x8x8\nbody: [conv3-4 relu  mid: maxpool  relu  conv3-4 relu  last: maxpool]\n"
    "deconv2-4/2\nadd<identity | @body.mid>\n"
)


@pytest.mark.parametrize("way", WAYS)
def test_tensors_from_inside_a_container(way: Way) -> None:
    net, x = loads(INSIDE).module().eval(), torch.rand(2, 3, 8, 12)
    with torch.no_grad():
        assert torch.equal(way(net, x), net(x))


@pytest.mark.parametrize(
    "body",
    [
        '"conv-1": conv3-4\n"block 2": [conv3-4 relu]\nrelu',
        '"a-b": layerscale',
        "a: conv3-4\nf: [conv3-4 relu add<@a | identity>]",
        "a: conv3-4\nf: [c: conv3-4 relu add<@a | identity>]",
        "a: conv3-4\nadd<conv3-4 add<@a | conv1-4> | identity>",
        "[conv3-4 bn relu] x4",
        "f: [conv3-4 bn relu] x9",
    ],
)
@pytest.mark.parametrize("way", [scripted, traced, exported])
def test_odd_names_and_places(way: Way, body: str) -> None:
    net, x = loads(f"arch net\ninput 4x8x8\n{body}\n").module().eval(), torch.rand(2, 4, 8, 8)
    with torch.no_grad():
        assert torch.equal(way(net, x), net(x))


def test_a_script_takes_no_loop_over_names() -> None:
    """Decision 18: more than four spliced copies under names of their own are the one thing that does not script."""
    net, x = loads("arch net\ninput 4x8x8\nlayer{i}: conv3-4 x5 as i\n").module().eval(), torch.rand(2, 4, 8, 8)
    with torch.no_grad():
        for way in (traced, exported, compiled, pickled):
            assert torch.equal(way(net, x), net(x)), way.__name__
    with pytest.raises(RuntimeError, match="get_submodule"):
        scripted(net, x)
