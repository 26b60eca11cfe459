"""Which tensor goes where: by name, by structure, and every miss by name."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.analysis.state import state
from archdsl.diagnostics import ArchError
from archdsl.network import Network
from archdsl.runtime.weights.loading import AmbiguousWeights, converted
from archdsl.weights.fitting import Fit, fit
from archdsl.weights.report import fit_text
from archdsl.weights.structure import natural

from ..specs.specs_under_test import TORCHVISION
from .networks import SMALL, meta_state, random_state, small


def shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def fitted(network: Network, found: dict[str, Tensor], ordered: bool = True, **options: tuple[str, ...]) -> Fit:
    return fit("net", state(network.architecture), "file", shapes(found), ordered=ordered, **options)


def pairs(fitted: Fit) -> dict[str, str]:
    return {each.needed.name: each.found for each in fitted.placed}


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_by_name(name: str) -> None:
    keys = meta_state(name)
    found = fitted(archdsl.load(name), keys)
    assert found.complete
    assert pairs(found) == {key: key for key in keys}
    assert {each.by for each in found.placed} == {"name"}
    assert found.summary == f"{len(keys)} of {len(keys)} tensors ({len(keys)} by name)"


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_by_structure(name: str) -> None:
    keys = meta_state(name)
    # Words that mean nothing, of which the sorted order is another than that of the file.
    renamed = {f"{abs(hash((7, number))) % 10**6}t{number}": tensor for number, tensor in enumerate(keys.values())}
    found = fitted(archdsl.load(name), renamed)
    assert found.complete
    assert pairs(found) == dict(zip(keys, renamed, strict=True))
    assert {each.by for each in found.placed} == {"structure"}
    assert found.ambiguous == 0


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "googlenet", "mobilenet_v2", "shufflenet_v2_x1_0"])
def test_other_names_of_modules(name: str) -> None:
    """Every word of every name is another, and a file without an order is read by the order of its names."""
    words: dict[str, str] = {}

    def other(key: str) -> str:
        path, _, role = key.rpartition(".")
        return ".".join([*(words.setdefault(word, f"m{len(words)}x") for word in path.split(".")), role])

    keys = meta_state(name)
    renamed = {other(key): tensor for key, tensor in keys.items()}
    assert not renamed.keys() & keys.keys()
    expected = {key: other(key) for key in keys}
    assert pairs(fitted(archdsl.load(name), renamed)) == expected


def test_a_file_without_an_order() -> None:
    """The stem's batch norm is like the first block's, and stands behind it in the order of names."""
    network = archdsl.loads(
        "arch n  input 3x8x8  stem: conv3-8 stem_bn: bn relu a: [conv3-8 bn conv3-8 bn] b: [conv3-8 bn conv3-8 bn]"
    )
    ours = random_state(network)
    to = {"stem": "conv_stem", "stem_bn": "norm"}
    for container, block in (("a", "blocks.0"), ("b", "blocks.1")):
        for number, word in enumerate(("conv1", "norm1", "conv2", "norm2")):
            to[f"{container}.{number}"] = f"{block}.{word}"
    renamed = {f"{to[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": tensor for key, tensor in ours.items()}
    shuffled = dict(sorted(renamed.items()))
    found = fitted(network, shuffled, ordered=False)
    assert found.complete
    assert pairs(found) == dict(zip(ours, renamed, strict=True))
    assert "another order" in found.remarks[0]
    # Five batch norms of four tensors and four convolutions are alike.
    assert found.ambiguous == 24
    assert str(found.ambiguous) in found.remarks[1]


def test_what_only_order_decides_is_said() -> None:
    network = small()
    # Convolutions together and batch norms together, as a list of each would register them.
    tensors = random_state(network)
    renamed: dict[str, Tensor] = {}
    for kind in ("conv", "norm", "fc"):
        for key, tensor in tensors.items():
            path, _, role = key.rpartition(".")
            mine = "fc" if path == "fc" else "norm" if f"{path}.running_mean" in tensors else "conv"
            if mine == kind:
                renamed[f"{kind}s.{path.replace('.', '_')}.{role}"] = tensor
    found = network.fit(renamed)
    assert found.complete
    assert "the first with the first" in found.remarks[0]
    assert found.ambiguous > 0
    with pytest.warns(AmbiguousWeights, match="only their order says which is which"):
        module = network.load(renamed)
    for key, tensor in module.state_dict().items():
        assert torch.equal(tensor, tensors[key]), key


def test_numbers_in_names_count_as_numbers() -> None:
    assert sorted(["b10.w", "b9.w", "b.w", "a"], key=natural) == ["a", "b.w", "b9.w", "b10.w"]


FAULTS = ("stem.1.bias", "layer1.conv2.weight", "fc.weight")


def broken() -> dict[str, Tensor]:
    """A checkpoint with a renamed, a missing, a surplus and a mis-shaped tensor."""
    tensors = random_state(small())
    renamed, missing, misshaped = FAULTS
    tensors["stem.1.shift"] = tensors.pop(renamed)
    del tensors[missing]
    tensors["spare.weight"] = torch.zeros(3)
    tensors[misshaped] = tensors[misshaped][:, :-1]
    return tensors


def test_every_fault_has_its_name() -> None:
    network = small()
    found = network.fit(broken())
    assert not found.complete
    assert [each.name for each in found.missing] == ["stem.1.bias", "layer1.conv2.weight"]
    assert [each.name for each in found.surplus] == ["stem.1.shift", "spare.weight"]
    assert [each.needed.name for each in found.mismatched] == ["fc.weight"]
    with pytest.raises(ArchError) as raised:
        network.load(broken())
    (diagnostic,) = raised.value.diagnostics
    text = str(raised.value)
    assert diagnostic.code == "unfitted-weights"
    assert "17 of 20 tensors" in diagnostic.message
    assert "nothing was loaded" in diagnostic.message
    for words in (
        "missing in the file (2): `stem.1.bias` 8, `layer1.conv2.weight` 8×8×3×3",
        "of no use to the network (2): `stem.1.shift` 8, `spare.weight` 3",
        "`fc.weight` is 5×8 here and 5×7 in the file",
        "`stem.1.shift` has the shape of `stem.1.bias`: renamed?",
    ):
        assert words in text, words
    table = fit_text(found)
    assert re.search(r"^stem\.1\.bias +- +8 +missing$", table, re.MULTILINE)
    assert re.search(r"^- +stem\.1\.shift +8 +surplus$", table, re.MULTILINE)
    assert re.search(r"^fc\.weight +fc\.weight +5×8 ≠ 5×7 +another shape$", table, re.MULTILINE)


@pytest.mark.parametrize("name", [*FAULTS, "fc.bias", "layer1.bn1.running_var"])
def test_one_missing_tensor_is_enough(name: str) -> None:
    tensors = random_state(small())
    del tensors[name]
    with pytest.raises(ArchError, match=re.escape(f"missing in the file (1): `{name}`")):
        small().load(tensors)


def test_a_new_head() -> None:
    tensors = random_state(small())
    network = small(classes=7)
    with pytest.raises(ArchError, match=r"to begin anew there: --new fc"):
        network.load(tensors)
    loaded = network.loaded(tensors, new=("fc",))
    assert loaded.fit.summary.startswith("18 of 20 tensors (18 by name, 2 new")
    assert loaded.fit.dropped == ("fc.weight", "fc.bias")
    assert loaded.module.state_dict()["fc.weight"].shape == (7, 8)
    for key, tensor in loaded.module.state_dict().items():
        assert key.startswith("fc.") or torch.equal(tensor, tensors[key])


def test_a_new_head_where_names_differ() -> None:
    tensors = random_state(small())
    other = {f"t{number}": tensor for number, tensor in enumerate(tensors.values())}
    module = small(classes=7).load(other, new=("fc",))
    assert torch.equal(module.state_dict()["stem.0.weight"], tensors["stem.0.weight"])
    # A file without any head fits as well.
    trunk = dict(list(other.items())[:-2])
    assert small(classes=7).fit(trunk, new=("fc",)).complete


def test_parts_are_left_out_by_name() -> None:
    tensors = random_state(small()) | {"ema.decay": torch.zeros(1), "spare.weight": torch.zeros(3)}
    with pytest.raises(ArchError, match=r"of no use to the network \(2\)"):
        small().load(tensors)
    assert small().fit(tensors, drop=("ema", "spare.weight")).complete


@pytest.mark.parametrize(("option", "part"), [("new", "fcc"), ("drop", "fcc"), ("new", "f")])
def test_a_part_that_is_none(option: str, part: str) -> None:
    with pytest.raises(ArchError, match=rf"unknown-part\]: `{part}` of `{option}` is no part of the (network|file)"):
        small().fit(random_state(small()), **{option: (part,)})


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.module.", "backbone.net."])
def test_prefixes(prefix: str) -> None:
    tensors = random_state(small())
    found = small().fit({prefix + key: tensor for key, tensor in tensors.items()})
    assert found.complete
    assert {each.by for each in found.placed} == {"name"}
    assert f"`{prefix}` is ahead of every name and was left out" in found.remarks


def test_old_keys_of_densenet() -> None:
    """torchvision's published files of 2017 have `norm.1`, and no counts of batches."""
    keys = meta_state("densenet121")
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|relu|conv))([12])\.", r"\1.\2.", key): tensor
        for key, tensor in keys.items()
        if not key.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    found = fitted(archdsl.load("densenet121"), old)
    assert found.complete
    assert len(found.placed) == 606
    assert len(found.zeroed) == 121
    assert "old keys of torchvision's DenseNets" in found.remarks[0]


