"""What a person holds: a network with its shapes, its source, its picture and its live module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.analysis.cost import Costs, check_parameters
from archdsl.analysis.summary import Summary
from archdsl.diagnostics import ArchError
from archdsl.elaborate.architecture import elaborate, resized
from archdsl.elaborate.program import Program
from archdsl.limits import USUAL, Limits
from archdsl.opening.imports import read_program
from archdsl.opening.library import find
from archdsl.opening.parameters import Input, from_python, input_sizes
from archdsl.opening.reading import text_source
from archdsl.shape import Dim
from archdsl.syntax.survey import too_deep

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archdsl.analysis.memory import Dtype, Memory
    from archdsl.diagnostics import Diagnostic
    from archdsl.ir.nodes import Architecture
    from archdsl.ir.values import Value
    from archdsl.rewrite import Rewritten
    from archdsl.runtime.weights import Loaded, Weights
    from archdsl.weights.fitting import Fit
    from archdsl.weights.preprocessing import Preprocessing
    from archdsl.writing import Place

WeightsSource: TypeAlias = "str | Path | Mapping[str, Tensor] | Weights"
"""A file of weights, `torchvision:` and a name, tensors by name, or weights that were read."""


def load(
    name_or_path: str | Path,
    *,
    variant: str | None = None,
    input: Input | None = None,
    limits: Limits = USUAL,
    **parameters: Any,
) -> Network:
    """The network of a file, or of a spec that comes with archdsl: `load("resnet50", classes=10)`.

    Without a variant the one that the name means is taken, else the first. `input` replaces the declared
    one, as "3x64x64" or (3, 64, 64); parameters replace those of the variant. `limits` is how much the spec
    may ask for. Raises ArchError for every mistake in the spec or in what is asked of it, and OSError for a
    file that can't be read.
    """
    spec = find(name_or_path)
    program = read_program(spec.read(limits), spec.folder, limits)
    return build(program, variant or spec.variant, from_python(program, parameters), input)


def loads(
    text: str,
    *,
    name: str = "<text>",
    variant: str | None = None,
    input: Input | None = None,
    limits: Limits = USUAL,
    **parameters: Any,
) -> Network:
    """The network of a spec that is given as text; `name` is what messages call it. Otherwise as `load`."""
    program = read_program(text_source(text, name, limits), limits=limits)
    return build(program, variant, from_python(program, parameters), input)


def build(
    program: Program,
    variant: str | None = None,
    parameters: Mapping[str, Value] | None = None,
    input: Input | None = None,
) -> Network:
    """The network of a spec. Raises ArchError for every mistake of the spec."""
    dims = None if input is None else input_sizes(input)
    network = Network(program, elaborate(program, variant, parameters or {}, dims))
    check_parameters(network.architecture, network.costs, program.limits)
    return network


def weights_of(weights: WeightsSource, variant: str | None = None) -> Weights:
    """The weights that are meant; `variant` is the name of torchvision's model where only `torchvision:NAME` is given.

    Raises ArchError, OSError and ImportError as `Network.load` says.
    """
    from archdsl.runtime.weights import Weights, from_tensors, read_weights
    from archdsl.runtime.weights.published import published_weights
    from archdsl.weights.files import PUBLISHED

    if isinstance(weights, Weights):
        return weights
    if isinstance(weights, Mapping):
        return from_tensors(weights)
    if isinstance(weights, str) and weights.startswith(PUBLISHED):
        return published_weights(weights.removeprefix(PUBLISHED), variant)
    return read_weights(weights)


class Network:
    """A network whose every number is settled. Made by `load` and `loads`; nothing here changes it."""

    def __init__(self, program: Program, architecture: Architecture) -> None:
        self.program = program
        self.architecture = architecture

    @property
    def name(self) -> str:
        """The architecture's name, as `arch` gives it."""
        return self.architecture.name

    @property
    def variant(self) -> str | None:
        """The variant's name; None for a spec that has none."""
        return self.architecture.variant

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the architecture's parameters."""
        return dict(self.architecture.parameters)

    @property
    def input(self) -> tuple[Dim, ...]:
        """The sizes that come in, channels first, without the batch."""
        return self.architecture.input.dims

    @property
    def output(self) -> tuple[Dim, ...]:
        """The sizes that go out, without the batch."""
        return self.architecture.output.dims

    @cached_property
    def costs(self) -> Costs:
        """Parameters and MACs of every node."""
        return Costs()

    def at(self, input: Input) -> Network:
        """The same network on another input, its variant and parameters kept. Raises ArchError where it doesn't fit."""
        return build(self.program, self.variant, dict(self.architecture.parameters), input)

    def shapes(self, depth: int | None = None, receptive_field: bool = False, memory: Memory | None = None) -> Shapes:
        """Every layer with its shape, parameters and MACs, down to a depth counted from 1; and the totals.

        With `receptive_field` each row also has what a place of its output sees of the input, and with what
        `memory()` gives, that stands below them.
        """
        another = resized(self.program, self.architecture)
        return Shapes(self.architecture, self.costs, depth, receptive_field, memory, another)

    def memory(self, batch: int = 1, dtype: Dtype = "float32") -> Memory:
        """Bytes of weights and buffers, of a run in inference, and of what training keeps for the backward pass.

        Raises ArchError where a size of the input was left open, and ValueError for a batch of none.
        """
        from archdsl.analysis.memory import memory

        return memory(self.architecture, batch, dtype)

    def source(self) -> str:
        """The source of an `nn.Module`, which imports torch and nothing else."""
        from archdsl.backends.torch import source

        try:
            return source(self.program, self.architecture)
        except RecursionError:
            raise ArchError(too_deep(self.architecture.body.span, self.program.limits)) from None

    def module(self) -> nn.Module:
        """A live `nn.Module`, made by running `source()` as it stands. Raises ImportError without torch."""
        from archdsl.runtime import build as module

        return module(self.source())

    def fit(
        self,
        weights: WeightsSource,
        *,
        new: Iterable[str] = (),
        drop: Iterable[str] = (),
    ) -> Fit:
        """What of the weights would go where in this network; nothing is loaded, and misses raise nothing.

        Arguments and errors are otherwise those of `load`.
        """
        from archdsl.runtime.weights import fit_weights

        return fit_weights(self.architecture, weights_of(weights, self.variant), new=new, drop=drop)

    def load(
        self,
        weights: WeightsSource,
        *,
        new: Iterable[str] = (),
        drop: Iterable[str] = (),
        any_network: bool = False,
    ) -> nn.Module:
        """A live `nn.Module` that has all of the weights, in training mode as from `module()`.

        Weights are a file (safetensors, or of `torch.save`), `torchvision:` and a name of its published weights
        (`torchvision:IMAGENET1K_V2`), or tensors by name. They fit by name, or where names differ by structure.
        `new` names parts of the network that begin anew, as ("fc",), `drop` parts of the file that are left out.
        A file that says it was written for a network that computes something else is refused, unless
        `any_network` says that this is meant.

        Raises ArchError with every miss and mismatch otherwise, and for files that aren't weights; OSError for what
        can't be read or fetched, ImportError without torch. `loaded` also gives the pre-processing.
        """
        return self.loaded(weights, new=new, drop=drop, any_network=any_network).module

    def loaded(
        self,
        weights: WeightsSource,
        *,
        new: Iterable[str] = (),
        drop: Iterable[str] = (),
        any_network: bool = False,
    ) -> Loaded:
        """As `load`, with what went where, the pre-processing, and the names of the classes beside the module."""
        from archdsl.opening.origin import Origin
        from archdsl.runtime.weights import load_weights

        held = weights_of(weights, self.variant)
        parts = tuple(new)
        if "archdsl.spec" in held.metadata and not any_network:
            Origin.from_metadata(held.metadata, held.name).require_same(self.architecture, held.name, parts)
        return load_weights(self.architecture, self.source(), held, new=parts, drop=drop)

    def save(
        self,
        path: str | Path | Place,
        module: nn.Module,
        *,
        preprocessing: Preprocessing | None = None,
        classes: Iterable[str] = (),
        force: bool = False,
    ) -> None:
        """Write the weights of a module as safetensors, with the spec, its variant and parameters, and their hash.

        What images go through first and the names of the classes go along where they are given. A file that archdsl
        didn't write, or that was changed since, is replaced only with `force`. Raises OSError.
        """
        from archdsl.opening.origin import Origin
        from archdsl.runtime.weights import write_weights
        from archdsl.writing import output

        metadata = Origin.of(self.program, self.architecture).to_metadata()
        place = output(path, "safetensors", force)
        write_weights(place, module.state_dict(), metadata, preprocessing, tuple(classes))

    def rewrite(self, rule: str, at: str | None = None, **switches: bool) -> Rewritten:
        """The spec with a rewrite applied, `network.rewrite("fc-to-conv").text`, and how its weights travel.

        `at` is the name of a module, below which alone it is applied; switches are those of the rule. Raises ArchError
        where there is no such rule, nothing for it, or something that it can't be right for. What comes is held to what
        the rule claims of it, in every variant, and compiles.
        """
        from archdsl.rewrite import refused_text, rewrite

        rewritten = rewrite(self.program, rule, at, self.variant, self.architecture, **switches)
        for variant, architecture in rewritten.draft.networks.items():
            made = Network(rewritten.program, architecture)
            try:
                check_parameters(architecture, made.costs, rewritten.program.limits)
                made.source()
            except ArchError as error:
                if variant in self.program.variants or not self.program.variants:
                    # A mistake that was there before is told in its place.
                    Network(self.program, elaborate(self.program, variant)).source()
                raise refused_text(rewritten.rule, error) from None
        return rewritten

    def diagram(self, path: str | Path | Place, **options: Any) -> Path:
        """Draw the network into a file, SVG, PNG, PDF or DOT by its suffix, and give its path.

        The options are those of `archdsl.backends.graphviz.render`: direction, depth, fold and force. Raises
        OSError, whose text is one line, where the picture can't be made, or the file is none of ours.
        """
        from archdsl.backends.graphviz import render

        return render(self.architecture, path, **options)

    def spec(self) -> str:
        """A spec that builds this network: its blocks and repeats kept, numbers in place of its parameters.

        `expect`, variants, comments, `after` and `default` are not in it. What can't be kept, such as layers handed to
        a block that refer to a label outside, is written out. Raises ArchError for a network of too many layers.
        """
        from archdsl.backends.spec import spec

        try:
            return spec(self.architecture, self.program.limits)
        except RecursionError:
            raise ArchError(too_deep(self.architecture.body.span, self.program.limits)) from None

    def to_json(self) -> str:
        """The network's structure as JSON: a table of nodes, what is shared there once."""
        from archdsl.analysis.notation import value_text
        from archdsl.ir.document import document

        return document(self.architecture, value_text).model_dump_json()

    def check(self) -> list[Diagnostic]:
        """What the spec expects of this network and isn't so; empty if all is well."""
        from archdsl.analysis.expectations import failures

        return failures(self.program, self.architecture, self.costs)

    def __repr__(self) -> str:
        title = self.name if self.variant is None else f"{self.name} ({self.variant})"
        return f"<Network {title}: {self.architecture.input} → {self.architecture.output}>"


class Shapes(Summary):
    """A summary with its renderings; `str()` of it is the table."""

    def to_text(self, explain: bool = False) -> str:
        """An aligned table with the totals below it; with `explain` the arithmetic of every window."""
        from archdsl.backends.shapes_text import shapes_text

        return shapes_text(self, explain)

    def to_csv(self) -> str:
        """A line a row, under a line of names."""
        from archdsl.backends.shapes_tables import shapes_csv

        return shapes_csv(self)

    def to_markdown(self) -> str:
        """A Markdown table with the totals below it."""
        from archdsl.backends.shapes_tables import shapes_markdown

        return shapes_markdown(self)

    def to_json(self) -> str:
        """One JSON object: sizes are lists, counts whole numbers."""
        from archdsl.backends.shapes_json import shapes_json

        return shapes_json(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Shapes of {self.network}: {self.params:,} parameters, {self.macs:,} MACs>"
