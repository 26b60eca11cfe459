"""Trainings to compare: ours with all that it keeps and shows, a loop by hand, and the usual one over a DataLoader."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam
from torch.utils.data import DataLoader, Dataset

import archdsl
from archdsl.recipes.recipe import Recipe
from archdsl.train.checkpoint import State
from archdsl.train.engine import engine, quiet
from archdsl.train.images import Images
from archdsl.train.keeping import Keeping
from archdsl.train.learning import Learning
from archdsl.train.preparation import Preparation
from archdsl.train.progress import Watching
from archdsl.train.reading import Data
from archdsl.train.stopping import Stop
from archdsl.train.tuning import Tuning
from archdsl.weights.preprocessing import Preprocessing

RATE = 0.01


class Comparison:
    """One epoch of a network on random images in memory, in batches; each side trains a network of its own on."""

    def __init__(self, name: str, channels: int, size: int, batch: int, steps: int) -> None:
        torch.set_num_threads(1)
        draw = torch.Generator().manual_seed(0)
        pixels = torch.randint(256, (batch * steps, channels, size, size), generator=draw, dtype=torch.uint8)
        self.images = Images(pixels, torch.randint(10, (len(pixels),), generator=draw))
        self.name, self.batch = name, batch
        scale = (0.0,) * channels, (1.0,) * channels
        self.preparation = Preparation(Preprocessing((size, size), (size, size), "bilinear", *scale))

    def network(self) -> nn.Module:
        """A new one with the weights of one seed."""
        torch.manual_seed(0)
        shown = self.preparation.preprocessing
        return archdsl.load(self.name, input=(shown.channels, *shown.crop)).module()

    def ours(self) -> Callable[[], None]:
        """`archdsl train` from its first step to its last: sums, checkpoint and progress included."""
        network = self.network()
        recipe = Recipe(epochs=1, batch_size=self.batch, lr=RATE, validation=0, accelerator="cpu", devices="1")
        none = self.images.subset(torch.arange(0))
        data = Data(self.images, none, none, tuple(map(str, range(10))), ())

        def run() -> None:
            learning = Learning(network, recipe, data, self.preparation, Tuning(network, "all"))
            with tempfile.TemporaryDirectory() as folder, quiet():
                keeping = Keeping(Path(folder) / "checkpoint", State(""), Stop(), lambda epoch: None)
                engine(recipe, 1, [keeping, Watching(1)], learning).fit(learning)

        return run

    def by_hand(self) -> Callable[[], None]:
        """The shortest loop: pixels that are numbers already, an order, a loss, a step."""
        network = self.network().train()
        optimizer = Adam(network.parameters(), RATE)
        numbers, labels = self.images.pixels / 255, self.images.labels

        def run() -> None:
            order = torch.randperm(len(labels))
            for start in range(0, len(labels), self.batch):
                index = order[start : start + self.batch]
                optimizer.zero_grad()
                functional.cross_entropy(network(numbers[index]), labels[index]).backward()
                optimizer.step()

        return run

    def with_loader(self) -> Callable[[], None]:
        """The usual loop: torchvision's transform of each image, a DataLoader, accuracy on the way."""
        network = self.network().train()
        optimizer = Adam(network.parameters(), RATE)
        loader = DataLoader(_Usual(self.images), batch_size=self.batch, shuffle=True)

        def run() -> None:
            loss_sum = hits = 0.0
            for numbers, labels in loader:
                optimizer.zero_grad()
                scores = network(numbers)
                loss = functional.cross_entropy(scores, labels)
                loss.backward()
                optimizer.step()
                loss_sum += loss.item() * len(labels)
                hits += (scores.argmax(1) == labels).sum().item()

        return run


class _Usual(Dataset[tuple[Tensor, int]]):
    """Images as torchvision's data sets hand them out: a PIL image, made a tensor by a transform."""

    def __init__(self, images: Images) -> None:
        from torchvision.transforms import ToTensor

        self.images, self.transform = images, ToTensor()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        from PIL import Image

        pixels = self.images.pixels[number]
        image = Image.fromarray((pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)).numpy())
        return self.transform(image), int(self.images.labels[number])
