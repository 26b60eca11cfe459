"""The fifth stage: which class of the source serves which calls, and what it is handed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from archdsl.backends.torch.source import written_classes
from archdsl.ir.nodes import Node, Repeat
from archdsl.stages.base import Stage, Way


class Classes(Stage):
    """Each class with the parameters of its constructor, and the calls of it with what they give for them.

    A block that one text can't serve in all of its calls has several classes.
    """

    name = "classes"
    place = 4

    def lines(self, way: Way) -> Iterator[str]:
        architecture = way.network.architecture
        copies = _copies(architecture.body)
        for made in written_classes(way.program, architecture):
            parameters = [each.name + ("" if each.default is None else f"={each.default}") for each in made.arguments]
            yield f"{made.name}({', '.join(parameters)})  {made.about}"
            for values, nodes in made.calls:
                count = sum(copies[node] for node in nodes)
                given = ", ".join(f"{each.name}={value}" for each, value in zip(made.arguments, values, strict=True))
                yield f"  {count} × ({given})"


def _copies(body: Node) -> Counter[Node]:
    """How many modules of the running network each node stands for: equal pieces are one node."""
    order: dict[Node, None] = {}

    def below(node: Node) -> None:
        if node not in order:
            for part in node.parts:
                below(part)
            order[node] = None

    below(body)
    found: Counter[Node] = Counter({body: 1})
    for node in reversed(order):
        runs = (
            [(run.node, run.count) for run in node.runs]
            if isinstance(node, Repeat)
            else [(each, 1) for each in node.parts]
        )
        for part, count in runs:
            assert isinstance(count, int)
            found[part] += found[node] * count
    return found
