"""Networks with their weights as files that other programs run, each checked against the module when it is written."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError
from archdsl.diagnostics.missing import require
from archdsl.record import record
from archdsl.weights.files import DifferentOutputs
from archdsl.writing import Place, output
from archdsl.writing.marks import Form

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram

TOLERANCE = 1e-4
"""By how much an output may differ, as a part of the largest number of all outputs."""

SAMPLES = 2
"""How many inputs are drawn; one would make an exporter take the batch for a constant."""

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
    module: nn.Module, sizes: tuple[int, ...], place: Path | Place, optimize: bool = False, force: bool = False
) -> Exported:
    """Write a module in evaluation as `.onnx`, or as `.pt2`, for batches of any number of inputs of these sizes.

    An ONNX file is run by ONNX Runtime and a `.pt2` file by PyTorch; both are read again, and their outputs compared,
    before the file is put in its place. `optimize` folds batch norms into convolutions, goes channels-last, and
    makes a package of machine code of `.pt2` (AOTInductor), where there is a C++ compiler. A file that archdsl didn't
    write, or that was changed since, is replaced only with `force`.

    Raises ArchError where outputs differ, ValueError for another suffix, ImportError without what an export needs, and
    OSError for what can't be written.
    """
    import torch

    path = place.path if isinstance(place, Place) else place
    writers = {".onnx": _onnx, ".pt2": _compiled if optimize and compiler() else _program}
    if path.suffix not in writers:
        raise ValueError(f"an export ends in .onnx or .pt2, got `{path.name}`")
    target = output(place, FORMS[path.suffix], force)
    target.require()
    module = module.eval()
    inputs = torch.rand(SAMPLES, *sizes, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = module(inputs)
    remarks: list[str] = []
    if optimize:
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

    program = torch.onnx.export(
        module,
        (inputs,),
        input_names=["input"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    program.save(str(draft), external_data=False)
    session = onnxruntime.InferenceSession(str(draft), providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"input": inputs.contiguous().numpy()})
    return "ONNX", torch.from_numpy(output)


def _program(module: nn.Module, inputs: Tensor, draft: Path) -> tuple[str, Tensor]:
    import torch

    torch.export.save(_traced(module, inputs), str(draft))
    with torch.no_grad():
        return "a program of torch.export", torch.export.load(str(draft)).module()(inputs)


def _compiled(module: nn.Module, inputs: Tensor, draft: Path) -> tuple[str, Tensor]:
    import torch

    torch._inductor.aoti_compile_and_package(_traced(module, inputs), package_path=str(draft))
    return "machine code of AOTInductor", torch._inductor.aoti_load_package(str(draft))(inputs)


def _traced(module: nn.Module, inputs: Tensor) -> ExportedProgram:
    import torch

    with torch.no_grad():
        return torch.export.export(module, (inputs,), dynamic_shapes=({0: torch.export.Dim("batch")},))


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
