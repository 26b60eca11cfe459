"""`archdsl rewrite`: one form of a network for another, with its weights."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import NeedingCommand, weights_need
from archdsl.cli.writing import force_option
from archdsl.cli.writing import output as place
from archdsl.rewrite.rule import rewrites
from archdsl.writing import without_mark

if TYPE_CHECKING:
    from archdsl.network import Network
    from archdsl.rewrite import Rewritten
    from archdsl.runtime.weights import Weights


def _switches() -> list[click.Option]:
    """A flag for each option of each rule."""
    return [
        click.Option([f"--{name}"], is_flag=True, help=f"{rule.name}: {text}.")
        for rule in rewrites().values()
        for name, text in rule.options.items()
    ]


def _needs(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """A spec is rewritten without torch, and only run with it."""
    return weights_need(arguments) if arguments["weights"] or arguments["proves"] else ()


@click.command(cls=NeedingCommand, needs=_needs)
@click.argument("rule", metavar="RULE")
@click.argument("spec", metavar="SPEC")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="NEW.arch", help="Where to write the new spec."
)
@click.option(
    "--variant", metavar="NAME", help="The network that is proven and whose weights travel; by default the first."
)
@click.option("--at", metavar="LABEL", help="Rewrite only what is below this module.")
@click.option("--weights", metavar="WEIGHTS", help="Weights of the old network: a file, or torchvision: and a name.")
@click.option(
    "--weights-out",
    type=click.Path(path_type=Path),
    metavar="W2.safetensors",
    help="Where to write those of the new one.",
)
@force_option
@click.option("--prove", "proves", is_flag=True, help="Run both networks and say how much they differ.")
def command(
    rule: str,
    spec: str,
    output: Path | None,
    variant: str | None,
    at: str | None,
    weights: str | None,
    weights_out: Path | None,
    proves: bool,
    force: bool,
    **switches: bool,
) -> None:
    """Write a network in another form, its weights with it.

    Without -o the new spec is printed. Comments, tables, blocks and repeats stay, and the outcome is right for every
    variant. An exact rule gives a network that computes the same in evaluation; --prove runs both on random weights and
    inputs, and with --weights that is done on these, and nothing is written if they differ by more than rounding.
    """
    from archdsl.network import build
    from archdsl.opening.imports import read_program
    from archdsl.opening.library import find
    from archdsl.rewrite.rule import rule as rule_of

    if (weights is None) != (weights_out is None):
        raise click.UsageError("--weights and --weights-out belong together")
    chosen = rule_of(rule)
    wanted = {name: True for name, value in switches.items() if value}
    for name in wanted:
        if name not in chosen.options:
            raise click.UsageError(f"{rule} takes no --{name}")
    found = find(spec)
    program = read_program(found.read(), found.folder)
    network = build(program, variant or found.variant)
    rewritten = network.rewrite(rule, at, **wanted)
    text = without_mark(rewritten.text)
    target = new_weights = None
    if output is not None:
        target = place(output, "spec", force, program, found.path, weights)
        _read_back(rewritten, output)
    if weights_out is not None:
        if output is not None and os.path.realpath(output) == os.path.realpath(weights_out):
            raise click.UsageError("-o and --weights-out are the same file")
        new_weights = place(weights_out, "safetensors", force, program, found.path, weights)
    proof: Any = None
    made: dict[str, Any] = {}
    held = None
    if weights is not None:
        from archdsl.network import weights_of

        held = weights_of(weights, network.variant)
    if proves or held is not None:
        proof, made = _prove(network, rewritten, held)
    if new_weights is not None:
        from archdsl.opening.origin import Origin
        from archdsl.proving import rewritten_network
        from archdsl.runtime.weights import write_weights

        new = rewritten_network(network, rewritten)
        metadata = Origin.of(new.program, new.architecture).to_metadata()
        write_weights(new_weights, made, metadata, held.preprocessing if held else None, held.classes if held else ())
    if target is not None:
        target.write(text)
    else:
        print(text, end="", flush=True)
    _report(network, rewritten, proof, sys.stdout if target is not None else sys.stderr)


command.params += _switches()


def _read_back(rewritten: Rewritten, output: Path) -> None:
    """Raise ArchError where the new spec would lie apart from the files that it brings blocks from."""
    if rewritten.program.imported:
        from archdsl.opening.imports import read_program
        from archdsl.opening.reading import text_source

        read_program(text_source(rewritten.text, str(output)), output.parent)


def _prove(network: Network, rewritten: Rewritten, weights: Weights | None) -> tuple[Any, dict[str, Any]]:
    from archdsl.proving import prove

    return prove(network, rewritten, weights)


def _report(network: Network, rewritten: Rewritten, proof: Any, stream: Any) -> None:
    rule, name = rewritten.rule, network.variant or network.name
    for note in rewritten.draft.notes:
        print(f"note: {note}", file=stream)
    if not rule.exact:
        print(
            f"note: {rule.name} is not exact: the new network computes something else, and is to be trained",
            file=stream,
        )
    if proof is not None:
        verdict = ("equal" if proof.equal else "not equal") if rule.exact else "other"
        print(f"{name}: {verdict}; {proof}", file=stream)
