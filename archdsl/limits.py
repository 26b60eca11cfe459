"""How much a spec may ask for. A spec comes from anybody: it must neither hang nor eat the machine.

Each limit is counted before anything is expanded, has its own diagnostic beside the check, and may be raised.
"""

from __future__ import annotations

from dataclasses import field, fields

from archdsl.record import record


def _limit(most: int, of: str, top: int | None = None) -> int:
    """A limit: what it is usually, what it is of, and how far Python lets it be raised."""
    return field(default=most, metadata={"of": of, "top": top})


@record
class Limits:
    """The most of each; what is left out is as usual. Raises ValueError for less than one.

    The usual ones are several times what any network of the zoo takes (DenseNet-201: 914 layers, 101 calls).
    """

    bytes: int = _limit(2**20, "bytes of a file")
    letters: int = _limit(1000, "characters of a name, a label, a string, or the whole name of a module")
    digits: int = _limit(40, "digits of a number", 4000)
    nesting: int = _limit(100, "brackets within each other, and blocks", 1000)
    files: int = _limit(100, "files that a spec is spread over")
    variants: int = _limit(200, "rows of the table of variants")
    bits: int = _limit(4096, "bits of a whole number in an expression", 13_000)
    items: int = _limit(100_000, "items of a list, those of lists in it included")
    steps: int = _limit(200_000, "expressions, statements and items of lists that are worked out")
    calls: int = _limit(1000, "different calls of blocks")
    layers: int = _limit(5000, "layers, repeats and merges that a spec unrolls into")
    elements: int = _limit(2**40, "numbers in a tensor of one sample, or in the weights of one layer")
    parameters: int = _limit(2**50, "parameters of a network")

    def __post_init__(self) -> None:
        for each in fields(self):
            top = each.metadata["top"]
            if getattr(self, each.name) < 1 or (top is not None and getattr(self, each.name) > top):
                bounds = "of at least 1" if top is None else f"from 1 to {top}"
                raise ValueError(f"the limit `{each.name}` is a whole number {bounds}")

    def help(self, name: str) -> str:
        """How to raise a limit that was met."""
        (top,) = (each.metadata["top"] for each in fields(self) if each.name == name)
        more = 10 * int(getattr(self, name))
        return f"if that is meant, raise the limit: `--limit {name}={more if top is None else min(more, top)}`"


USUAL = Limits()


def meanings() -> dict[str, str]:
    """What each limit is of, by its name."""
    return {each.name: each.metadata["of"] for each in fields(Limits)}
