"""A whole spec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .blocks import Blocks
from .places import Here, Labels
from .words import ARCH


class SpecWriter(Blocks):
    """One spec for each seed."""

    def spec(self) -> str:
        rank = self.random.choices([0, 1, 2, 3], [15, 10, 70, 5])[0]
        sizes = tuple(self.random.choice([5, 6, 8, 9, 12] if rank < 3 else [4, 5]) for _ in range(rank))
        channels = self.random.choice([2, 3, 4, 4, 6, 8])
        parameters: list[str] = []
        for name in self.random.sample(ARCH, self.random.randint(1 if self.open else 0, 3)):
            self.values[name] = self.random.randint(1, 6)
            parameters.append(f"{name} = {self.values[name]}")
        self.rate = self.chance(0.1)
        if self.rate:
            parameters.append("rate = 0.25")
        self.kinds = self.chance(0.15)
        if self.kinds:
            parameters.append('kind = "A"')
        lines = [f"arch net({', '.join(parameters)})" if parameters else "arch net"]
        lines.append("input " + "x".join(map(str, (channels, *sizes))))
        if rank == 2 and self.chance(0.05):
            self.values["size"] = sizes[0]
            lines[0] = f"arch net(size = {sizes[0]}{''.join(', ' + each for each in parameters)})"
            lines[1] = f"input {channels}x{{size}}x{sizes[1]}"
        head: list[str] = []
        if self.chance(0.12):
            head.append(
                self.pick(
                    [
                        "default bn(eps=0.02)",
                        "default conv(bias=true)",
                        "default leakyrelu(negative_slope=0.4)",
                        "default ln(eps=0.1)",
                        "default maxpool(ceil=true)",
                    ]
                )
            )
        if self.chance(0.1) and self.values:
            name = self.new("let")
            formula = self.formula(tuple(self.values))
            self.values[name] = self.value(formula)
            head.append(f"let {name} = {{{formula}}}")
        for _ in range(self.random.choice([0, 1, 1, 1, 2, 3])):
            self.blocks.append(self.block(rank))
        texts = [each.text for each in self.blocks]
        here = Here(str(channels), sizes, rank, Labels({}), tuple(self.values), top=True, callable=len(self.blocks))
        if self.chance(0.15):
            head.append(self.after(here))
        body: list[str] = []
        for _ in range(self.random.randint(1, 5)):
            body.append(self.statement(here, False))
            if self.chance(0.06) and here.labels.own:
                body.append(self.aux(here))
        if self.kinds and self.chance(0.8):
            body.append(self.table(here))
        if self.chance(0.4):
            body.append(self.ending(here))
        if self.chance(0.15):
            body.append(
                self.pick(
                    [
                        "init conv kaiming",
                        "init fc normal(std=0.01)",
                        'init conv kaiming(mode="fan_out", bias=0)',
                        "init bn constant(0.5)",
                    ]
                )
            )
        texts, late = (texts, []) if self.chance(0.7) else ([], texts)
        if self.chance(0.1) and len(self.values):
            names = [each for each in self.values if f"{each} = " in lines[0] and each != "name"]
            if names:
                name = self.pick([each for each in names if each != "name"] or ["n"])
                late.append(
                    f"variants\n| name | {name} |\n| v | {self.values[name]} |\n| w | {self.random.randint(1, 6)} |"
                )
        return "\n".join(["\n".join(lines), *head, *texts, *body, *late]) + "\n"

    def ending(self, here: Here) -> str:
        if here.rank == 0:
            return "fc-3"
        return self.pick(
            [
                "gap fc-3",
                "fc-2",
                "conv-head-3",
                "gap",
                "flatten fc-2",
                "maxpool fc-2 relu fc-3",
                "[gap relu fc-2]",
                "last: fc-2 x2",
            ]
        )

    def after(self, here: Here) -> str:
        body = self.pick(
            [
                "relu",
                "[bn relu]",
                "[tanh]",
                "[layerscale(init=0.3)]",
                "[if {in_channels > 3} [relu]]",
                "residual<sigmoid>",
                "[concat<identity | relu> conv1-{in_channels // 2}(bare)]",
            ]
        )
        return f"after {self.pick(['conv', 'conv', 'fc', 'dwconv', 'relu', 'linear'])} {body}"

    def aux(self, here: Here) -> str:
        path = self.pick(list(here.labels.own))
        label = here.labels.own[path]
        name = self.new("aux")
        body = self.pick(
            ["fc-2", "[fc-3 relu]"] if label.rank == 0 else ["[gap fc-3]", "fc-2", "gap", "[conv1-2 relu fc-2]"]
        )
        alike = [each for each, there in here.labels.own.items() if there.is_like(label)]
        if alike and self.chance(0.3):
            body = f"[{self.pick(['add', 'concat'])}<@{self.pick(alike)} | identity> {body.strip('[]')}]"
        return f"aux {name} from @{path} {body}"

    def table(self, here: Here) -> str:
        rows = []
        for _ in range(self.random.randint(1, 3)):
            cell = self.path(here.branch(), True)
            hidden = replace(here.branch(), labels=Labels(here.labels.visible()))
            rows.append(
                f"| {cell} | {self.path(hidden, True) if self.chance(0.5) else '-'} |"
                if self.chance(0.8)
                else f"| {cell} |"
            )
        label = self.label(here) if self.chance(0.4) else ""
        return f"{label}table kind\n| A | B |\n" + "\n".join(rows)

    def statement(self, here: Here, keep: bool) -> str:
        """One statement; with `keep` what leaves is shaped as what arrives."""
        if here.depth > 4 or self.chance((0, 0, 0.3, 0.6, 0.8)[here.depth]):
            return self.labelled_layer(here, keep)
        kinds: list[tuple[int, Callable[[Here, bool], str]]] = [
            (36, self.labelled_layer),
            (6, self.group),
            (9, self.repeat),
            (5, self.loop),
            (6, self.choice),
            (17, self.merge),
            (9, self.reference),
            (3, self.far),
            (16 if self.usable(here) else 0, self.call),
            (5 if here.handed else 0, self.use_handed),
            (3 if here.acts else 0, self.use_act),
            (3, self.let),
            (3, self.labelled_splice),
            (2 if here.rank else 0, self.strided),
            (2 if self.usable(here) else 0, self.loop_of_blocks),
        ]
        weights = [weight for weight, _ in kinds]
        return self.random.choices([kind for _, kind in kinds], weights)[0](here, keep)