KERAS = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


@pytest.mark.parametrize("same_names", [True, False])
def test_keras_layouts(same_names: bool) -> None:
    """Kernels are H×W×in×out, depthwise ones H×W×channels×1, dense ones in×out over H×W×C."""
    network = archdsl.loads("arch n  input 3x6x6  a: conv3-4 b: bn relu c: dwconv3 d: conv1-4(bias=true) fc: fc-7")
    tensors = random_state(network)
    theirs: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        path, _, role = key.rpartition(".")
        layer = (
            path if same_names else {"a": "conv2d", "b": "batch_normalization", "c": "depthwise"}.get(path, f"x_{path}")
        )
        if role == "num_batches_tracked":
            continue
        if path == "b":
            theirs[f"{layer}/{KERAS[role]}:0"] = tensor
        elif role == "bias":
            theirs[f"{layer}/bias:0"] = tensor
        elif path == "c":
            theirs[f"{layer}/depthwise_kernel:0"] = tensor.permute(2, 3, 0, 1).contiguous()
        elif path == "fc":
            theirs[f"{layer}/kernel:0"] = tensor.reshape(7, 4, 6, 6).permute(2, 3, 1, 0).reshape(144, 7).contiguous()
        else:
            theirs[f"{layer}/kernel:0"] = tensor.permute(2, 3, 1, 0).contiguous()
    loaded = network.loaded(theirs)
    assert {each.by for each in loaded.fit.placed} == {"name" if same_names else "structure"}
    for key, tensor in loaded.module.state_dict().items():
        assert torch.equal(tensor, tensors[key]), key


