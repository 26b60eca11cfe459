"""The batches of an epoch: which images each step takes, settled by the seed and the epoch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from archdsl.train.images import AnyImages, Unread
from archdsl.train.randomness import order


class Batch(NamedTuple):
    """One step's images in this process, by their places; `pixels` are None where the images lie in memory.

    In training `images` is how many all processes take together; in evaluation how many of these aren't padding.
    """

    epoch: int
    step: int
    places: Tensor
    images: int
    pixels: Tensor | None


class Share(NamedTuple):
    """Which of several processes this one is."""

    rank: int = 0
    world: int = 1

    def of(self, index: Tensor) -> Tensor:
        """This process's part of a batch; where there are fewer images than processes, it pads with the first."""
        mine = index[self.part]
        return mine if len(mine) else index[:1]

    def counted(self, count: int) -> int:
        """How many of a batch's images are this process's own."""
        return len(range(self.rank, count, self.world))

    @property
    def part(self) -> slice:
        """The same part, of anything that is listed image by image."""
        return slice(self.rank, None, self.world)


def steps(count: int, size: int) -> list[tuple[int, int]]:
    """Where each batch begins and ends. A single image left over joins the batch before: it has no variance."""
    edges = [*range(0, count, size), count]
    if len(edges) > 2 and edges[-1] - edges[-2] == 1:
        del edges[-2]
    return list(pairwise(edges))


class TrainingBatches:
    """The batches of one epoch from a step on. `epoch` may be set between epochs."""

    def __init__(
        self, images: AnyImages, size: int, seed: int, share: Share, epoch: int, first: int, workers: int
    ) -> None:
        self.images, self.size, self.seed, self.share = images, size, seed, share
        self.epoch, self.first, self.workers = epoch, first, workers

    def __len__(self) -> int:
        return len(steps(len(self.images), self.size)) - self.first

    def __iter__(self) -> Iterator[Batch]:
        places = order(self.seed, self.epoch, len(self.images))
        edges = steps(len(self.images), self.size)[self.first :]
        chosen = [self.share.of(places[start:end]) for start, end in edges]
        for step, (index, pixels) in enumerate(_with_pixels(self.images, chosen, self.workers)):
            start, end = edges[step]
            yield Batch(self.epoch, self.first + step, index, end - start, pixels)


class EvaluationBatches:
    """All images once, in their order. Each process takes its part, of equal length: the last may be padding."""

    def __init__(self, images: AnyImages, size: int, share: Share, workers: int) -> None:
        self.images, self.size, self.share, self.workers = images, size, share, workers

    def __len__(self) -> int:
        return -(-self._each // self.size)

    @property
    def _each(self) -> int:
        """How many images each process takes, padding among them."""
        return -(-len(self.images) // self.share.world)

    def __iter__(self) -> Iterator[Batch]:
        mine = torch.arange(len(self.images))[self.share.part]
        places = torch.cat([mine, mine.new_zeros(self._each - len(mine))])
        chosen = list(torch.split(places, self.size)) if len(places) else []
        for step, (index, pixels) in enumerate(_with_pixels(self.images, chosen, self.workers)):
            yield Batch(0, step, index, min(len(index), len(mine) - step * self.size), pixels)


def _with_pixels(images: AnyImages, chosen: list[Tensor], workers: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """The places of each batch, with the pixels where they must be read from files, ahead and by other processes."""
    if not isinstance(images, Unread):
        yield from ((index, None) for index in chosen)
        return
    loader: DataLoader[Tensor | str] = DataLoader(
        _Taken(images, chosen),
        batch_size=None,
        num_workers=min(workers, len(chosen)),
        pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if workers and chosen else None,
    )
    taken = iter(loader)
    for index in chosen:
        try:
            pixels = next(taken)
        except RuntimeError as error:
            # What is wrong with an image is handed on below; this is a process that was killed, or that can't begin.
            reason = str(error).strip().splitlines()[0]
            raise OSError(f"a process that reads images has ended ({reason}); `--workers 0` does without") from None
        if isinstance(pixels, str):
            raise OSError(pixels)
        yield index, pixels


class _Taken(torch.utils.data.Dataset["Tensor | str"]):
    """Whole batches as the items of a data set, for a loader's processes to read.

    Why one can't be read is an item as well: what is raised there would come here with a traceback for its text.
    """

    def __init__(self, images: Unread, chosen: list[Tensor]) -> None:
        self.images, self.chosen = images, chosen

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, number: int) -> Tensor | str:
        try:
            return self.images.take(self.chosen[number])
        except OSError as error:
            return f"{error.filename}: {error.strerror.lower()}" if error.filename and error.strerror else str(error)
