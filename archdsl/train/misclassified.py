"""A page of the images that were taken for something else, the surest mistakes first."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import torch
from torch import Tensor

from archdsl.train.images import AnyImages
from archdsl.train.preparation import Preparation

MOST = 200

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Misclassified images</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }}
ul {{ display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0 }}
li {{ width: 8rem }}
img {{ width: 8rem; height: 8rem; object-fit: contain; image-rendering: pixelated; background: #eee }}
small {{ color: #666 }}
</style>
<h1>Misclassified images</h1>
<p>{summary}</p>
<ul>
{items}
</ul>
</html>
"""

_ITEM = """\
<li><img alt="" src="data:image/png;base64,{image}"><br>
{label}, taken for {found}<br><small>probability {sure:.1%}, of its own class {own:.1%}; image {number}</small></li>"""


def page(images: AnyImages, preparation: Preparation, scores: Tensor, classes: Sequence[str]) -> str:
    """The page, with what the network saw of its images in it; `scores` [N, classes] are logits."""
    sure, found = scores.softmax(1).max(1)
    labels = images.labels.cpu()
    wrong = (found != labels).nonzero()[:, 0]
    wrong = wrong[sure[wrong].argsort(descending=True, stable=True)]
    shown = wrong[:MOST]
    summary = f"{len(wrong):,} of {len(images):,} images of the test set were taken for another class."
    if len(wrong) > MOST:
        summary += f" The {MOST} surest mistakes are shown."
    items = [
        _ITEM.format(
            image=_png(preparation.seen(images.take(torch.tensor([number])))[0].cpu()),
            label=escape(classes[int(labels[number])]),
            found=escape(classes[int(found[number])]),
            sure=float(sure[number]),
            own=float(scores[number].softmax(0)[labels[number]]),
            number=number,
        )
        for number in shown.tolist()
    ]
    return _PAGE.format(summary=summary, items="\n".join(items))


def _png(pixels: Tensor) -> str:
    """An image [C, H, W] as PNG in base64."""
    from PIL import Image

    shown = pixels[0] if len(pixels) == 1 else pixels[:3].permute(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(shown.contiguous().numpy()).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
