"""Single layers."""

from __future__ import annotations

from .formulas import Formulas
from .places import Here
from .words import NORMS, POINTWISE


class Layers(Formulas):
    """Writes layers that fit what arrives."""

    def labelled_layer(self, here: Here, keep: bool) -> str:
        label = self.label(here, 0.35)
        text = self.one_layer(here, keep)
        if label:
            self.mark(here, label)
        return text.replace("¦", label) if "¦" in text else label + text

    def layer(self, here: Here, keep: bool) -> str:
        return self.one_layer(here, keep).replace("¦", "")

    def one_layer(self, here: Here, keep: bool) -> str:
        """A layer, or several of which a sign tells the last, which takes the label."""
        if here.rank == 0:
            pick = self.random.random()
            if pick < 0.45:
                c = here.c if keep else self.channels(here)
                text = f"{self.pick(['fc', 'linear'])}-{self.hole(c)}"
                if not keep:
                    self.set_channels(here, c)
                return text + self.pick(["", "", "", "(bias=false)", "(bare)"])
            return self.pick(NORMS) if pick < 0.6 else self.pick(POINTWISE)
        pick = self.random.random()
        if pick < 0.4:
            c = here.c if keep else self.channels(here)
            arguments = self.pick(
                ["", "", "", "", "(bias=false)", "(bias=true)", "(bare)", '(padding_mode="replicate")']
            )
            text = f"conv{self.pick(['1', '3', '3', '{3}'])}-{self.hole(c)}"
            if not keep:
                if here.sizes and min(here.sizes) >= 6 and self.chance(0.15):
                    text += "/2"
                    here.sizes = tuple((size + 1) // 2 for size in here.sizes)
                self.set_channels(here, c)
            return text + arguments
        if pick < 0.55:
            return self.pick([*NORMS, "instancenorm"] if here.sizes and min(here.sizes) > 1 else NORMS)
        if pick < 0.63 or keep:
            options = [
                "dwconv3",
                "maxpool3/1(padding=1)",
                "avgpool3/1(padding=1)",
                "pad(1) ¦crop(1)",
                "lrn(size=3)",
                "dropout2d(0.2)",
                "dwconv3(bias=false)",
            ]
            if here.rank == 2:
                options += [
                    "permute(0, 2, 3, 1) linear-{in_channels} ¦permute(0, 3, 1, 2)",
                    "upsample2 ¦avgpool2",
                    "permute(0, 1, 3, 2) ¦permute(0, 1, 3, 2)",
                    "channelshuffle(1)",
                ]
            if pick > 0.75:
                return self.pick(POINTWISE)
            if self.rate and not self.in_block:
                options += ["leakyrelu(rate)", "bn(eps=rate)", "elu(alpha=2 * rate)"] * 2
            return self.pick(options)
        if pick < 0.7 and here.top and here.sizes and min(here.sizes) >= 4:
            kind = self.random.randint(0, 3)
            if kind == 0:
                here.sizes = tuple(size // 2 for size in here.sizes)
                return self.pick(["maxpool(ceil=false)", "avgpool(ceil=false)"])
            if kind == 1:
                here.sizes = (2,) * here.rank
                return self.pick(["adaptive-avgpool2", "adaptive-maxpool2"])
            if kind == 2 and self.value(here.c) % 2 == 0:
                here.c = str(self.value(here.c) // 2)
                return f"chunk({self.random.randint(0, 1)}, 2)"
            if kind == 3 and self.value(here.c) < 8:
                here.c = str(self.value(here.c) + 2)
                return "pad(channels=(1, 1))"
        return self.pick(POINTWISE)

    def strided(self, here: Here, keep: bool) -> str:
        """Kernels of several axes, and what looks at sizes, brought back to the shape that arrived."""
        word = self.pick(
            [
                "conv{(1, 3)}-{in_channels}",
                "dwconv3(multiplier=2) conv1-{c}",
                "deconv3-{c}(padding=1)",
                "conv3-{c}(dilation=1, groups=1)",
                "gn-1 conv{3 if in_height > 2 else 1}-{c}",
                'conv3-{c}(padding="same")',
                "conv3-{c}(padding=1)",
                "pad(channels=(1, 0)) conv1-{c}",
                "concat<chunk(0, 1) | chunk(0, 1)> conv1-{c}",
                "lrn conv1-{c}",
            ]
        )
        if "(1, 3)" in word and here.rank != 2:
            word = "conv1-{c}"
        if "in_height" in word and here.rank < 2:
            word = "conv3-{c}"
        return word.replace("{c}", self.hole(here.c))
