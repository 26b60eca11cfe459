"""Blocks and their calls."""

from __future__ import annotations

import re
from dataclasses import replace

from .merges import Merges
from .places import Block, Here, Labels
from .words import ACTS, BLOCKS, POINTWISE


class Blocks(Merges):
    """Writes blocks, and calls that hand them what they take."""

    def is_plain(self, block: Block) -> bool:
        """Whether a block can be called by its name alone."""
        return not block.layers and all(default for _, _, default in block.parameters)

    def usable(self, here: Here) -> list[Block]:
        return [each for each in self.blocks[: here.callable] if each.rank == here.rank]

    def block(self, rank: int) -> Block:
        self.in_block = True
        try:
            return self.written_block(rank)
        finally:
            self.in_block = False

    def written_block(self, rank: int) -> Block:
        taken = {each.name for each in self.blocks}
        name = self.pick([each for each in BLOCKS if each not in taken])
        layers: tuple[tuple[str, bool], ...] = ()
        if self.chance(0.35):
            names = self.random.sample(["l", "layer", "other", "main", "p", "inner"], self.random.choice([1, 1, 2]))
            layers = tuple((each, self.chance(0.5)) for each in names)
        used = {each for each, _ in layers}
        parameters: list[tuple[str, str, str | None]] = []
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            plain = [each for each in self.blocks if self.is_plain(each) and each.rank == rank]
            kinds = ["c", "flag", "act", "n", "list", "stride", "block"]
            kind = self.random.choices(kinds, [5, 2, 2, 1, 1, 1 if rank else 0, 2 if plain else 0])[0]
            options = {
                "c": ["c", "m", "width", "k", "x", "out", "q", "in_channels_", "h"],
                "flag": ["flag", "norm", "wide"],
                "act": ["act", "nl", "f"],
                "n": ["n", "times"],
                "list": ["ks", "cs"],
                "stride": ["s", "stride"],
                "block": ["unit", "g", "net"],
            }[kind]
            options = [each for each in options if each not in used]
            if not options:
                continue
            parameter = self.pick(options)
            used.add(parameter)
            default = None
            if self.chance(0.3) or any(default for _, _, default in parameters):
                default = {"c": "3", "flag": "true", "act": "relu", "n": "2", "list": "[2, 3]", "stride": "1"}.get(kind)
                default = default or self.random.choice(plain).name
            parameters.append((parameter, kind, default))
        names = tuple(each for each, kind, _ in parameters if kind == "c")
        here = Here("in", None, rank, Labels({}), names, depth=1, callable=len(self.blocks))
        here.acts = tuple(each for each, kind, _ in parameters if kind == "act")
        here.handed = layers
        body: list[str] = []
        entry = "in"
        if self.chance(0.5) or not names:
            entry = self.pick(["d0", "cin", "in0"]).replace("0", "_")
            body.append(f"let {entry} = {{in_channels}}")
            here.names = (*names, entry)
            here.c = entry
        else:
            c = self.pick(names)
            body.append(f"{'conv1' if rank else 'fc'}-{{{c}}}")
            here.c = c
        if not here.names:
            here.c = "4"
            body.append(f"{'conv1' if rank else 'fc'}-4")
        for each, kind, _ in parameters:
            if kind == "flag":
                body.append(
                    f"if {{{each}}} [{self.pick(['bn', 'relu', 'tanh', f'{chr(97)}{chr(98)}: relu'])}]"
                    + self.pick(["", " else [sigmoid]"])
                )
            if kind == "n":
                body.append(f"[{self.pick(POINTWISE)}] x{{{each}}}")
            if kind == "block":
                body.append(f"{each} {'conv1' if rank else 'fc'}-{self.hole(here.c)}")
            if kind == "stride":
                body.insert(0, f"conv3-{{in_channels}}/{{{each}}}")
            if kind == "list":
                word = "conv1" if rank else "fc"
                body.append(
                    self.pick(
                        [
                            f"for u in {{{each}}} [{word}-{{u}}]",
                            f"{word}-{{{each}[0]}}",
                            f"{word}-{{sum({each})}}",
                            f"for u in {{{each}}} as z [lz{{z}}: {word}-{{u}} relu]",
                        ]
                    )
                    + f" {word}-{self.hole(here.c)}"
                )
        for _ in range(self.random.randint(1, 3)):
            body.append(self.statement(here, self.chance(0.4)))
        for each in layers:
            if not re.search(rf"\b{each[0]}\b", " ".join(body)):
                body.append(self.use_handed(replace(here, handed=(each,)), True))
        if self.chance(0.2):
            at = self.random.randrange(1, len(body) + 1)
            body.insert(
                at,
                self.pick(
                    [
                        "default bn(eps=0.3)",
                        "after conv relu",
                        "after relu tanh",
                        "default leakyrelu(negative_slope=0.7)",
                    ]
                ),
            )
        signature = ", ".join(each + (f" = {default}" if default else "") for each, _, default in parameters)
        brackets = f"<{' | '.join(each for each, _ in layers)}>" if layers else ""
        text = f"block {name}{brackets}{f'({signature})' if signature else ''} = [{' '.join(body)}]"
        out = re.sub(rf"\b{entry}\b", "in", here.c)
        return Block(name, layers, tuple(parameters), self.resolved(out, body), None, text, rank)

    def resolved(self, formula: str, body: list[str]) -> str:
        """A formula of parameters alone: names that a body's `let`s give can't be known outside."""
        return formula

    def call(self, here: Here, keep: bool) -> str:
        block = self.random.choice(self.usable(here))
        given: dict[str, str] = {}
        texts: list[str] = []
        named = False
        for parameter, kind, default in block.parameters:
            if default is not None and self.chance(0.5):
                given[parameter] = default
                named = True
                continue
            if kind == "c":
                value = self.formula(here.names)
            elif kind == "flag":
                value = self.pick(["true", "false", self.condition(here)])
            elif kind == "act":
                value = self.pick([*ACTS, *here.acts])
            elif kind == "n":
                value = str(self.random.randint(0, 3))
            elif kind == "stride":
                shrinks = here.top and not keep and min(here.sizes or (0,)) >= 6 and self.chance(0.5)
                value = "2" if shrinks else "1"
            elif kind == "block":
                plain = [each.name for each in self.blocks[: here.callable] if self.is_plain(each)]
                value = self.pick([each for each in plain if each != block.name])
            else:
                value = self.pick(["[2, 3]", "[4]", "[1, 2, 3]"])
            given[parameter] = value
            named = named or self.chance(0.2)
            texts.append(f"{parameter}={value}" if named else value)
        paths = []
        for _, first in block.layers:
            inner = replace(here, depth=here.depth + 2, top=False, names=here.names, turns=(), c="?", sizes=None)
            inner.labels = Labels(here.labels.visible())
            paths.append(self.handed_path(inner, here, first))
        arguments = f"({', '.join(texts)})" if texts else ""
        label = self.label(here, 0.3)
        brackets = f"<{' | '.join(paths)}>" if paths else ""
        text = f"{block.name}{brackets}{arguments}"
        if here.sizes and "2" in [given.get(name) for name, kind, _ in block.parameters if kind == "stride"]:
            here.sizes = tuple((size + 1) // 2 for size in here.sizes)
        out = block.out
        for parameter, value in given.items():
            out = re.sub(rf"(?<!\w){parameter}(?!\w)", self.wrapped(value), out)
        out = re.sub(r"(?<!\w)in(?!\w)", self.wrapped(here.c), out)
        known = set(here.names) | set(self.values if here.top else ())
        words = set(re.findall(r"[A-Za-z_]\w*", out)) - {
            "min",
            "max",
            "abs",
            "divisible",
            "sum",
            "int",
            "if",
            "else",
            "and",
            "or",
            "not",
            "len",
        }
        word = "conv1" if here.rank else "fc"
        tail = ""
        if keep or words - known or len(out) > 60:
            c = here.c if keep else str(self.random.choice([2, 3, 4]))
            tail = f" {word}-{self.hole(c)}"
            here.c = c
        elif here.top:
            here.c = str(self.value(out))
            if int(here.c) > 12:
                tail = f" {word}-4"
                here.c = "4"
        else:
            here.c = out
        if label and not tail:
            self.mark(here, label)
        return label + text + tail

    def handed_path(self, inner: Here, here: Here, first: bool) -> str:
        """Layers that keep the shape whatever it is."""
        conv = self.pick(["conv1-{in_channels}", "conv3-{in_channels}", "dwconv3"]) if here.rank else "fc-{in_channels}"
        simple = [
            conv,
            "relu",
            "tanh",
            "bn",
            f"{conv} relu",
            f"la: {conv} tanh",
            f"[{conv} relu] x2",
            f"lb{{i}}: {conv} x2 as i",
            f"residual<{conv}>",
            f"a: relu add<@a | {conv}>",
            f"a: {conv}",
            f"concat<identity | relu> {conv}",
            f"if {{in_channels > 3}} [{conv}]",
            f"[{conv} bn]",
            f"let hh = {{in_channels}} {'conv1' if here.rank else 'fc'}-{{hh}}",
            f"for hh in {{[1, 2]}} as i [lc{{i}}: {conv}]",
        ]
        if here.names:
            name = self.pick(here.names)
            simple += [f"{'conv1' if here.rank else 'fc'}-{{{name}}}"] * 2
        usable = [
            self.callee(each)
            for each in self.usable(here)
            if not each.layers and all(default for _, _, default in each.parameters)
        ]
        simple += usable
        simple += [each for each, only in here.handed if first or not only]
        labels = [
            path
            for path, there in here.labels.visible().items()
            if there.rank == here.rank and there.sizes == here.sizes
        ]
        if labels and (first or self.chance(0.3)):
            path = self.pick(labels)
            word = "conv1" if here.rank else "fc"
            if first:
                return self.pick([f"@{path}", f"@{path}", f"@{path} {word}-3", f"@{path} relu"])
            return self.pick(
                [
                    f"concat<@{path} | identity>",
                    f"concat<identity | @{path}>",
                    f"{word}-2 concat<@{path} | identity>",
                    f"relu concat<@{path} relu | identity>",
                ]
            )
        return self.pick(simple)

    def callee(self, block: Block) -> str:
        return block.name

    def use_handed(self, here: Here, keep: bool) -> str:
        """Layers from angle brackets in the body of their block; what leaves is brought to known channels."""
        name, first = self.random.choice(here.handed)
        word = "conv1" if here.rank else "fc"
        label = self.label(here, 0.4)
        if first:
            text = self.pick(
                [f"concat<{name} | identity>", f"concat<identity | {name} tanh>", f"concat<{name} | relu | {name}>"]
            )
            text = label + text
        else:
            text = self.pick(
                [
                    f"{label}{name}",
                    f"{label}{name}",
                    f"[{name} relu]",
                    f"concat<{name} | identity>",
                    f"{name} {name}",
                    f"[{name}] x2",
                    f"{label}[{name} relu]",
                    f"concat<relu {name} | tanh>",
                ]
            )
        return f"{text} {word}-{self.hole(here.c)}"

    def use_act(self, here: Here, keep: bool) -> str:
        return f"{self.label(here, 0.2)}{self.pick(here.acts)}"

    def loop_of_blocks(self, here: Here, keep: bool) -> str:
        """Blocks as values, of which all parameters have defaults."""
        plain = [
            each for each in self.usable(here) if not each.layers and all(default for _, _, default in each.parameters)
        ]
        if not plain:
            return self.call(here, keep)
        name = self.new("f")
        items = ", ".join(self.random.choice(plain).name for _ in range(self.random.randint(1, 2)))
        word = "conv1" if here.rank else "fc"
        return f"for {name} in {{[{items}]}} [{name} {word}-{self.hole(here.c)}]"
