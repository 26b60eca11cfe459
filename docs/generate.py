"""Writes the pages that are made from the code: `layers.md`, `diagnostics.md`, `cli.md` and `coming-from.md`.

Run `python docs/generate.py` after a change of a layer, a diagnostic or a command; `--check` only compares.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import click

from archdsl import merge_reference
from archdsl.catalogue import kinds
from archdsl.cli.group import cli
from archdsl.diagnostics import Diagnostic
from archdsl.diagnostics.columns import safe
from archdsl.layers import initialization
from archdsl.layers.base import Layer, keywords
from archdsl.layers.reference import arguments, describe, notation
from archdsl.merges.base import Join, joins

sys.path.insert(0, str(Path(__file__).parent))

from coming_from import answer, read_phrases, spec_with

HERE = Path(__file__).parent
MADE = "<!-- Made by `python docs/generate.py`; changes here are lost. -->"


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    return {
        "layers.md": layers(),
        "diagnostics.md": diagnostics(),
        "cli.md": commands(),
        "coming-from.md": coming_from(),
    }


def layers() -> str:
    """The reference of the layers, by family."""
    families: dict[str, list[type[Layer]]] = {}
    for _, kind in sorted(keywords().items()):
        # A layer of somebody's own is not part of archdsl.
        if kind.__module__.startswith("archdsl.layers."):
            families.setdefault(kind.__module__, []).append(kind)
    parts = [
        "# Layers",
        MADE,
        "Each layer as its class declares it. What stands in braces must be given in the head, what stands in\n"
        "brackets may be. An example is an input and a head; `archdsl layers NAME` prints the same for one layer.",
    ]
    for module, found in sorted(families.items()):
        title, _, more = (import_module(module).__doc__ or module).strip().partition("\n")
        heading, _, about = title.rstrip(".").partition(": ")
        parts.append(f"## {heading}")
        if about:
            parts.append(f"{about[0].upper()}{about[1:]}.")
        if more.strip():
            parts.append(more.strip())
        parts += [_layer(kind) for kind in found]
    parts += [
        "## Merges",
        "Branches that meet, each merge as its class declares it. How they are written: `residual<main | shortcut>`.",
    ]
    parts += [_merge(kind) for _, kind in sorted(joins().items()) if kind.__module__.startswith("archdsl.merges.")]
    title, _, more = inspect.cleandoc(initialization.__doc__ or "").partition("\n\n")
    parts += [f"## {title.partition(':')[0]}", more]
    parts += [_initialization(kind) for _, kind in sorted(initialization.initializations().items())]
    return _page(parts)


def _initialization(kind: type[initialization.Initialization]) -> str:
    rows = ((each.name, each.takes, each.default, each.description) for each in arguments(kind))
    table = _table(("argument", "takes", "default", "meaning"), rows)
    return "\n\n".join([f"### init {kind.keyword}", f"`{notation(kind)}`", inspect.cleandoc(kind.__doc__ or ""), table])


def _layer(kind: type[Layer]) -> str:
    reference = describe(kind)
    parts = [f"### {reference.keyword}", f"`{reference.notation}`", inspect.cleandoc(reference.summary)]
    if reference.arguments:
        parts.append(
            _table(
                ("argument", "takes", "default", "meaning"),
                ((each.name, each.takes, each.default, each.description) for each in reference.arguments),
            )
        )
    parts.append(f"Takes {', '.join(reference.accepts)}. In PyTorch: {_calls(reference.torch)}.")
    parts.append(
        _table(
            ("example", "output", "parameters"),
            ((f"`{each.text}`", each.output, f"{each.parameters:,}") for each in reference.examples),
        )
    )
    if reference.elsewhere:
        called = "; ".join(
            f"{', '.join(f'`{name}`' for name in names)} ({whose})" for whose, names in reference.elsewhere
        )
        parts.append(f"Elsewhere: {called}.")
    return "\n\n".join(parts)


def _merge(kind: type[Join]) -> str:
    reference = merge_reference.describe(kind)
    parts = [f"### {reference.keyword}", f"`{reference.notation}`", reference.summary]
    if reference.arguments:
        rows = ((each.name, each.takes, each.default, each.description) for each in reference.arguments)
        parts.append(_table(("argument", "takes", "default", "meaning"), rows))
    parts.append(f"Joins {reference.branches}. In PyTorch: `{reference.torch}`.")
    examples = ((f"`{each.text}`", each.output, f"{each.parameters:,}") for each in reference.examples)
    parts.append(_table(("example", "output", "parameters"), examples))
    if reference.elsewhere:
        called = "; ".join(
            f"{', '.join(f'`{name}`' for name in names)} ({whose})" for whose, names in reference.elsewhere
        )
        parts.append(f"Elsewhere: {called}.")
    return "\n\n".join(parts)


def _calls(calls: tuple[tuple[str, str], ...]) -> str:
    """One call where all inputs have the same, else each with its input."""
    if len({call for _, call in calls}) == 1:
        return _code(calls[0][1])
    return "; ".join(f"{_code(call)} for {where}" for where, call in calls)


def _code(call: str) -> str:
    """`nn.Conv2d, torch.flatten` as code, and words as they are."""
    return " and ".join(f"`{each}`" for each in call.split(", ")) if call.startswith(("nn.", "torch.")) else call


def diagnostics() -> str:
    """The catalogue of mistakes."""
    parts = [
        "# Diagnostics",
        MADE,
        "Every mistake has a code, which stands in square brackets. `archdsl explain CODE` prints what is here.",
    ]
    parts += [_diagnostic(kind) for kind in kinds().values() if kind.__module__.startswith("archdsl.")]
    return _page(parts)


def _diagnostic(kind: type[Diagnostic]) -> str:
    parts = [f"## {kind.code}", inspect.cleandoc(kind.__doc__ or "")]
    if kind.severity != "error":
        parts.append(f"A {kind.severity}.")
    if kind.beside:
        names = " and ".join(f"`{name}`" for name in list(kind.beside)[:3])
        parts.append(f"Beside it: {names}{', …' if len(kind.beside) > 3 else ''}.")
    shown = [("A spec that has it:", kind.bad), ("Mended:", kind.mended)]
    if kind.asked:
        shown = [("A command that has it:", kind.asked[0]), ("Mended:", kind.asked[1])]
    for title, spec in shown:
        if spec:
            lines = "\n".join(safe(line) for line in spec.splitlines())
            parts += [title, f"```text\n{lines}\n```"]
    return "\n\n".join(parts)


def commands() -> str:
    """The commands with their arguments."""
    context = click.Context(cli, info_name="archdsl")
    parts = ["# Commands", MADE, inspect.cleandoc(cli.help or ""), cli.epilog or ""]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(_command(name, command, context))
    return _page(part for part in parts if part)


def _command(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(["archdsl", name, *command.collect_usage_pieces(context)])
    parts = [f"## archdsl {name}", f"```text\n{usage}\n```", inspect.cleandoc(command.help or "")]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        parts.append(_table(("option", "meaning"), (_option(each, context) for each in options)))
    if isinstance(command, click.Group):
        inner = ((each, command.get_command(context, each)) for each in command.list_commands(context))
        parts += [_command(f"{name} {each}", found, parent) for each, found in inner if found is not None]
    return "\n\n".join(parts)


def _option(option: click.Option, context: click.Context) -> tuple[str, str]:
    names = ", ".join([*option.opts, *option.secondary_opts])
    if not option.is_flag:
        choices = option.type.choices if isinstance(option.type, click.Choice) else ()
        value = "|".join(str(each) for each in choices) or option.metavar or option.type.name.upper()
        names += f" {value}"
    remarks = [option.help or ""]
    if option.required:
        remarks.append("Must be given.")
    elif option.show_default and option.default is not None:
        flags = option.opts if option.default else option.secondary_opts
        remarks.append(f"By default `{flags[0] if option.is_flag else option.default}`.")
    return f"`{names}`", " ".join(each for each in remarks if each)


def coming_from() -> str:
    """What people write who come from elsewhere, and what `archdsl check` answers."""
    parts = [
        "# Coming from elsewhere",
        MADE,
        "What people write who know PyTorch, Keras, TensorFlow, Darknet or papers, and what `archdsl check` answers.\n"
        "A fix stands where it is the same layer: *made* by `archdsl check --fix`, or *offered* to editors.\n"
        "The words stand beside each layer's class; `archdsl layers Conv2DTranspose` finds a layer by any of them.",
    ]
    for title, rows in read_phrases(Path(__file__).parent / "coming-from.txt"):
        parts.append(f"## {title}")
        answers = ((written, answer(spec_with(written))) for written, _ in rows)
        parts.append(
            _table(
                ("written", "said", "fix"),
                ((_inline(written), " ".join(said.helps), said.fix) for written, said in answers),
            )
        )
    return _page(parts)


def _inline(text: str) -> str:
    return f"`{' ⏎ '.join(text.splitlines())}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that are stale."""
    made = pages()
    stale = [
        name
        for name, text in made.items()
        if not (HERE / name).is_file() or (HERE / name).read_text(encoding="utf-8") != text
    ]
    if arguments == ["--check"]:
        for name in stale:
            print(f"docs/{name} is stale: run python docs/generate.py")
        return 1 if stale else 0
    for name in stale:
        (HERE / name).write_text(made[name], encoding="utf-8", newline="\n")
        print(f"docs/{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
