"""Fitting without names: tensors go by module, and the modules of a file must spell the layers of the network.

Tried in turn, until one spells all of it:

1. the tensors one by one, in the order of the file: names may say nothing at all;
2. the modules of the file in its order, tensors within a module by what they are called there;
3. the modules with the children of each container in any order, those of a container together;
4. among modules of equal shapes the first with the first, the second with the second.

Only the last two leave a choice. A file that keeps no order (safetensors) is read in the order of its names, in
which numbers count as numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archdsl.analysis.state import StateTensor
from archdsl.record import record
from archdsl.weights.layouts import Conversion, Shape, conversion
from archdsl.weights.naming import ROLES, split

COUNTER = "num_batches_tracked"
"""A batch norm's count of batches, which nothing needs in evaluation and old files lack."""

MAX_STEPS = 100_000
"""How many steps the search for an order of children may take."""

MAX_MOVES = 20
"""How many children may stand elsewhere than in the file, those of equal containers counted once."""

MAX_CHILDREN = 150
"""How many children a container may have for their order to be searched, which nests as deep."""


@record
class FoundTensor:
    """A tensor of a file."""

    name: str
    shape: Shape


@record
class Placed:
    """A tensor of a file and the one of the network that it becomes."""

    needed: StateTensor
    found: str
    conversion: Conversion
    by: str
    """`name` or `structure`."""


@record
class Structure:
    """How the tensors of a file fit by structure."""

    placed: tuple[Placed, ...]
    replaced: tuple[str, ...]
    """Tensors of the file in whose place the network begins anew."""
    how: str
    ambiguous: int
    """Tensors that others of the same shapes could have been as well."""


@record
class _Wanted:
    """The tensors of one module of the network, its count of batches left out."""

    tensors: tuple[StateTensor, ...]
    new: bool

    @property
    def signature(self) -> tuple[Shape, ...]:
        return tuple(tensor.shape for tensor in self.tensors)


@record
class _Module:
    """The tensors that a file has under one path."""

    path: str
    tensors: tuple[FoundTensor, ...]


Pairs = list[tuple[_Wanted, _Module]]


def natural(name: str) -> tuple[tuple[tuple[int, int | str], ...], ...]:
    """What to sort names by, word by word, so that `layer2` stands ahead of `layer10`."""
    words = (re.findall(r"[0-9]+|[^0-9]+", word) for word in name.split("."))
    return tuple(tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in word) for word in words)


def by_structure(
    needed: Sequence[StateTensor], found: Sequence[FoundTensor], is_new: Callable[[StateTensor], bool]
) -> Structure | None:
    """How all of the file's tensors fit all of the network's that don't begin anew; None where they don't."""
    wanted = _wanted(needed, is_new)
    tensors = [tensor for tensor in found if not _is_counter(tensor)]
    order = "one by one, in the order of the file"
    for sequence in (wanted, [each for each in wanted if not each.new]):
        singles = [_Wanted((tensor,), each.new) for each in sequence for tensor in each.tensors]
        pairs = _in_order(singles, [_Module(tensor.name, (tensor,)) for tensor in tensors])
        modules = _modules(tensors)
        if pairs is None:
            order, pairs = "by module, in the order of the file", _in_order(sequence, modules)
        if pairs is not None:
            return _structure(pairs, needed, found, order, 0)
    for sequence in (wanted, [each for each in wanted if not each.new]):
        for order, pairs in (
            ("by module, the children of containers put in another order", _in_any_order(sequence, _modules(tensors))),
            ("by module, the first with the first of equal shapes", _by_shape(sequence, _modules(tensors))),
        ):
            if pairs is not None:
                return _structure(pairs, needed, found, order, _ambiguous(pairs))
    return None


def nearest(needed: Sequence[StateTensor], found: Sequence[FoundTensor]) -> int:
    """How many of the network's tensors have one of the same shape in a file that doesn't fit."""
    shapes = Counter(tensor.shape for tensor in needed if tensor.role != COUNTER)
    return (shapes & Counter(tensor.shape for tensor in found)).total()


