"""What is known at a place of a spec while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass
class Labels:
    """The labels of one container, as they can be referred to, and what they are."""

    around: dict[str, Here]
    own: dict[str, Here] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def visible(self) -> dict[str, Here]:
        return {**self.around, **self.own}


@dataclass
class Here:
    """What is known at a place: the channels as a formula, the sizes where they are known."""

    c: str
    sizes: tuple[int, ...] | None
    rank: int
    labels: Labels
    names: tuple[str, ...] = ()
    """Numbers of at least one that formulas may use."""
    turns: tuple[tuple[str, int], ...] = ()
    """The indices of repeats and loops that are spliced into this container, and how often they run."""
    acts: tuple[str, ...] = ()
    handed: tuple[tuple[str, bool], ...] = ()
    """Layers from angle brackets that keep the shape; the second says that they stand first in a branch only."""
    indices: tuple[str, ...] = ()
    """The indices of all turns around, none of which may be used again."""
    mute: bool = False
    """Whether labels here would be given several times over."""
    depth: int = 0
    top: bool = False
    callable: int = 0
    """How many of the blocks may be called here: those before."""

    def at(self, other: Here) -> None:
        self.c, self.sizes, self.rank = other.c, other.sizes, other.rank

    def branch(self) -> Here:
        return replace(self, depth=self.depth + 1, top=False)

    def container(self) -> Here:
        return replace(
            self, depth=self.depth + 1, top=False, turns=(), mute=False, labels=Labels(self.labels.visible())
        )

    def is_like(self, other: Here) -> bool:
        return self.c == other.c and self.sizes == other.sizes and self.rank == other.rank


@dataclass
class Block:
    name: str
    layers: tuple[tuple[str, bool], ...]
    parameters: tuple[tuple[str, str, str | None], ...]
    """Name, kind (`c`, `k`, `flag`, `act`, `s`, `n`, `list`, `text`, `block`) and default."""
    out: str
    """The channels that come out, a formula of the parameters and `in`."""
    stride: str | None
    text: str
    rank: int
