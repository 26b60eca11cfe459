"""What is cut of a tensor, however it is written."""

from __future__ import annotations

from typing import Any

from archdsl.backends.torch.reading.layers import settled


def sliced(index: Any) -> tuple[Any, ...]:
    """What is taken of a tensor: of a map cut at its sides the numbers, however it is written."""
    index = settled(index)
    if isinstance(index, tuple) and index and index[0] is Ellipsis:
        cuts: list[tuple[int, int]] = []
        for each in reversed(index[1:]):
            _, start, stop, step = each if isinstance(each, tuple) else (None, None, 1, 1)
            if step is not None or (stop is not None and stop > 0):
                return ("[]", index)
            cuts.append((-(start or 0), stop or 0))
        return ("cropped", trimmed(cuts))
    return ("[]", index)


def cropped(shown: tuple[Any, ...]) -> tuple[Any, ...]:
    """A padding by nothing but negative amounts as what it cuts off."""
    name, args, kwargs = shown
    if name == "nn.functional.pad" and len(args) == 2 and not kwargs and all(each <= 0 for each in args[1]):
        return ("cropped", trimmed(list(zip(args[1][::2], args[1][1::2], strict=True))))
    return shown


def trimmed(cuts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    while cuts and cuts[-1] == (0, 0):
        cuts.pop()
    return tuple(cuts)