def test_a_square_kernel_is_transposed() -> None:
    network = archdsl.loads("arch n  input 6  fc: fc-6")
    weight = torch.arange(36.0).reshape(6, 6)
    module = network.load({"fc.kernel": weight, "fc.bias": torch.zeros(6)})
    assert torch.equal(module.state_dict()["fc.weight"], weight.T)


def test_only_a_word_of_another_framework_transposes() -> None:
    network = archdsl.loads("arch n  input 4  fc: fc-6")
    with pytest.raises(ArchError, match=r"`fc\.weight` is 6×4 here and 4×6 in the file"):
        network.load({"fc.weight": torch.zeros(4, 6), "fc.bias": torch.zeros(6)})


def test_a_convolution_as_large_as_its_input() -> None:
    network = archdsl.loads("arch n  input 4x3x3  fc: fc-6")
    weight, image = torch.rand(6, 4, 3, 3), torch.rand(2, 4, 3, 3)
    module = network.load({"fc.weight": weight, "fc.bias": torch.zeros(6)})
    expected = torch.nn.functional.conv2d(image, weight).flatten(1)
    torch.testing.assert_close(module(image), expected)


TIMM = {"vgg16": "vgg16", "mobilenetv2_100": "mobilenet_v2", "mnasnet_100": "mnasnet1_0", "densenet121": "densenet121"}


@pytest.mark.parametrize("theirs", TIMM)
def test_timms_names(theirs: str) -> None:
    timm = pytest.importorskip("timm", reason="timm comes with the development extra")
    with torch.device("meta"):
        tensors = timm.create_model(theirs, pretrained=False).state_dict()
    found = fitted(archdsl.load(TIMM[theirs]), tensors)
    assert found.complete
    assert len(found.placed) == len(tensors)


def test_timms_outputs() -> None:
    """Not only shapes: the outputs are those of timm's network."""
    timm = pytest.importorskip("timm", reason="timm comes with the development extra")
    torch.manual_seed(0)
    reference = timm.create_model("mobilenetv2_100", pretrained=False).eval()
    for key, tensor in reference.state_dict().items():
        if key.endswith(("running_mean", "bias")):
            tensor.normal_(std=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = archdsl.load("mobilenet_v2").load(reference.state_dict()).eval()
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(module(image), reference(image))


def test_no_tensors_and_no_layers() -> None:
    with pytest.raises(ArchError, match=r"no-tensors\]: .* has no tensors"):
        small().load({})
    with pytest.raises(TypeError, match="weights are tensors, got ndarray for 'a'"):
        small().load({"a": np.zeros(3)})  # type: ignore[dict-item]
    relu = archdsl.loads("arch n  input 3  relu")
    with pytest.raises(ArchError, match="of no use to the network"):
        relu.load({"a": torch.zeros(1)})


def test_a_conversion_is_undone() -> None:
    network = archdsl.loads("arch n  input 3x8x8  conv3-4(bias=false)")
    (needed,) = state(network.architecture)
    (placed,) = fit("n", [needed], "f", {"conv.kernel": (3, 3, 3, 4)}).placed
    tensor = torch.rand(3, 3, 3, 4)
    made = converted(tensor, placed.conversion)
    assert made.shape == (4, 3, 3, 3)
    assert made[1, 2, 0, 1] == tensor[0, 1, 2, 1]


def test_types_become_the_modules() -> None:
    tensors = {
        key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in random_state(small()).items()
    }
    module = small().load(tensors)
    assert {each.dtype for each in module.parameters()} == {torch.float32}
    assert SMALL
