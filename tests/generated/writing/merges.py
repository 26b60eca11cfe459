"""Branches that meet, and references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .places import Here, Labels
from .turns import Turns
from .words import WORDS


class Merges(Turns):
    """Writes branches."""

    def merge(self, here: Here, keep: bool) -> str:
        label = self.label(here, 0.25)
        arriving = replace(here)
        where = here.container() if label else here
        if label:
            where.top = here.top
        kinds = [self.sum, self.sum, self.scaled, self.plain_residual]
        if not keep:
            kinds += [self.concat, self.concat, self.projected, self.own_shortcut, self.optional]
        text = self.random.choice(kinds)(where, arriving)
        if label:
            here.at(where)
            self.mark(here, label, where.labels)
        return label + text

    def keeping(self, here: Here, arriving: Here, longest: int = 2) -> str:
        inner = replace(arriving, depth=here.depth + 1, top=False, labels=here.labels)
        return self.path(inner, True, longest)

    def sum(self, here: Here, arriving: Here) -> str:
        branches = [self.keeping(here, arriving) for _ in range(self.random.randint(1, 2))]
        branches.append("identity" if self.chance(0.4) else self.keeping(here, arriving))
        if self.chance(0.15):
            # An axis of 1, which meets all the places of the others.
            one = ["conv1-1", "conv1-1 sigmoid", "adaptive-avgpool1"] if here.rank else ["fc-1"]
            branches.insert(self.random.randint(0, len(branches)), self.random.choice(one))
        words = ["add", "add", "add", "max", "min", "mean", *(["sub"] if len(branches) == 2 else [])]
        return f"{self.random.choice(words)}<{' | '.join(branches)}>"

    def plain_residual(self, here: Here, arriving: Here) -> str:
        shortcut = self.pick(
            ["", "", " | identity", " | project", " | optional", f" | {self.own(here, 'down', 1.0)}project"]
        )
        return f"residual<{self.keeping(here, arriving, 3)}{shortcut}>"

    def scaled(self, here: Here, arriving: Here) -> str:
        if here.rank == 0:
            word = self.random.choice(["mul", "mul", "div"])
            return f"{word}<{self.keeping(here, arriving)} | fc-{self.hole(here.c)} sigmoid>"

        def gate() -> str:
            return self.either(
                lambda: f"gap fc-{self.hole(here.c)} sigmoid",
                lambda: f"adaptive-avgpool1 conv1-{self.hole(here.c)}",
                lambda: "adaptive-maxpool1",
                lambda: f"gap relu {self.own(here, 'gate', 1.0)}fc-{self.hole(here.c)}",
                lambda: self.keeping(here, arriving),
            )

        def scaled() -> str:
            return self.either(lambda: "identity", lambda: self.keeping(here, arriving))

        first, second = (gate, scaled) if self.chance(0.2) else (scaled, gate)
        return f"mul<{first()} | {second()}>"

    def concat(self, here: Here, arriving: Here) -> str:
        branches, channels = [], []
        for _ in range(self.random.randint(2, 3)):
            inner = replace(arriving, depth=here.depth + 1, top=False, labels=here.labels)
            if self.chance(0.3):
                branches.append("identity")
            else:
                text = self.path(inner, True, 2)
                if self.chance(0.7):
                    c = str(self.random.choice([1, 2, 3]))
                    text += f" {'conv1' if inner.rank else 'fc'}-{c}"
                    inner.c = c
                branches.append(text)
            channels.append(self.wrapped(inner.c))
        self.set_channels(here, " + ".join(channels))
        found = f"concat<{' | '.join(branches)}>"
        if (here.top and self.value(here.c) > 12) or (not here.top and len(here.c) > 40):
            c = str(self.random.choice([2, 4]))
            here.c = c
            found += f" {'conv1' if here.rank else 'fc'}-{c}"
        return found

    def projected(self, here: Here, arriving: Here) -> str:
        if here.rank == 0:
            return self.plain_residual(here, arriving)
        c = self.channels(here)
        stride = here.top and min(here.sizes or (0,)) >= 6 and self.chance(0.3)
        text = self.keeping(here, arriving)
        text += f" conv3-{self.hole(c)}{'/2' if stride else ''}"
        if stride:
            here.sizes = tuple((size + 1) // 2 for size in here.sizes or ())
        self.set_channels(here, c)
        return f"residual<{text} | {self.own(here, 'down', 0.4)}project{self.pick(['', '', '(bn=false)'])}>"

    def own_shortcut(self, here: Here, arriving: Here) -> str:
        c = self.channels(here)
        word = "conv1" if here.rank else "fc"
        main = self.keeping(here, arriving)
        text = f"residual<{main} {word}-{self.hole(c)} | {word}-{self.hole(c)} bn>"
        self.set_channels(here, c)
        return text

    def optional(self, here: Here, arriving: Here) -> str:
        if here.rank == 0:
            return self.plain_residual(here, arriving)
        c = self.channels(here)
        text = f"residual<{self.keeping(here, arriving)} conv1-{self.hole(c)} | optional>"
        self.set_channels(here, c)
        return text

    def far(self, here: Here, keep: bool) -> str:
        """A container with labels inside, and what refers to one of them from outside."""
        label = self.label(here)
        name = label.removesuffix(": ")
        if not label or label.startswith('"'):
            return label + self.layer(here, True)
        inner = here.container()
        one, two = self.random.sample(WORDS, 2)

        def said(word: str) -> str:
            text = self.one_layer(inner, True)
            return text.replace("¦", f"{word}: ") if "¦" in text else f"{word}: {text}"

        def plain() -> str:
            return self.layer(inner, True)

        ways: list[tuple[str, Callable[[], str]]] = [
            (one, lambda: f"[{said(one)} {plain()}]"),
            (one, lambda: f"[{plain()} {said(one)}]"),
            (f"{two}.{one}", lambda: f"[{two}: [{said(one)} {plain()}] {plain()}]"),
            (one, lambda: f"add<{said(one)} {plain()} | {said(two)}>"),
            (two, lambda: f"residual<{said(one)} {plain()} | {said(two)}>"),
            (f"{one}1", lambda: f"[{one}{{i}}: [{plain()}] x3 as i]"),
            (f"{one}0.{two}", lambda: f"[{one}{{i}}: [{said(two)} {plain()}] x2 as i]"),
            (f"{one}1", lambda: f"for z in {{[1, 2, 3]}} as u [{one}{{u}}: [{plain()}]]"),
            (one, lambda: f"if {{{self.condition(here)}}} [{said(one)} {plain()}] else [{said(one)}]"),
            (one, lambda: f"[add<{said(one)} | identity> {plain()}]"),
            (f"{two}.{one}", lambda: f"[{two}: add<{said(one)} | identity> {plain()}]"),
        ]
        path, way = self.random.choice(ways)
        if "i" in here.indices or "u" in here.indices or {"i", "u"} & {*here.names, *self.values}:
            path, way = ways[0]
        text = f"{label}{way()}"
        self.mark(here, label)
        here.labels.own[f"{name}.{path}"] = replace(here, labels=Labels({}))
        between = self.either(lambda: "", lambda: self.layer(here, True))
        return f"{text} {between} " + self.either(
            lambda: f"add<@{name}.{path} | identity>",
            lambda: f"add<identity | @{name}.{path} {plain()}>",
            lambda: f"residual<{plain()} | @{name}.{path}>",
            lambda: plain(),
        )

    def reference(self, here: Here, keep: bool) -> str:
        paths = list(here.labels.visible().items())
        if not paths:
            return self.labelled_layer(here, keep)
        dotted = [each for each in paths if "." in each[0]]
        path, there = self.random.choice(dotted if dotted and self.chance(0.5) else paths[-6:])
        target = f"@{path}"
        arriving = replace(here)
        here_like = there.is_like(here)
        if here_like and self.chance(0.7):

            def other() -> str:
                return self.either(lambda: "identity", lambda: "identity", lambda: self.keeping(here, arriving))

            return self.either(
                lambda: f"add<{target} | {other()}>",
                lambda: f"add<{other()} | {target}>",
                lambda: f"residual<{self.keeping(here, arriving)} | {target}>",
                lambda: f"add<{target} {self.keeping(here, arriving)} | {other()}>",
                lambda: f"mul<{other()} | {target} sigmoid>",
            )
        if there.rank == here.rank and there.sizes == here.sizes:
            if not keep and self.chance(0.5):
                self.set_channels(here, f"{self.wrapped(there.c)} + {self.wrapped(here.c)}")
                if here.top and self.value(here.c) > 12:
                    here.c = "4"
                    return f"concat<{target} | identity> {'conv1' if here.rank else 'fc'}-4"
                if len(here.c) > 40:
                    here.c = "3"
                    return f"concat<{target} | identity> {'conv1' if here.rank else 'fc'}-3"
                return f"concat<{target} | identity>"
            return f"add<identity | {target} {'conv1' if here.rank else 'fc'}-{self.hole(here.c)}>"
        if there.rank and here.rank and there.rank == here.rank:
            return f"mul<identity | {target} gap fc-{self.hole(here.c)} sigmoid>"
        if here.rank == 0 and there.rank:
            return f"add<identity | {target} gap fc-{self.hole(here.c)}>"
        return self.labelled_layer(here, keep)
