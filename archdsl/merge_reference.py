"""The reference of a merge, derived from its class: what `archdsl layers NAME` and the manual show."""

from __future__ import annotations

import inspect

from archdsl.layers.reference import Argument, Example, arguments, table, tables_behind
from archdsl.merges.base import Join
from archdsl.network import Network, loads
from archdsl.record import record


@record
class MergeReference:
    """All there is to say about a merge."""

    keyword: str
    notation: str
    summary: str
    arguments: tuple[Argument, ...]
    branches: str
    torch: str
    examples: tuple[Example, ...]
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...]
    """What others call it: whose words, and the words."""


def describe(kind: type[Join]) -> MergeReference:
    """The reference of a merge."""
    networks = [(text, example_network(text)) for text in kind.examples]
    return MergeReference(
        kind.keyword,
        notation(kind),
        inspect.cleandoc(kind.__doc__ or ""),
        arguments(kind),
        branches(kind),
        _torch(kind),
        tuple(Example(text, "x".join(map(str, net.output)), int(net.shapes().params)) for text, net in networks),
        tuple((whose, tuple(names.split())) for whose, _, names in (line.partition(": ") for line in kind.elsewhere)),
    )


def example_network(text: str) -> Network:
    """The network of an example, `INPUT: MERGE`."""
    shape, _, merge = text.partition(": ")
    return loads(f"arch example\ninput {shape}\n{merge}\n")


def notation(kind: type[Join]) -> str:
    """The merge as it is written, such as `residual<… | …>`."""
    given = ", ".join(f"{each.name}={each.default}" for each in arguments(kind))
    return f"{kind.keyword}<{' | '.join(['…'] * min(2, kind.most or 2))}>" + (f"({given})" if given else "")


def branches(kind: type[Join]) -> str:
    """How many branches there are, in words."""
    if kind.most is None:
        return f"at least {kind.least} branches"
    return (
        f"{kind.least} branches"
        if kind.least == kind.most
        else f"{kind.least} {'or' if kind.most == kind.least + 1 else 'to'} {kind.most} branches"
    )


def render(reference: MergeReference) -> str:
    """The reference as plain text, no line of which ends in a space."""
    blocks = [reference.notation, reference.summary]
    if reference.arguments:
        rows = [(each.name, each.takes, each.default, each.description) for each in reference.arguments]
        blocks.append(table([("argument", "takes", "default", "meaning"), *rows]))
    blocks.append(f"joins {reference.branches}; in PyTorch {reference.torch}")
    blocks += tables_behind(reference.examples, reference.elsewhere)
    return "\n\n".join(blocks) + "\n"


def _torch(kind: type[Join]) -> str:
    """What it is in PyTorch, for two tensors `a` and `b` of one shape."""
    shape = loads("arch example\ninput 8x6x6\nidentity\n").architecture.input
    step = kind().torch((shape, shape), shape)
    text = step.template.replace("{x0}", "a").replace("{x1}", "b")
    for place, value in enumerate(step.values):
        text = text.replace(f"{{{place}}}", str(value))
    return text
