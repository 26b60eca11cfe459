"""How long the whole name of a module may be, `layer1.0.conv1`: labels within labels multiply what they take."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostics import ArchError, Span
from archdsl.ir.nodes import Chain, Node
from archdsl.limits import Limits
from archdsl.syntax.survey import NameTooLong


def check_whole_names(body: Chain, limits: Limits) -> None:
    """Raise ArchError where the labels down to a module come to more characters than a name may have."""
    lengths = _Lengths()
    if lengths.of(body) <= limits.letters:
        return
    raise ArchError(
        NameTooLong(
            lengths.place(body),
            f"the whole name of a module in here has more than {limits.letters} characters",
            "its labels are too long, one within the other",
            helps=[limits.help("letters")],
        )
    )


class _Lengths:
    """The characters of the longest name in each node, of labels alone: what is numbered takes few."""

    def __init__(self) -> None:
        self.known: dict[Node, int] = {}

    def of(self, node: Node) -> int:
        if node not in self.known:
            self.known[node] = max((ahead + self.of(part) for ahead, part in _parts(node)), default=0)
        return self.known[node]

    def place(self, body: Chain) -> Span:
        """Where the outermost label of the longest name stands."""
        return max(body.members, key=lambda member: self.of(member.node) + _letters(member.label)).node.span


def _parts(node: Node) -> Iterable[tuple[int, Node]]:
    """What is in a node, and how much its label adds to names inside."""
    if isinstance(node, Chain):
        return ((_letters(member.label), member.node) for member in node.members)
    return ((0, part) for part in node.parts)


def _letters(label: tuple[object, ...] | None) -> int:
    return 0 if label is None else 1 + sum(len(str(piece)) for piece in label)