def _wanted(needed: Sequence[StateTensor], is_new: Callable[[StateTensor], bool]) -> list[_Wanted]:
    groups: dict[str, list[StateTensor]] = {}
    for tensor in needed:
        if tensor.role != COUNTER:
            groups.setdefault(tensor.module if tensor.role else tensor.name, []).append(tensor)
    return [_Wanted(tuple(tensors), is_new(tensors[0])) for tensors in groups.values()]


def _modules(found: Iterable[FoundTensor]) -> list[_Module]:
    groups: dict[str, list[FoundTensor]] = {}
    for tensor in found:
        groups.setdefault(split(tensor.name)[0], []).append(tensor)
    return [_Module(path, tuple(tensors)) for path, tensors in groups.items()]


def _is_counter(tensor: FoundTensor) -> bool:
    return tensor.shape == () or split(tensor.name)[1] == COUNTER


def _match(wanted: _Wanted, module: _Module) -> list[tuple[StateTensor, FoundTensor, Conversion]] | None:
    """Which tensor of a module is which of the network's; None where they aren't those of one layer."""
    if len(wanted.tensors) != len(module.tensors):
        return None
    paired = _by_role(wanted, module) or list(zip(wanted.tensors, module.tensors, strict=True))
    matched = []
    for tensor, found in paired:
        role = split(found.name)[1]
        if len(paired) > 1 and ROLES.get(role, tensor.role) != tensor.role:
            return None
        if wanted.new:
            made: Conversion | None = Conversion(found.shape) if len(found.shape) == len(tensor.shape) else None
        else:
            made = conversion(found.shape, role, tensor)
        if made is None:
            return None
        matched.append((tensor, found, made))
    return matched


def _by_role(wanted: _Wanted, module: _Module) -> list[tuple[StateTensor, FoundTensor]]:
    """The pairs by what a module calls its tensors; none where it has words of its own."""
    named = {ROLES.get(split(tensor.name)[1], ""): tensor for tensor in module.tensors}
    if named.keys() != {tensor.role for tensor in wanted.tensors}:
        return []
    return [(tensor, named[tensor.role]) for tensor in wanted.tensors]


def _fits(wanted: _Wanted, module: _Module) -> bool:
    if len(wanted.tensors) == 1:
        # Alone, a tensor may have any name, but a bias is no weight.
        role = ROLES.get(split(module.tensors[0].name)[1])
        if role is not None and wanted.tensors[0].role in ("bias", "running_mean", "running_var", "weight"):
            return role == wanted.tensors[0].role and _match(wanted, module) is not None
    return _match(wanted, module) is not None


def _in_order(wanted: Sequence[_Wanted], modules: Sequence[_Module]) -> Pairs | None:
    if len(wanted) != len(modules):
        return None
    pairs = list(zip(wanted, modules, strict=True))
    return pairs if all(_fits(*pair) for pair in pairs) else None


def _by_shape(wanted: Sequence[_Wanted], modules: Sequence[_Module]) -> Pairs | None:
    if len(wanted) != len(modules):
        return None
    left = list(modules)
    pairs: Pairs = []
    for each in wanted:
        found = next((module for module in left if _fits(each, module)), None)
        if found is None:
            return None
        left.remove(found)
        pairs.append((each, found))
    return pairs


@dataclass
class _Container:
    """A path of a file with what is below it."""

    own: _Module | None = None
    children: dict[str, _Container] = field(default_factory=dict)

    @property
    def is_single(self) -> bool:
        """Whether it is one layer."""
        return not self.children


def _in_any_order(wanted: Sequence[_Wanted], modules: Sequence[_Module]) -> Pairs | None:
    """The modules of a file so that they spell the network's, each container's without a gap."""
    if len(wanted) != len(modules):
        return None
    root = _Container()
    for module in modules:
        place = root
        for word in module.path.split("."):
            place = place.children.setdefault(word, _Container())
        place.own = module
    if _width(root) > MAX_CHILDREN:
        return None
    search = _Search(wanted)
    try:
        for moves in range(MAX_MOVES + 1):
            for end, pairs, _, _ in search.spell(root, 0, {}, moves):
                if end == len(wanted):
                    return pairs
    except _TooLong:
        pass
    return None


def _width(container: _Container) -> int:
    return max([len(container.children), *(_width(child) for child in container.children.values())])


class _TooLong(Exception):
    """No order was found within the steps allowed."""


