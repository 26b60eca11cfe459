"""Networks with their weights as files that other programs run, each checked against the module when it is written."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError
from archdsl.diagnostics.missing import require
from archdsl.record import record
from archdsl.runtime.images import from_pixels, prepared
from archdsl.weights.files import DifferentOutputs, ExportRefused
from archdsl.weights.preprocessing import Preprocessing
from archdsl.writing import Place, output
from archdsl.writing.marks import Form

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram

TOLERANCE = 1e-4
"""By how much an output may differ, as a part of the largest number of all outputs."""

SAMPLES = 2
"""How many inputs are drawn; one would make an exporter take the batch for a constant."""

MOST_ONNX = 2**31 - 2**20
"""Bytes of weights of which a file of ONNX holds less: protobuf's bound, and room for the graph."""

COMPILERS = ("c++", "g++", "clang++")


@record
class Exported:
    """What was written."""

    path: Path
    form: str
    """In words what kind of file it is."""
    difference: float
    """The largest difference between its outputs and the module's, as a part of the largest output."""
    remarks: tuple[str, ...] = ()


FORMS: dict[str, Form] = {".onnx": "onnx", ".pt2": "pt2"}
"""What an export is by the end of its name."""


def export(
    module: nn.Module,
    sizes: tuple[int, ...],
    place: Path | Place,
    optimize: bool = False,
    preprocessing: Preprocessing | None = None,
    *,
    force: bool = False,
) -> Exported:
    """Write a module in evaluation as `.onnx`, or as `.pt2`, for batches of any number of inputs of these sizes.

    An ONNX file is run by ONNX Runtime and a `.pt2` file by PyTorch; both are read again, and their outputs compared,
    before the file is put in its place. What is compared comes of images, where `preprocessing` says how they become
    inputs. `optimize` folds batch norms into convolutions, goes channels-last, and makes a package of machine code of
    `.pt2` (AOTInductor), where there is a C++ compiler. A file that archdsl didn't write, or that was changed since, is
    replaced only with `force`.

    Raises ArchError where outputs differ or an exporter refuses the network, ValueError for another suffix, ImportError
    without what an export needs, and OSError for what can't be written.
    """
    import torch

    path = place.path if isinstance(place, Place) else place
    writers = {".onnx": _onnx, ".pt2": _compiled if optimize and compiler() else _program}
    if path.suffix not in writers:
        raise ValueError(f"an export ends in .onnx or .pt2, got `{path.name}`")
    target = output(place, FORMS[path.suffix], force)
    target.require()
    _require_room(module, path)
    module = module.eval()
    inputs = _samples(sizes, preprocessing)
    # What runs here as it is and not in another form is what the form has no words for, and no mistake of ours.
    with torch.no_grad():
        expected = module(inputs)
    remarks: list[str] = []
    if optimize:
        with refused("PyTorch can't fold the batch norms of this network", "leave out `--optimize`"):
            module, inputs, said = optimized(module, inputs)
        remarks += said
        if path.suffix == ".pt2" and not compiler():
            remarks.append("no C++ compiler is here, so that this is a program that PyTorch runs, and no machine code")
    found: list[tuple[str, Tensor]] = []

    def write(draft: Path) -> None:
        form, given = writers[path.suffix](module, inputs, draft)
        _require_equal(given, expected, path)
        found.append((form, given))

    with _quiet():
        target.make(write)
    ((form, given),) = found
    return Exported(path, form, _difference(given, expected), tuple(remarks))


def _samples(sizes: tuple[int, ...], preprocessing: Preprocessing | None) -> Tensor:
    """Inputs to compare by: noise, which for a network of images is what an image of noise becomes."""
    import torch

    draw = torch.Generator().manual_seed(0)
    if preprocessing is None:
        return torch.rand(SAMPLES, *sizes, generator=draw)
    shape = (SAMPLES, preprocessing.channels, *preprocessing.resize)
    pixels = torch.randint(256, shape, generator=draw, dtype=torch.uint8)
    return torch.cat([prepared(from_pixels(each, preprocessing.channels), preprocessing) for each in pixels])


