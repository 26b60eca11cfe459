"""Inputs as others write them: channels last, or with the batch ahead."""

from __future__ import annotations

from collections.abc import Sequence

_FEW = 4
"""Channels of an image at most: those of its colours, and one of transparency."""
_SMALL = 16
"""The shortest side of an image that is told from its channels."""


def channels_first(sizes: Sequence[str]) -> str:
    """The input that sizes in another order mean, channels first and without a batch; empty where they mean none.

    `224x224x3` has its channels last, `1x3x224x224` a batch of one, and `28x28` no channels. A map of 3x16x4 is what it
    says.
    """
    if not all(each.isdigit() for each in sizes):
        return ""
    numbers = [int(each) for each in sizes]
    batch = len(numbers) == 4 and numbers[0] == 1
    rest = numbers[1:] if batch else numbers
    if len(rest) == 2 and rest[0] == rest[1] >= _SMALL:
        return f"1x{rest[0]}x{rest[1]}"
    if len(rest) != 3:
        return ""
    if rest[2] <= _FEW and min(rest[:2]) >= _SMALL:
        return "x".join(str(each) for each in (rest[2], *rest[:2]))
    if batch and rest[0] <= _FEW and min(rest[1:]) >= _SMALL:
        return "x".join(str(each) for each in rest)
    return ""
