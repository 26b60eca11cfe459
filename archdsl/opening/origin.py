"""The network that a file of weights was written for, in the file itself: its spec, variant, parameters and hash."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from archdsl import __version__
from archdsl.analysis.difference import first_difference
from archdsl.analysis.notation import value_text
from archdsl.diagnostics import ArchError, Diagnostic, Source
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.program import Program
from archdsl.formula import sizes_text
from archdsl.ir.document import digest, document
from archdsl.ir.nodes import Architecture
from archdsl.opening.imports import read_texts
from archdsl.opening.parameters import from_text, input_sizes
from archdsl.record import record


class WeightsOfAnotherNetwork(Diagnostic):
    """A file of weights that was written for a network which computes something else, even if all tensors fit.

    The first difference is named. Parts that `--new` names may differ, and so may the sizes of the input.
    """

    code = "weights-of-another-network"


class NoSpecInside(Diagnostic):
    """A file of weights that carries no spec, as it wasn't written by archdsl, or whose spec was made unreadable."""

    code = "no-spec-inside"


@record
class Origin:
    """What a file that we write says of its network."""

    spec: str
    """The text of the spec."""
    name: str
    """What the spec's file was called."""
    imports: Mapping[str, str]
    """The texts of the files that it brings blocks from, by their paths from the spec."""
    variant: str | None
    parameters: Mapping[str, str]
    """The values of all parameters, as a spec writes them."""
    input: str
    """The sizes that came in, as `3x224x224`."""
    digest: str
    """The hash of the network's structure."""
    version: str = __version__
    """The archdsl that wrote it."""

    @classmethod
    def of(cls, program: Program, architecture: Architecture) -> Origin:
        """What is said of a network."""
        source = program.file.source
        return cls(
            spec=source.text,
            name=PurePosixPath(source.name).name,
            imports=dict(_imports(program)),
            variant=architecture.variant,
            parameters={name: value_text(value) for name, value in architecture.parameters},
            input=sizes_text(architecture.input.dims),
            digest=network_digest(architecture),
        )

    def to_metadata(self) -> dict[str, str]:
        """As the metadata of a safetensors file, which are texts by name."""
        return {
            "archdsl.version": self.version,
            "archdsl.spec": self.spec,
            "archdsl.name": self.name,
            "archdsl.imports": json.dumps(self.imports, ensure_ascii=False),
            "archdsl.variant": json.dumps(self.variant),
            "archdsl.parameters": json.dumps(self.parameters, ensure_ascii=False),
            "archdsl.input": self.input,
            "archdsl.network": self.digest,
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], weights: str) -> Origin:
        """What a file says. Raises ArchError where it says nothing, or not in a form that we write."""
        if "archdsl.spec" not in metadata:
            raise ArchError(
                NoSpecInside(None, f"`{weights}` carries no spec", helps=["`archdsl weights fit` writes files that do"])
            )
        try:
            variant = json.loads(metadata["archdsl.variant"])
            return cls(
                spec=metadata["archdsl.spec"],
                name=metadata["archdsl.name"],
                imports=_texts(json.loads(metadata["archdsl.imports"])),
                variant=variant if variant is None else str(variant),
                parameters=_texts(json.loads(metadata["archdsl.parameters"])),
                input=metadata["archdsl.input"],
                digest=metadata["archdsl.network"],
                version=metadata["archdsl.version"],
            )
        except (KeyError, ValueError, RecursionError) as error:
            raise ArchError(
                NoSpecInside(None, f"what `{weights}` says of its network can't be read", notes=[str(error)])
            ) from None

    def program(self) -> Program:
        """The spec taken apart. Raises ArchError where its text is none."""
        return read_texts(Source(self.name, self.spec), self.imports)

    def architecture(self) -> Architecture:
        """The network that the file was written for. Raises ArchError where its spec makes none."""
        program = self.program()
        return elaborate(program, self.variant, from_text(program, self.parameters), input_sizes(self.input))

    def require_same(self, architecture: Architecture, weights: str, new: Iterable[str] = ()) -> None:
        """Raise ArchError, with the first difference, for a network that computes something else."""
        if network_digest(architecture) == self.digest:
            return
        theirs = self.architecture()
        parts = tuple(new)
        found = first_difference(
            theirs, architecture, lambda name: any(name == part or name.startswith(f"{part}.") for part in parts)
        )
        if found is not None:
            raise ArchError(
                WeightsOfAnotherNetwork(
                    None,
                    f"`{weights}` was written for another network, `{theirs.variant or theirs.name}`",
                    notes=[f"the first difference: {found}"],
                    helps=[
                        f"`archdsl weights spec {weights}` prints its spec",
                        "--any-network takes the weights all the same, where they fit",
                    ],
                )
            )


def network_digest(architecture: Architecture) -> str:
    """The hash of a network's structure, the same wherever in a text its parts were written."""
    return digest(document(architecture, value_text))


def _imports(program: Program) -> Iterable[tuple[str, str]]:
    home = posixpath.dirname(program.file.source.name)
    seen: set[Program] = set()
    left = list(program.libraries)
    while left:
        library = left.pop(0)
        if library in seen:
            continue
        seen.add(library)
        left += library.libraries
        yield posixpath.relpath(library.file.source.name, home or "."), library.file.source.text


def _texts(held: object) -> dict[str, str]:
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise ValueError("texts by name were to be expected")
    return {str(key): value for key, value in held.items()}
