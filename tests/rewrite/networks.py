"""Networks made at random of what rewrites are about: heads of `fc`, poolings, batch norms, and what refers to them."""

from __future__ import annotations

import random

from tests.generated.writing import SpecWriter


def spec(seed: int) -> str:
    """One spec for each seed: half of them of what rewrites are about, half of everything that there is."""
    return _Network(seed).text() if seed % 2 else SpecWriter(seed).spec()


class _Network:
    """A trunk of poolings, repeats, blocks and merges, and a head."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.labels: list[str] = []
        self.count = 0
        self.rank = self.random.choices([1, 2, 3], [3, 8, 1])[0]
        self.blocks: list[str] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *texts: str) -> str:
        return self.random.choice(texts)

    def text(self) -> str:
        size = self.random.choice([8, 9, 12, 16] if self.rank < 3 else [6, 8])
        lines = ["arch net(classes = 3)", "input " + "x".join(["4", *[str(size)] * self.rank])]
        for share, choices in (
            (
                0.2,
                ("after conv [bn relu]", "after conv relu", "after conv bn", "after fc [relu dropout]", "after fc bn"),
            ),
            (0.1, ("default conv(bias=false)", "default fc(bias=false)", "default bn(eps=0.01)")),
            (0.1, ("init conv kaiming", "init fc normal(std=0.1)", "init bn constant(0.5)")),
        ):
            if self.chance(share):
                lines.append(self.pick(*choices))
        if self.chance(0.4):
            lines.append(f"block unit(c) = [{self.block()}]")
            self.blocks.append("unit(4)")
        if self.chance(0.2):
            lines.append(
                f"block around<layer> = [{self.pick('layer', 'a: layer', 'layer bn')} {self.pick('relu', 'bn relu')}]"
            )
            self.blocks += ["around<conv3-4>", "around<conv3-4 bn>", "around<dwconv3>"]
        trunk = [self.stage() for _ in range(self.random.randint(1, 4))]
        lines += [f"body: [{' '.join(trunk)}]"] if self.chance(0.15) else trunk
        if self.labels and self.chance(0.25):
            lines.append(
                f"aux side from @{self.pick(*self.labels)} {self.pick('[gap fc-3]', 'fc-2', '[conv1-4 bn relu fc-3]')}"
            )
        lines.append(self.head())
        if self.chance(0.1):
            lines.append("expect output == 3")
        if self.chance(0.1):
            lines.append("variants\n| name | classes |\n|---|---|\n| small | 3 |\n| large | 5 |")
        return "\n".join(lines) + "\n"

    def block(self) -> str:
        inner = self.pick("conv3-{c} bn relu", "a: conv3-{c} b: bn relu", "conv: conv3-{c} bn: bn")
        merge = f"residual<{inner} | {self.pick('project', 'identity', 'optional', 'p: project')}>"
        return self.pick(inner, merge, f"{merge} relu", f"{inner} add<{self.pick('relu', 'conv3-{c} bn')} | identity>")

    def label(self, share: float = 0.25) -> str:
        if not self.chance(share):
            return ""
        self.count += 1
        self.labels.append(f"m{self.count}")
        return f"m{self.count}: "

    def layer(self) -> str:
        return self.pick(
            "conv3-4",
            "conv3-4",
            "conv3-4(bias=false)",
            "conv1-6",
            "dwconv3",
            "deconv3-4(padding=1)",
            "conv3-4 bn",
            "conv3-4 bn relu",
            "bn",
            "relu",
            "dropout",
            "gn-2",
            "softmax",
            "prelu",
            "layerscale",
        )

    def several(self) -> str:
        return " ".join(self.layer() for _ in range(self.random.randint(1, 3)))

    def pool(self) -> str:
        return self.pick(
            "maxpool",
            "maxpool3/2(padding=1)",
            "maxpool2(ceil=true)",
            "maxpool2(padding=1, ceil=true)",
            "avgpool",
            "maxpool3/1(padding=1)",
            "adaptive-avgpool3",
        )

    def stage(self) -> str:
        """What the trunk is a sequence of. Labels are given where the text stands once."""
        kind = self.random.randint(0, 9)
        if kind <= 2:
            return " ".join((self.label() + each) for each in (self.layer(), self.layer(), self.pool()))
        if kind == 3:
            return f"{self.label()}[{self.several()}]"
        if kind == 4:
            inner = self.several()
            inner = f"[{inner}] x{self.random.randint(1, 3)}" if self.chance(0.4) else inner
            return f"{self.label()}[{inner}] x{self.random.randint(1, 3)} {self.pick(self.pool(), 'relu', 'bn')}"
        if kind == 5 and self.blocks:
            return self.label() + self.pick(*self.blocks) + self.pick("", " x2")
        if kind == 6 and self.labels:
            at = f"@{self.pick(*self.labels)}"
            return f"{self.label()}{self.pick('concat', 'add')}<{at} {self.pick('', 'relu', 'conv1-4 bn')} | identity>"
        if kind == 7:
            shortcut = self.pick("project", "optional", "identity", "project(bn=false)")
            return f"{self.label()}residual<{self.label(0.1)}{self.several()} | {shortcut}>"
        if kind == 8:
            return "mul<identity | gap fc-2 relu fc-{in_channels} sigmoid>"
        return f"{self.label()}{self.pool()}"

    def head(self) -> str:
        n = "{classes}"
        last = self.label(0.2)
        return self.pick(
            f"{last}fc-{n}",
            f"gap {last}fc-{n}",
            f"flatten fc-8 relu dropout {last}fc-{n}",
            f"fc-8 bn relu fc-{n}",
            f"head: fc-8 x2 fc-{n}",
            f"[fc-6 relu] x2 fc-{n} softmax",
            f"conv1-{n} gap",
            f"conv-head-{n}",
            f"adaptive-avgpool1 conv1-8 relu conv1-{n} flatten",
            f"adaptive-avgpool2 fc-8 prelu fc-{n}",
            f"gap reshape(in_channels, 1, 1) conv1-{n} flatten",
            f"a: fc-4 b: fc-4 add<@a | identity> fc-{n}",
            f"flatten bn fc-{n}",
            "gap",
            "",
        )
