"""Parts of a file of weights that are left out: named by a person, and proposed where something is over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from archdsl.weights.naming import split

COUNTED = ("total_ops", "total_params")
"""What thop registers in every module that it counts the operations of."""


def is_meant(name: str, parts: Iterable[str]) -> bool:
    """Whether a tensor's name is one of `parts` or below one.

    `*` stands for any characters, dots among them, and `*.` at the beginning for any path, the empty one too:
    `*.total_ops` is that of every module, and of the network.
    """
    return any(_pattern(part).fullmatch(name) if "*" in part else _is_below(name, part) for part in parts)


def proposed(surplus: Sequence[str], kept: Collection[str]) -> list[str]:
    """Parts that leave all of `surplus` out and nothing that is kept, as few as are plain.

    A tensor's word that nothing kept has (`*.total_ops`), else the highest part that nothing kept is in.
    """
    words = Counter(split(name)[1] for name in surplus)
    roles = {split(name)[1] for name in kept}
    inside = {part for name in kept for part in _parts(name)}
    found: dict[str, None] = {}
    for name in surplus:
        word = split(name)[1]
        if words[word] > 1 and word not in roles and name.endswith(word):
            part = f"*.{word}"
        else:
            part = next(each for each in (*_parts(name), name) if each not in inside)
        found[part] = None
    # A part that another one holds anyway says nothing.
    return [part for part in found if "*" in part or not any(is_meant(part, (each,)) for each in found if each != part)]


def choices(names: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """What may be left out of a file of which nothing fits: its odd words, each part at the top, all parts but one."""
    tops = list(dict.fromkeys(name.partition(".")[0] for name in names))
    words = Counter(split(name)[1] for name in names)
    odd = tuple(f"*.{word}" for word in COUNTED if words[word])
    tops = [top for top in tops if not is_meant(top, odd)]
    yield from [(), odd] if odd else [()]
    if 1 < len(tops) <= most:
        for top in tops:
            yield (*odd, top)
        for top in tops if len(tops) > 2 else ():
            yield (*odd, *(each for each in tops if each != top))


def _parts(name: str) -> Iterator[str]:
    """The modules that a tensor is in, the highest first."""
    words = name.split(".")
    for count in range(1, len(words)):
        yield ".".join(words[:count])


def _is_below(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _pattern(part: str) -> re.Pattern[str]:
    start = r"(.*\.)?" if part.startswith("*.") else ""
    rest = ".*".join(map(re.escape, re.sub(r"\*+", "*", part[2 * bool(start) :]).split("*")))
    return re.compile(rf"{start}{rest}(\..*)?", re.DOTALL)
