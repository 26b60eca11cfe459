"""Groups, repeats, loops and conditions."""

from __future__ import annotations

from dataclasses import replace

from ..second.expressions import evaluate
from ..second.values import Place
from .base import parsed
from .layers import Layers
from .places import Here, Labels
from .words import ACTS, WORDS


class Turns(Layers):
    """Writes what holds other statements in sequence, once or several times."""

    def group(self, here: Here, keep: bool) -> str:
        label = self.label(here, 0.6)
        inner = here.container()
        inner.top = here.top
        text = f"{label}[{self.path(inner, keep)}]"
        here.at(inner)
        if label:
            self.mark(here, label, inner.labels)
        return text

    def labelled_splice(self, here: Here, keep: bool) -> str:
        """A `for` or `if` with a label, a container; or a group within a group."""
        inner = here.container()
        if self.chance(0.3):
            return f"[[{self.path(inner, True)}]]"
        label = self.label(here)
        if not label:
            return self.layer(here, keep)
        if self.chance(0.5):
            text = self.choice(inner, True)
        else:
            text = self.loop(inner, True)
        self.mark(here, label, inner.labels)
        return label + text

    def repeat(self, here: Here, keep: bool) -> str:
        count = self.random.choice([0, 1, 2, 2, 3, 3, 4]) if self.chance(0.7) else self.random.choice([2, 3])
        index = self.index(here)
        pick = self.random.random()
        times = f" {self.pick(['x', '×'])}{count}"
        if here.names and self.chance(0.12) and (self.in_block or not self.open):
            name = self.pick(here.names)
            times = f" x{{min({name}, 3)}}"
            count = min(self.values.get(name, 2), 3) if here.top else 2
            if not here.top:
                index = None
        as_index = f" as {index}" if index else ""
        turns = (*here.turns, (index, count)) if index else here.turns
        if pick < 0.35:
            # Spliced: what is labelled inside says the index.
            inner = replace(here, depth=here.depth + 1, top=False, turns=turns)
            inner.mute = here.mute or not index
            inner.indices = (*here.indices, index) if index else here.indices
            before = set(here.labels.own)
            text = self.earlier(inner, index) + self.path(inner, True)
            self.after_turns(here, before, index, count)
            return f"[{text}]{times}{as_index}"
        if pick < 0.6 and index and count:
            # Each copy has a label of its own.
            outer = replace(here, turns=turns)
            label = self.label(outer)
            inner = outer.container()
            inner.indices = (*here.indices, index)
            if label and f"{{{index}" in label:
                text = self.path(inner, True)
                outer.labels = here.labels
                before = set(here.labels.own)
                self.mark(here, label, inner.labels)
                self.after_turns(here, before, index, count)
                return f"{label}[{text}]{times}{as_index}"
            return self.layer(here, keep)
        label = self.label(here, 0.8)
        if not label:
            return f"{self.layer(here.branch(), True)}{times}"
        within = here.container()
        if self.chance(0.4) and index:
            own = ""
            text = self.layer(within, True)
        else:
            own = ""
            turn = within.container()
            turn.indices = (*here.indices, index) if index else here.indices
            text = f"[{self.path(turn, True)}]"
        if count == 0:
            self.mark(here, label)
            return f"{label}{own}{text}{times}{as_index}"
        self.mark(here, label)
        return f"{label}{own}{text}{times}{as_index}"

    def earlier(self, here: Here, index: str | None) -> str:
        """What refers to a label of the turn before, and that label; or nothing."""
        word = self.pick(WORDS)
        if index is None or len(here.turns) != 1 or here.mute or not self.chance(0.25):
            return ""
        if word + f"{{{index}}}" in here.labels.taken:
            return ""
        here.labels.taken.add(word + f"{{{index}}}")
        said = (
            f"if {{{index} > 0}} [add<@{word}{{{index} - 1}} | identity>] {word}{{{index}}}: {self.layer(here, True)} "
        )
        here.labels.own[f"{word}{{{index}}}"] = replace(here, labels=Labels({}))
        return said

    def index(self, here: Here) -> str | None:
        if self.chance(0.35):
            return None
        used = set(here.indices)
        names = [
            name
            for name in ("i", "j", "t", "name", "turn", "k2")
            if name not in used and name not in here.names and name not in self.values
        ]
        return self.pick(names[:3] if self.chance(0.85) else names)

    def after_turns(self, here: Here, before: set[str], index: str | None, count: int) -> None:
        """Labels of copies, by the numbers that they have outside of the turns."""
        for path in [each for each in here.labels.own if each not in before]:
            there = here.labels.own.pop(path)
            if index is None or count == 0:
                continue
            for turn in {0, count - 1}:
                whole = path.replace(f"{{{index}}}", str(turn)).replace(f"{{{index} + 1}}", str(turn + 1))
                if whole != path:
                    here.labels.own[whole] = there

    def loop(self, here: Here, keep: bool) -> str:
        index = self.index(here) if self.chance(0.5) else None
        name = self.new("v")
        inner = replace(here, depth=here.depth + 1, top=False)
        before = set(here.labels.own)
        if self.chance(0.2):
            acts = self.random.sample(ACTS[:6], 2)
            inner.acts = (*here.acts, name)
            count = 2
            iterable = f"[{', '.join(acts)}]"
            body = f"{name} "
        else:
            items = [self.random.randint(1, 6) for _ in range(self.random.randint(1, 3))]
            count = len(items)
            iterable = f"[{', '.join(map(str, items))}]" if self.chance(0.8) else f"range(1, {count + 1})"
            inner.names = (*here.names, name)
            body = ""
        if index:
            inner.turns = (*here.turns, (index, count))
            inner.indices = (*here.indices, index)
        inner.mute = here.mute or not index
        body += self.earlier(inner, index) + self.path(inner, True, 2)
        self.after_turns(here, before, index, count)
        if not keep and here.rank and self.chance(0.3) and name in inner.names:
            body += f" conv1-{{{name}}}"
            last = iterable.strip("[]").split(", ")[-1] if iterable[0] == "[" else str(count)
            here.c = last
        return f"for {name} in {{{iterable}}}{f' as {index}' if index else ''} [{body}]"

    def choice(self, here: Here, keep: bool) -> str:
        """Both sides keep the shape, or both make the same channels."""
        sides = []
        c = None if keep or self.chance(0.6) else self.channels(here)
        for _ in range(2):
            inner = replace(here, depth=here.depth + 1, top=False)
            inner.labels = Labels(here.labels.visible(), taken=here.labels.taken)
            text = self.path(inner, True, 2)
            if c is not None:
                text += f" {'conv1' if here.rank else 'fc'}-{self.hole(c)}"
            sides.append(text)
        if c is not None:
            self.set_channels(here, c)
        text = f"if {{{self.condition(here)}}} [{sides[0]}]"
        if c is not None or self.chance(0.5):
            text += f" else [{sides[1]}]"
            if self.chance(0.15):
                last = self.path(replace(here, depth=here.depth + 1, top=False, mute=True), True, 1)
                if c is not None:
                    last += f" {'conv1' if here.rank else 'fc'}-{self.hole(c)}"
                text = (
                    text.replace(" else [", f" else if {{{self.condition(here)}}} [{last}] else [", 1)
                    if text.count(" else [") == 1
                    else text
                )
        return text

    def let(self, here: Here, keep: bool) -> str:
        name = self.new("w")
        if self.chance(0.4) and not here.handed:
            formula = self.pick(["in_channels", "in_channels", "2 * in_channels", "in_channels // 2 + 1"])
        else:
            formula = self.formula(here.names)
        if here.top:
            value = evaluate(parsed(formula), Place({**self.values, "in_channels": self.value(here.c)}))
            self.values[name] = value
            here.names = (*here.names, name)
        else:
            here.names = (*here.names, name)
        return f"let {name} = {{{formula}}} {self.layer(here, keep)}"
