"""The modules of a container by their names."""

from __future__ import annotations

from typing import Any

from archdsl.backends.torch.reading.values import Gap, Problem
from archdsl.backends.torch.reading.world import Pairs


def named_modules(args: list[Any], kind: str) -> list[tuple[str, Any] | Gap]:
    """The modules that a container is made of, by name. Raises Problem for a name that is there twice."""
    if len(args) == 1 and isinstance(args[0], Pairs):
        found: list[tuple[str, Any] | Gap] = list(args[0])
    else:
        items = args[0] if kind == "ModuleList" else args
        found, place = [], 0
        for each in items:
            if isinstance(each, Gap):
                found.append(each)
                place += each.count * each.width
            else:
                found.append((str(place), each))
                place += 1
    names = [each[0] for each in found if isinstance(each, tuple)]
    if len(set(names)) != len(names):
        raise Problem(f"two modules are called `{next(name for name in names if names.count(name) > 1)}`")
    return found


def every(modules: list[tuple[str, Any] | Gap]) -> list[tuple[str, Any]]:
    """All modules by name, those of gaps made too."""
    found: list[tuple[str, Any]] = []
    for each in modules:
        if isinstance(each, Gap):
            items = [item for turn in range(each.count) for item in each.turn(each.first + turn)]
            found += [item if isinstance(item, tuple) else (str(len(found) + n), item) for n, item in enumerate(items)]
        else:
            found.append(each)
    return found