Orders = dict[tuple[str, ...], tuple[int, ...]]
"""In which order the children of a container stand, by their names: those of equal names stand alike everywhere."""

Spelled = tuple[int, Pairs, Orders, int]
"""Where a container ends in the sequence, what is what in it, the orders settled so far, and the moves left."""


class _Search:
    """Looks for orders of children, depth first, with as few moves as possible.

    A move is a layer that stands ahead of one that the file has earlier, or a container ahead of such a container:
    between a layer and a container the order of names means nothing. Numbered children stand as they are numbered.
    """

    def __init__(self, wanted: Sequence[_Wanted]) -> None:
        self.wanted = wanted
        self.steps = 0

    def spell(self, container: _Container, start: int, orders: Orders, moves: int) -> Iterator[Spelled]:
        """Every way in which a container spells the sequence from a place on."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooLong
        own: Pairs = []
        if container.own is not None:
            if start == len(self.wanted) or not _fits(self.wanted[start], container.own):
                return
            own = [(self.wanted[start], container.own)]
        names = tuple(container.children)
        children = tuple(container.children.values())
        settled = tuple(range(len(names))) if all(map(str.isdigit, names)) else orders.get(names)
        for end, pairs, known, left in self.arrange(names, children, (), start + len(own), orders, moves, settled):
            yield end, [*own, *pairs], known, left

    def arrange(
        self,
        names: tuple[str, ...],
        children: tuple[_Container, ...],
        chosen: tuple[int, ...],
        start: int,
        orders: Orders,
        moves: int,
        settled: tuple[int, ...] | None,
    ) -> Iterator[Spelled]:
        """Every way to go on behind the children that were chosen."""
        if len(chosen) == len(children):
            yield start, [], orders if settled else {**orders, names: chosen}, moves
            return
        rest = [number for number in range(len(children)) if number not in chosen]
        rest.sort(key=lambda number: not children[number].is_single)
        for number in rest if settled is None else (settled[len(chosen)],):
            ahead = (each for each in rest if each < number and children[each].is_single == children[number].is_single)
            left = moves - (settled is None and any(True for _ in ahead))
            if left < 0:
                continue
            for middle, first, known, after in self.spell(children[number], start, orders, left):
                for end, more, last, over in self.arrange(
                    names, children, (*chosen, number), middle, known, after, settled
                ):
                    yield end, [*first, *more], last, over


def _ambiguous(pairs: Pairs) -> int:
    """How many tensors are in modules that have another of the same shapes."""
    shapes = Counter(wanted.signature for wanted, _ in pairs)
    return sum(len(wanted.tensors) for wanted, _ in pairs if shapes[wanted.signature] > 1)


def _structure(
    pairs: Pairs, needed: Sequence[StateTensor], found: Sequence[FoundTensor], how: str, ambiguous: int
) -> Structure:
    placed: dict[str, Placed] = {}
    replaced: list[str] = []
    paths: dict[str, str] = {}
    for wanted, module in pairs:
        if wanted.new:
            replaced += [tensor.name for tensor in module.tensors]
            continue
        paths[wanted.tensors[0].module] = split(module.tensors[0].name)[0]
        for tensor, each, made in _match(wanted, module) or ():
            placed[tensor.name] = Placed(tensor, each.name, made, "structure")
    replaced_paths = {split(name)[0] for name in replaced}
    counters = [tensor for tensor in found if _is_counter(tensor)]
    by_path = {split(tensor.name)[0]: tensor for tensor in counters if split(tensor.name)[1] == COUNTER}
    wanting = [tensor for tensor in needed if tensor.role == COUNTER and tensor.module in paths]
    for number, tensor in enumerate(wanting):
        counter = by_path.get(paths[tensor.module]) if by_path else None
        if counter is None and not by_path and len(counters) == len(wanting):
            counter = counters[number]
        if counter is not None:
            placed[tensor.name] = Placed(tensor, counter.name, Conversion(counter.shape), "structure")
    replaced += [tensor.name for path, tensor in by_path.items() if path in replaced_paths]
    ordered = tuple(placed[tensor.name] for tensor in needed if tensor.name in placed)
    return Structure(ordered, tuple(replaced), how, ambiguous)
