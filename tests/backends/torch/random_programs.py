"""Programs made at random, small and mostly right: layers, groups, repeats, labels, merges and blocks, nested."""

from __future__ import annotations

import random

LAYERS = [
    "conv3-{n}",
    "conv1-{n}",
    "conv3-{n}/2",
    "conv1x3-{n}",
    "deconv2-{n}/2",
    "dwconv3",
    "bn",
    "bn",
    "relu",
    "relu",
    "maxpool3/2(padding=1)",
    "avgpool3/1(padding=1)",
    "identity",
    "dropout(0.1)",
    "dropout2d",
    "sigmoid",
    "leakyrelu(0.1)",
    "gn-2",
    "ln",
    "layerscale",
    "silu",
    "droppath(0.1)",
    "chunk(0,2)",
    "permute(0,1,3,2)",
]

KEEPING = [
    "relu",
    "bn",
    "sigmoid",
    "identity",
    "dropout(0.1)",
    "avgpool3/1(padding=1)",
    "conv3-{in_channels}",
    "dwconv3",
    "ln",
    "silu",
    "layerscale",
    "hardswish",
]
"""Layers that keep the shape, for the branches of what is summed."""

# What a block does with each of its parameters, and what it is given for it.
PARAMETERS = {
    "c": ("conv3-{c}", [2, 4, 6, 8]),
    "s": ("conv1-{2 * in_channels}/{s}", [1, 2]),
    "k": ("conv{k}-{in_channels}", [1, 3, 5]),
    "f": ("if {f} [bn] else [relu]", ["true", "false"]),
    "act": ("act", ["relu", "silu", "sigmoid"]),
}

EXTRAS = (
    "let h = {in_channels * 2} conv1-{h} bn conv1-{in_channels // 2}",
    "if {in_channels > 4} [conv1-4]",
    "layer{i}: [conv3-{in_channels} bn] x6 as i",
)


class Programs:
    """One program for each seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.labels = 0
        self.depth = 0
        self.repeats = 0
        self.blocks: dict[str, list[str]] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def program(self) -> str:
        lines = ["arch net(classes = 5)", "input 4x16x12"]
        if self.chance(0.2):
            lines.append(self.random.choice(["after conv relu", "after conv [bn relu]"]))
        for number in range(self.random.randint(0, 3)):
            lines.append(self.block(number))
        lines += [self.statement(False) for _ in range(self.random.randint(1, 5))]
        if self.chance(0.3):
            lines.append(f"for c in {{[2, 4]}} [conv3-{{c}} {self.inside_repeat(True)}]")
        if self.chance(0.5):
            lines.append("gap fc-{classes}")
        return "\n".join(lines) + "\n"

    def block(self, number: int) -> str:
        parameters = self.random.sample(sorted(PARAMETERS), self.random.randint(0, 3))
        handed = self.chance(0.25)
        name = f"handed{chr(97 + number)}" if handed else f"unit{chr(97 + number)}"
        body = [self.random.choice(["layer", "conv: layer"])] if handed else []
        body += [PARAMETERS[each][0] for each in parameters]
        body += [extra for extra in EXTRAS if self.chance(0.2)]
        body.append(self.inside_repeat(self.chance(0.7)))
        text = " ".join(body)
        if self.chance(0.4):
            text = f"residual<{text} | {self.random.choice(['project', 'downsample: project', 'optional'])}> relu"
        self.blocks[name] = parameters
        signature = f"({', '.join(parameters)})" if parameters else ""
        return f"block {name}{'<layer>' if handed else ''}{signature} = [{text}]"

    def call(self) -> str:
        name = self.random.choice(sorted(self.blocks))
        values = ", ".join(str(self.random.choice(PARAMETERS[each][1])) for each in self.blocks[name])
        layer = f"<{self.random.choice(['conv3-4', 'conv1x3-6', 'conv3-8/2', 'conv5-4'])}>"
        return name + (layer if name.startswith("handed") else "") + (f"({values})" if values else "")

    def layer(self, keep: bool) -> str:
        return self.random.choice(KEEPING if keep else LAYERS).replace("{n}", str(self.random.choice([2, 4, 6, 8])))

    def path(self, keep: bool) -> str:
        return " ".join(self.statement(keep) for _ in range(self.random.randint(1, 3)))

    def inside_repeat(self, keep: bool) -> str:
        """Statements without labels, which a repeat would give twice."""
        self.repeats += 1
        found = self.path(keep)
        self.repeats -= 1
        return found

    def statement(self, keep: bool) -> str:
        self.depth += 1
        label = self.label() if self.chance(0.2) and not self.repeats else ""
        kind = 0.0 if self.depth > 4 else self.random.random()
        if kind < 0.5:
            text = self.layer(keep)
        elif kind < 0.6:
            text = f"[{self.path(keep)}]"
        elif kind < 0.72:
            text = f"[{self.inside_repeat(keep)}] x{self.random.choice([1, 2, 3, 5])}"
            if not self.repeats and self.chance(0.3):
                label, text = f"{self.label().strip(': ')}_{{i}}: ", f"{text} as i"
        elif kind < 0.9 or keep or not self.blocks:
            text = self.merge(keep)
        else:
            text = self.call()
        self.depth -= 1
        return label + text

    def merge(self, keep: bool) -> str:
        kinds = [
            lambda: f"residual<{self.path(True)}>",
            lambda: f"add<{self.path(True)} | {self.path(True)}>",
            lambda: "mul<identity | gap fc-{in_channels} sigmoid>",
            lambda: f"concat<{self.path(True)} | identity | {self.path(True)}>",
            lambda: f"residual<{self.path(False)} | {self.label() if not self.repeats else ''}project>",
            lambda: f"residual<{self.path(False)} | optional>",
            lambda: f"residual<conv3-4 {self.path(True)} | conv1-4 bn>",
        ]
        return self.random.choice(kinds[:2] if keep else kinds)()

    def label(self) -> str:
        self.labels += 1
        return f"m{self.labels}: "