def _require_room(module: nn.Module, path: Path) -> None:
    """Raise ArchError for a network whose weights no file of ONNX holds."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if path.suffix == ".onnx" and size >= MOST_ONNX:
        raise ArchError(
            ExportRefused(
                None,
                f"`{path.name}` would hold {size:,} bytes of weights, and a file of ONNX holds less than {MOST_ONNX:,}",
                helps=["a `.pt2` has no such bound"],
            )
        )


def optimized(module: nn.Module, inputs: Tensor) -> tuple[nn.Module, Tensor, list[str]]:
    """The module with its batch norms folded into convolutions, and both it and its inputs channels-last."""
    import torch
    from torch import nn
    from torch.fx.experimental.optimization import fuse

    norms = sum(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in module.modules())
    with _quiet():
        folded = fuse(module)
    left = sum(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in folded.modules())
    remarks = [f"{norms - left} of {norms} batch norms folded into convolutions"]
    if inputs.dim() == 4:
        folded = folded.to(memory_format=torch.channels_last)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        remarks.append("channels last")
    return folded, inputs, remarks


def compiler() -> str | None:
    """The C++ compiler that there is."""
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


def _onnx(module: nn.Module, inputs: Tensor, draft: Path) -> tuple[str, Tensor]:
    require("an ONNX file", "torch", "onnx", "onnxruntime", "onnxscript")
    import onnxruntime
    import torch

    traced = _traced(module, inputs)
    with refused("the exporter of ONNX refuses this network", "a `.pt2` takes what ONNX has no operation for", traced):
        program = torch.onnx.export(traced, input_names=["input"], output_names=["output"], dynamo=True, verbose=False)
        assert program is not None
        program.save(str(draft), external_data=False)
    with refused("ONNX Runtime refuses what was exported", "a `.pt2` is run by PyTorch itself"):
        session = onnxruntime.InferenceSession(str(draft), providers=["CPUExecutionProvider"])
        (output,) = session.run(None, {"input": inputs.contiguous().numpy()})
    return "ONNX", torch.from_numpy(output)


def _program(module: nn.Module, inputs: Tensor, draft: Path) -> tuple[str, Tensor]:
    import torch

    traced = _traced(module, inputs)
    # Into memory, as PyTorch says of a full disk what it likes.
    held = io.BytesIO()
    torch.export.save(traced, held)
    draft.write_bytes(held.getbuffer())
    with refused("PyTorch refuses what was exported"), torch.no_grad():
        return "a program of torch.export", torch.export.load(str(draft)).module()(inputs)


def _compiled(module: nn.Module, inputs: Tensor, draft: Path) -> tuple[str, Tensor]:
    import torch

    traced = _traced(module, inputs)
    with refused("AOTInductor refuses this network", "without `--optimize` no machine code is made"):
        torch._inductor.aoti_compile_and_package(traced, package_path=str(draft))
        return "machine code of AOTInductor", torch._inductor.aoti_load_package(str(draft))(inputs)


def _traced(module: nn.Module, inputs: Tensor) -> ExportedProgram:
    import torch

    with refused("torch.export refuses this network"), torch.no_grad():
        return torch.export.export(module, (inputs,), dynamic_shapes=({0: torch.export.Dim("batch")},))


@contextlib.contextmanager
def refused(what: str, way: str = "", traced: ExportedProgram | None = None) -> Iterator[None]:
    """Let whatever is raised inside be a refusal of the library that runs there.

    Only where a library alone runs, on a module that was seen to run by itself: nothing of ours is hidden then. An
    OSError is the file system's. Of a network that was `traced` the layer is named.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        causes = [error]
        while (cause := causes[-1].__cause__) is not None and isinstance(cause, Exception):
            causes.append(cause)
        # Some colour what they say.
        texts = [re.sub("\x1b\\[[0-9;]*m", "", str(each)).strip() for each in causes]
        said = texts[-1].splitlines()[0][:300] if texts[-1] else type(causes[-1]).__name__
        layer = None if traced is None else _layer(traced, " ".join(texts))
        helps = [f"`{layer}` is the layer that it stops at"] if layer else []
        raise ArchError(ExportRefused(None, what, notes=[said], helps=helps + [way] * bool(way))) from None


def _layer(traced: ExportedProgram, said: str) -> str | None:
    """The module that a refusal is about: by the node that it names, else by the operation."""
    nodes = [node for node in traced.graph.nodes if node.op == "call_function" and node.meta.get("nn_module_stack")]
    named = re.search(r"node %([A-Za-z0-9_]+)", said)
    chosen = [node for node in nodes if named is not None and node.name == named[1]]
    chosen += [node for node in nodes if (op := str(node.target).rpartition(".")[0]) and f"{op}'" in said]
    if not chosen:
        return None
    path, _ = list(chosen[0].meta["nn_module_stack"].values())[-1]
    return str(path) or None


def _require_equal(output: Tensor, expected: Tensor, path: Path) -> None:
    if output.shape == expected.shape and _difference(output, expected) <= TOLERANCE:
        return
    raise ArchError(
        DifferentOutputs(
            None,
            f"what would be `{path.name}` doesn't give the network's outputs, so that nothing was written",
            notes=[
                f"they differ by {_difference(output, expected):.1e} of the largest"
                if output.shape == expected.shape
                else f"{tuple(output.shape)} comes out in place of {tuple(expected.shape)}"
            ],
        )
    )


def _difference(output: Tensor, expected: Tensor) -> float:
    largest = float(expected.abs().max()) or 1.0
    found = float((output - expected).abs().max()) / largest
    return found if found == found else float("inf")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """PyTorch's exporters print and warn of what concerns no user of theirs."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
