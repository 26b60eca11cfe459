"""Layers that come together again and again in a container, `conv bn relu`, as calls of one function that makes them.

A container of the VGG paper's table is three lines for each of its convolutions when written out, of which
only two numbers say something: what comes in and what goes out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from archdsl.backends.classes.names import Namespace
from archdsl.backends.python.layout import WIDTH, Bracket, flat, lines
from archdsl.backends.torch.items import Item
from archdsl.ir.nodes import LayerNode
from archdsl.record import record

LONGEST = 4
"""How many layers make one unit."""
FEWEST = 3
"""How often a unit comes at least."""
WORTH = 4
"""How many lines a function has to spare to be worth its own."""
_MARGIN = 16
"""What stands beside a sum of calls on its line: the indentation and a comma."""

_NUMBER = re.compile(r"\b\d+\b")
# Names of what only the class at hand knows; those of torch stand behind a dot, and those of arguments ahead of `=`.
_LOCAL_NAME = re.compile(r"(?<![\w.\"'])(?!nn\b|True\b|False\b|None\b)[A-Za-z_]\w*\b(?!=)")


@record
class Unit:
    """A function of the source that gives a few layers, and where in a container they stand."""

    name: str
    text: str
    calls: dict[int, str]
    """The call by the place of the first layer."""
    length: int

    @property
    def saved(self) -> int:
        """How many lines are spared."""
        sums = sum(len(_sums([self.calls[place] for place in places])) for places in self.together())
        return len(self.calls) * self.length - sums - len(self.text.splitlines())

    def together(self) -> list[list[int]]:
        """The places in groups of those that follow one another."""
        ordered = list(enumerate(sorted(self.calls)))
        return [
            [place for _, place in group] for _, group in groupby(ordered, lambda each: each[1] - each[0] * self.length)
        ]


def best_unit(items: Sequence[Item], taken: frozenset[str]) -> Unit | None:
    """The unit whose function spares most lines of a container, if one is worth it; no name is one of `taken`."""
    found: list[Unit] = []
    for length in range(2, LONGEST + 1):
        places: dict[tuple[str, ...], list[int]] = {}
        for place in range(len(items) - length + 1):
            some = items[place : place + length]
            if not all(_is_settled(each) for each in some):
                continue
            earlier = places.setdefault(tuple(_NUMBER.sub("#", flat(each.doc)) for each in some), [])
            if not earlier or earlier[-1] + length <= place:
                earlier.append(place)
        units = (_unit(items, each, length, taken) for each in places.values() if len(each) >= FEWEST)
        found += [unit for unit in units if unit is not None and unit.saved >= WORTH]
    return max(found, key=lambda unit: unit.saved, default=None)


def sums(unit: Unit) -> dict[int, list[str]]:
    """What stands in a container for its layers, by the place of the first: `*conv(3, 64) + conv(64, 64)`."""
    return {places[0]: _sums([unit.calls[place] for place in places]) for places in unit.together()}


def _sums(calls: list[str]) -> list[str]:
    found: list[str] = []
    for call in calls:
        if found and len(found[-1]) + len(call) + 3 <= WIDTH - _MARGIN:
            found[-1] += f" + {call}"
        else:
            found.append(f"*{call}")
    return found


def _is_settled(item: Item) -> bool:
    """Whether an item is one layer of which every number is known."""
    node = item.node
    return (
        isinstance(node, LayerNode)
        and isinstance(node.input.channels, int)
        and isinstance(node.output.channels, int)
        and not _LOCAL_NAME.search(flat(item.doc))
    )


def _unit(items: Sequence[Item], places: list[int], length: int, taken: frozenset[str]) -> Unit | None:
    """The function for layers that differ in the channels that come in and go out, or None if in more than that."""
    nodes = [[items[place + offset].node for offset in range(length)] for place in places]
    channels = [(some[0].input.channels, some[-1].output.channels) for some in nodes if some[0] and some[-1]]
    head = nodes[0][0]
    # Called after what it begins with, which is what the others follow: not `relu conv`.
    if not isinstance(head, LayerNode) or not head.layer.weights(head.input):
        return None
    function = Namespace(taken).claim(head.layer.keyword)
    texts = [[flat(items[place + offset].doc) for offset in range(length)] for place in places]
    used: set[str] = set()
    pattern: list[str] = []
    for offset in range(length):
        numbers = [_NUMBER.findall(some[offset]) for some in texts]
        words: list[str] = []
        for column in zip(*numbers, strict=True):
            word = _word(column, channels)
            if word is None:
                return None
            words.append(word)
        used |= {word for word in words if not word.isdigit()}
        between = _NUMBER.split(texts[0][offset])
        pattern.append("".join(text + word for text, word in zip(between, [*words, ""], strict=True)))
    if not used:
        return None
    names = [name for name in _PARAMETERS if name in used]
    calls = {
        place: f"{function}({', '.join(str(given[_PARAMETERS.index(name)]) for name in names)})"
        for place, given in zip(places, channels, strict=True)
    }
    keywords = ", ".join(node.layer.keyword for node in nodes[0] if isinstance(node, LayerNode))
    signature = f"def {function}({', '.join(f'{name}: int' for name in names)}) -> list[nn.Module]:"
    body = lines("return ", Bracket("[", tuple(pattern), "]"), "", 1)
    text = "\n".join([signature, f'    """Layers that come together: {keywords}."""', *body])
    return Unit(function, text, calls, length)


_PARAMETERS = ("in_channels", "out_channels")


def _word(column: tuple[str, ...], channels: Sequence[tuple[object, ...]]) -> str | None:
    """What stands in a function for numbers at one place of its calls: the number itself if they all agree."""
    if len(set(column)) == 1:
        return column[0]
    for index, name in enumerate(_PARAMETERS):
        if all(number == str(given[index]) for number, given in zip(column, channels, strict=True)):
            return name
    return None
