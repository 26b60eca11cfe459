"""Specs made at random from the grammar, with an eye on shapes, so that most of them mean something.

What is written is text. Sizes are followed as formulas over the names in force, so that a branch can end with the
channels it has to; a formula says nothing of how the compiler works one out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from archdsl.diagnostics import Source
from archdsl.syntax import parse_expression, tree

from .expressions import evaluate
from .values import Place

WORDS = ["a", "b", "left", "stem", "mid", "enc", "p", "body", "head", "down", "feat"]
ODD = ["block-a", "x y", "3x3", "a-b", "conv 1", "é", "layer-", "class"]
NUMBERS = ["0", "1", "2", "3", "10"]
COLLIDING = ["relu", "relu1", "relu_1", "conv", "conv1", "conv2", "conv_1", "bn1", "fc", "fc1", "concat1", "add", "relu6", "relu6_1", "tanh1", "group", "group1", "unita", "residual"]
METHODS = ["append", "pop", "insert", "extend", "index", "keys", "items", "values", "update", "clear", "x", "torch", "nn", "super", "net", "Net", "name", "self", "block", "out", "input", "len", "range", "NetOutputs", "output", "F", "size", "i", "c", "in_channels", "divisible", "named_tuple", "Tensor"]
NORMS = ["bn", "bn", "ln", "gn-1", "bn(eps=0.01)", "bn(affine=false)", "ln(bias=false)"]
POINTWISE = ["relu", "relu", "relu", "tanh", "sigmoid", "silu", "gelu", "hardswish", "leakyrelu(0.2)", "relu6", "elu", "mish", "prelu", "softmax", "hardsigmoid", "identity", "layerscale(init=0.5)", "dropout(0.1)", "droppath(0.1)"]
ACTS = ["relu", "tanh", "silu", "leakyrelu(0.3)", "gelu", "elu(0.5)", "sigmoid", "bn", "layerscale", "identity"]
BLOCKS = ["unita", "unitb", "unitc", "cat", "cna", "drop_path", "named_tuple", "b", "f", "stage", "net", "residual2d", "Unit", "divide", "train", "group", "layer", "conv_relu", "body", "relus"]
BLOCKS = [name for name in BLOCKS if not re.search(r"\d", name)]
ARCH = ["q", "r", "width", "k", "n", "c", "Cna", "divisible", "name", "x", "s", "depth", "self_", "in_features"]


@cache
def parsed(formula: str) -> tree.Node:
    """A formula as a tree."""
    return parse_expression(Source("formula", formula), formula)


@dataclass
class Labels:
    """The labels of one container, as they can be referred to, and what they are."""

    around: dict[str, Here]
    own: dict[str, Here] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def visible(self) -> dict[str, Here]:
        return {**self.around, **self.own}


@dataclass
class Here:
    """What is known at a place: the channels as a formula, the sizes where they are known."""

    c: str
    sizes: tuple[int, ...] | None
    rank: int
    labels: Labels
    names: tuple[str, ...] = ()
    """Numbers of at least one that formulas may use."""
    turns: tuple[tuple[str, int], ...] = ()
    """The indices of repeats and loops that are spliced into this container, and how often they run."""
    acts: tuple[str, ...] = ()
    handed: tuple[tuple[str, bool], ...] = ()
    """Layers from angle brackets that keep the shape; the second says that they stand first in a branch only."""
    indices: tuple[str, ...] = ()
    """The indices of all turns around, none of which may be used again."""
    mute: bool = False
    """Whether labels here would be given several times over."""
    depth: int = 0
    top: bool = False
    callable: int = 0
    """How many of the blocks may be called here: those before."""

    def at(self, other: Here) -> None:
        self.c, self.sizes, self.rank = other.c, other.sizes, other.rank

    def branch(self) -> Here:
        return replace(self, depth=self.depth + 1, top=False)

    def container(self) -> Here:
        return replace(self, depth=self.depth + 1, top=False, turns=(), mute=False, labels=Labels(self.labels.visible()))

    def is_like(self, other: Here) -> bool:
        return self.c == other.c and self.sizes == other.sizes and self.rank == other.rank


@dataclass
class Block:
    name: str
    layers: tuple[tuple[str, bool], ...]
    parameters: tuple[tuple[str, str, str | None], ...]
    """Name, kind (`c`, `k`, `flag`, `act`, `s`, `n`, `list`, `text`, `block`) and default."""
    out: str
    """The channels that come out, a formula of the parameters and `in`."""
    stride: str | None
    text: str
    rank: int


class SpecWriter:
    """One spec for each seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.values: dict[str, int] = {}
        self.blocks: list[Block] = []
        self.fresh = 0
        self.plain_labels = self.chance(0.6)
        """Whether labels are such that no two modules get one name, so that most specs mean something."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, items: list[str] | tuple[str, ...]) -> str:
        return self.random.choice(items)

    def either(self, *ways: Callable[[], str]) -> str:
        """What one of these writes; what the others would write is never thought of."""
        return self.random.choice(ways)()

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{chr(96 + self.fresh % 26 or 26)}" + ("z" * (self.fresh // 26))

    def value(self, formula: str) -> int:
        """A formula at the top, where all is known."""
        found = evaluate(parsed(formula), Place(self.values))
        assert isinstance(found, int)
        return found

    # A file

    def spec(self) -> str:
        rank = self.random.choices([0, 1, 2, 3], [15, 10, 70, 5])[0]
        sizes = tuple(self.random.choice([5, 6, 8, 9, 12] if rank < 3 else [4, 5]) for _ in range(rank))
        channels = self.random.choice([2, 3, 4, 4, 6, 8])
        parameters: list[str] = []
        for name in self.random.sample(ARCH, self.random.randint(0, 3)):
            self.values[name] = self.random.randint(1, 6)
            parameters.append(f"{name} = {self.values[name]}")
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
            head.append(self.pick(["default bn(eps=0.02)", "default conv(bias=true)", "default leakyrelu(negative_slope=0.4)", "default ln(eps=0.1)", "default maxpool(ceil=true)"]))
        if self.chance(0.1) and self.values:
            name = self.new("let")
            formula = self.formula(tuple(self.values))
            self.values[name] = self.value(formula)
            head.append(f"let {name} = {{{formula}}}")
        for _ in range(self.random.choice([0, 1, 1, 2, 2, 3])):
            self.blocks.append(self.block(rank))
        texts = [each.text for each in self.blocks]
        here = Here(str(channels), sizes, rank, Labels({}), tuple(self.values), top=True, callable=len(self.blocks))
        if self.chance(0.15):
            head.append(self.after(here))
        body: list[str] = []
        for _ in range(self.random.randint(2, 6)):
            body.append(self.statement(here, False))
            if self.chance(0.06) and here.labels.own:
                body.append(self.aux(here))
        if self.kinds and self.chance(0.8):
            body.append(self.table(here))
        if self.chance(0.4):
            body.append(self.ending(here))
        if self.chance(0.15):
            body.append(self.pick(["init conv kaiming", "init fc normal(std=0.01)", 'init conv kaiming(mode="fan_out", bias=0)', "init bn constant(0.5)"]))
        texts, late = (texts, []) if self.chance(0.7) else ([], texts)
        if self.chance(0.1) and len(self.values):
            names = [each for each in self.values if f"{each} = " in lines[0] and each != "name"]
            if names:
                name = self.pick([each for each in names if each != "name"] or ["n"])
                late.append(f"variants\n| name | {name} |\n| v | {self.values[name]} |\n| w | {self.random.randint(1, 6)} |")
        return "\n".join(["\n".join(lines), *head, *texts, *body, *late]) + "\n"

    def ending(self, here: Here) -> str:
        if here.rank == 0:
            return "fc-3"
        return self.pick(["gap fc-3", "fc-2", "conv-head-3", "gap", "flatten fc-2", "maxpool fc-2 relu fc-3", "[gap relu fc-2]", "last: fc-2 x2"])

    def after(self, here: Here) -> str:
        body = self.pick(["relu", "[bn relu]", "[tanh]", "[layerscale(init=0.3)]", "[if {in_channels > 3} [relu]]", "residual<sigmoid>", "[concat<identity | relu> conv1-{in_channels // 2}(bare)]"])
        return f"after {self.pick(['conv', 'conv', 'fc', 'dwconv', 'relu', 'linear'])} {body}"

    def aux(self, here: Here) -> str:
        path = self.pick(list(here.labels.own))
        label = here.labels.own[path]
        name = self.new("aux")
        body = self.pick(["fc-2", "[fc-3 relu]"] if label.rank == 0 else ["[gap fc-3]", "fc-2", "gap", "[conv1-2 relu fc-2]"])
        return f"aux {name} from @{path} {body}"

    def table(self, here: Here) -> str:
        rows = []
        for _ in range(self.random.randint(1, 3)):
            cell = self.path(here.branch(), True)
            hidden = replace(here.branch(), labels=Labels(here.labels.visible()))
            rows.append(f"| {cell} | {self.path(hidden, True) if self.chance(0.5) else '-'} |" if self.chance(0.8) else f"| {cell} |")
        label = self.label(here) if self.chance(0.4) else ""
        return f"{label}table kind\n| A | B |\n" + "\n".join(rows)

    # Formulas

    def formula(self, names: tuple[str, ...], depth: int = 0) -> str:
        """A formula of at least one and not much."""
        if not names or self.chance(0.4):
            return str(self.random.choice([1, 2, 3, 4, 4, 6, 8]))
        a, b = self.pick(names), self.pick(names)
        n, m = self.random.randint(2, 6), self.random.randint(2, 8)
        inner = self.formula(names, depth + 1) if depth < 2 else a
        forms = [
            a, a, a,
            f"{a} + 1",
            f"min({a}, 6) + 2",
            f"max(1, {a} // 2)",
            f"({n} if {a} < {m} else {n + 1})",
            f"(({n} if {a} < {m} else {n + 1}) if {b} > {m // 2} else 7)",
            f"({n} if {a} > {m} else {n + 2} if {b} < 4 else 1)",
            f"divisible({a}, 4)",
            f"divisible({a} * 3, {n})",
            f"abs({a} - 9) + 1",
            f"-({a} // -2)",
            f"({a} // 3) * 2 + 1",
            f"({a} // 3) // -2 + 9",
            f"{a} // {n} + 1",
            f"{a} % {n} + 1",
            f"-{a} % {n} + 1",
            f"min({inner}, 8)",
            f"max({inner}, {n})",
            f"max(1, {a} - {n})",
            f"({inner} + {n}) // 2",
            f"[{n}, {m}, {a}][{a} % 3]",
            f"sum([1, {a}])",
            f"int({a} * 1.5)",
            f"({a} if {a} == {b} or {a} > {n} else {m})",
            f"({n} if not {a} > {m} and {b} != 2 else {a})",
        ]
        found = self.pick(forms)
        if not re.fullmatch(r"\w+", found) and not self.names_are_small(names):
            found = f"min({found}, 9)"
        return found

    def names_are_small(self, names: tuple[str, ...]) -> bool:
        return all(self.values.get(name, 9) < 9 for name in names)

    def channels(self, here: Here) -> str:
        formula = self.formula(here.names)
        if here.top:
            while self.value(formula) > 10:
                formula = f"min({formula}, {self.random.randint(2, 9)})"
        return formula

    def hole(self, formula: str) -> str:
        return formula if formula.isdigit() else f"{{{formula}}}"

    def set_channels(self, here: Here, formula: str) -> None:
        here.c = str(self.value(formula)) if here.top else formula

    def wrapped(self, formula: str) -> str:
        return formula if re.fullmatch(r"\w+", formula) else f"({formula})"

    # Statements

    def path(self, here: Here, keep: bool, longest: int = 3) -> str:
        longest = max(1, min(longest, 4 - here.depth))
        return " ".join(self.statement(here, keep) for _ in range(self.random.randint(1, longest)))

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
            (16 if self.usable(here) else 0, self.call),
            (5 if here.handed else 0, self.use_handed),
            (3 if here.acts else 0, self.use_act),
            (3, self.let),
            (3, self.labelled_splice),
        ]
        weights = [weight for weight, _ in kinds]
        return self.random.choices([kind for _, kind in kinds], weights)[0](here, keep)

    def label(self, here: Here, share: float = 1.0) -> str:
        """A label that is new in its container, or nothing."""
        if here.mute or not self.chance(share):
            return ""
        for _ in range(10):
            pick = self.random.random()
            if self.plain_labels or pick < 0.45:
                name = self.pick(WORDS)
            elif pick < 0.55:
                name = self.pick(NUMBERS)
            elif pick < 0.65:
                name = self.pick(ODD)
            elif pick < 0.8:
                name = self.pick(COLLIDING)
            else:
                name = self.pick(METHODS)
            holes = "".join(f"{{{index}}}" if self.chance(0.8) else f"{{{index} + 1}}" for index, _ in here.turns)
            if here.turns and self.chance(0.1):
                name = ""
            if here.turns and len(here.turns) > 1:
                holes = "_".join(f"{{{index}}}" for index, _ in here.turns)
            if not holes and here.names and self.chance(0.08):
                holes = f"{{{self.pick(here.names)}}}"
            name += holes
            if name and name not in here.labels.taken:
                here.labels.taken.add(name)
                return self.label_text(name)
        return ""

    def label_text(self, name: str) -> str:
        if re.fullmatch(r"[A-Za-z_](\w|\{[^{}]*\})*", name, re.ASCII):
            return f"{name}: "
        return f'"{name}": '

    def mark(self, here: Here, label: str, inner: Labels | None = None) -> None:
        """Remember what a label names."""
        name = label.removesuffix(": ").strip('"')
        if not name or not re.fullmatch(r"[A-Za-z_](\w|\{[^{}]*\})*", name, re.ASCII):
            return
        here.labels.own[name] = replace(here, labels=Labels({}))
        if inner:
            for path, there in inner.own.items():
                here.labels.own[f"{name}.{path}"] = there

    def labelled_layer(self, here: Here, keep: bool) -> str:
        label = self.label(here, 0.35)
        text = self.layer(here, keep)
        if label:
            self.mark(here, label)
        return label + text

    def layer(self, here: Here, keep: bool) -> str:
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
            arguments = self.pick(["", "", "", "", "(bias=false)", "(bias=true)", "(bare)", '(padding_mode="replicate")'])
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
            options = ["dwconv3", "maxpool3/1(padding=1)", "avgpool3/1(padding=1)", "pad(1) crop(1)", "lrn(size=3)", "dropout2d(0.2)", "dwconv3(bias=false)"]
            if here.rank == 2:
                options += ["permute(0, 2, 3, 1) linear-{in_channels} permute(0, 3, 1, 2)", "upsample2 avgpool2", "permute(0, 1, 3, 2) permute(0, 1, 3, 2)", "channelshuffle(1)"]
            if pick > 0.75:
                return self.pick(POINTWISE)
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

    def group(self, here: Here, keep: bool) -> str:
        label = self.label(here, 0.6)
        inner = here.container()
        inner.top = here.top
        if not label and self.spliced_group(here):
            inner = replace(here, depth=here.depth + 1)
        text = f"{label}[{self.path(inner, keep)}]"
        here.at(inner)
        if label:
            self.mark(here, label, inner.labels)
        return text

    def spliced_group(self, here: Here) -> bool:
        # In brackets a group would be a container; here it is written as a turn of one, which never is.
        return False

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
        if here.names and self.chance(0.12):
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
            text = self.path(inner, True)
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

    def index(self, here: Here) -> str | None:
        if self.chance(0.35):
            return None
        used = set(here.indices)
        names = [name for name in ("i", "j", "t", "name", "turn", "k2") if name not in used and name not in here.names]
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
        body += self.path(inner, True, 2)
        self.after_turns(here, before, index, count)
        if not keep and here.rank and self.chance(0.3) and name in inner.names:
            body += f" conv1-{{{name}}}"
            last = iterable.strip("[]").split(", ")[-1] if iterable[0] == "[" else str(count)
            here.c = last
        return f"for {name} in {{{iterable}}}{f' as {index}' if index else ''} [{body}]"

    def condition(self, here: Here) -> str:
        name = self.pick(here.names) if here.names else "in_channels"
        if here.turns and self.chance(0.3):
            return self.pick([f"{here.turns[-1][0]} > 0", f"{here.turns[-1][0]} == 1", here.turns[-1][0]])
        n = self.random.randint(1, 6)
        return self.pick([f"{name} > {n}", f"{name} == {n}", f"{name} != {n}", f"{name} % 2 == 0", "true", "false", f"in_channels >= {n}", f"not {name} < {n}", f"{name} > 1 and in_channels < 7"])

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

    # Merges and references

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
        return f"add<{' | '.join(branches)}>"

    def plain_residual(self, here: Here, arriving: Here) -> str:
        shortcut = self.pick(["", "", " | identity", " | project", " | optional", f" | {self.own(here, 'down', 1.0)}project"])
        return f"residual<{self.keeping(here, arriving, 3)}{shortcut}>"

    def own(self, here: Here, word: str, share: float) -> str:
        """A label of this word with a letter behind, where there may be labels."""
        return "" if here.mute or here.turns or not self.chance(share) else f"{self.new(word)}: "

    def scaled(self, here: Here, arriving: Here) -> str:
        if here.rank == 0:
            return f"mul<{self.keeping(here, arriving)} | fc-{self.hole(here.c)} sigmoid>"
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
        if here.top and self.value(here.c) > 12 or (not here.top and len(here.c) > 40):
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

    def reference(self, here: Here, keep: bool) -> str:
        paths = list(here.labels.visible().items())
        if not paths:
            return self.labelled_layer(here, keep)
        path, there = self.random.choice(paths[-6:])
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

    # Blocks

    def usable(self, here: Here) -> list[Block]:
        return [each for each in self.blocks[: here.callable] if each.rank == here.rank]

    def block(self, rank: int) -> Block:
        taken = {each.name for each in self.blocks}
        name = self.pick([each for each in BLOCKS if each not in taken])
        layers: tuple[tuple[str, bool], ...] = ()
        if self.chance(0.35):
            names = self.random.sample(["l", "layer", "other", "main", "p", "inner"], self.random.choice([1, 1, 2]))
            layers = tuple((each, self.chance(0.5)) for each in names)
        used = {each for each, _ in layers}
        parameters: list[tuple[str, str, str | None]] = []
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            kind = self.random.choices(["c", "flag", "act", "n", "list"], [5, 2, 2, 1, 1])[0]
            options = {"c": ["c", "m", "width", "k", "x", "out", "q", "in_channels_", "h"], "flag": ["flag", "norm", "wide"], "act": ["act", "nl", "f"], "n": ["n", "times"], "list": ["ks", "cs"]}[kind]
            options = [each for each in options if each not in used]
            if not options:
                continue
            parameter = self.pick(options)
            used.add(parameter)
            default = None
            if self.chance(0.3) or any(default for _, _, default in parameters):
                default = {"c": "3", "flag": "true", "act": "relu", "n": "2", "list": "[2, 3]"}[kind]
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
                body.append(f"if {{{each}}} [{self.pick(['bn', 'relu', 'tanh', f'{chr(97)}{chr(98)}: relu'])}]" + self.pick(["", " else [sigmoid]"]))
            if kind == "n":
                body.append(f"[{self.pick(POINTWISE)}] x{{{each}}}")
            if kind == "list":
                word = "conv1" if rank else "fc"
                body.append(self.pick([f"for u in {{{each}}} [{word}-{{u}}]", f"{word}-{{{each}[0]}}", f"{word}-{{sum({each})}}", f"for u in {{{each}}} as z [lz{{z}}: {word}-{{u}} relu]"]) + f" {word}-{self.hole(here.c)}")
        for _ in range(self.random.randint(1, 3)):
            body.append(self.statement(here, self.chance(0.4)))
        for each in layers:
            if not re.search(rf"\b{each[0]}\b", " ".join(body)):
                body.append(self.use_handed(replace(here, handed=(each,)), True))
        if self.chance(0.2):
            at = self.random.randrange(1, len(body) + 1)
            body.insert(at, self.pick(["default bn(eps=0.3)", "after conv relu", "after relu tanh", "default leakyrelu(negative_slope=0.7)"]))
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
            else:
                value = self.pick(["[2, 3]", "[4]", "[1, 2, 3]"])
            given[parameter] = value
            texts.append(f"{parameter}={value}" if named or self.chance(0.2) else value)
            named = named or "=" in texts[-1].split("(")[0].split("[")[0].replace("==", "").replace(">=", "").replace("!=", "")
        paths = []
        for _, first in block.layers:
            inner = replace(here, depth=here.depth + 2, top=False, names=here.names, turns=(), c="?", sizes=None)
            inner.labels = Labels(here.labels.visible())
            paths.append(self.handed_path(inner, here, first))
        arguments = f"({', '.join(texts)})" if texts else ""
        label = self.label(here, 0.3)
        text = f"{block.name}{f'<{chr(32) + (chr(32) + chr(124) + chr(32)).join(paths) + chr(32)}>' if paths else ''}{arguments}"
        text = text.replace("< ", "<").replace(" >", ">")
        out = block.out
        for parameter, value in given.items():
            out = re.sub(rf"(?<!\w){parameter}(?!\w)", self.wrapped(value), out)
        out = re.sub(r"(?<!\w)in(?!\w)", self.wrapped(here.c), out)
        known = set(here.names) | set(self.values if here.top else ())
        words = set(re.findall(r"[A-Za-z_]\w*", out)) - {"min", "max", "abs", "divisible", "sum", "int", "if", "else", "and", "or", "not", "len"}
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
        if label:
            if not tail:
                self.mark(here, label)
        return label + text + tail

    def handed_path(self, inner: Here, here: Here, first: bool) -> str:
        """Layers that keep the shape whatever it is."""
        conv = self.pick(["conv1-{in_channels}", "conv3-{in_channels}", "dwconv3"]) if here.rank else "fc-{in_channels}"
        simple = [conv, "relu", "tanh", "bn", f"{conv} relu", f"la: {conv} tanh", f"[{conv} relu] x2", f"lb{{i}}: {conv} x2 as i", f"residual<{conv}>", f"a: relu add<@a | {conv}>", f"a: {conv}", f"concat<identity | relu> {conv}", f"if {{in_channels > 3}} [{conv}]", f"[{conv} bn]"]
        if here.names:
            name = self.pick(here.names)
            simple += [f"{'conv1' if here.rank else 'fc'}-{{{name}}}"] * 2
        usable = [self.callee(each) for each in self.usable(here) if not each.layers and all(default for _, _, default in each.parameters)]
        simple += usable
        simple += [each for each, only in here.handed if first or not only]
        labels = [path for path, there in here.labels.visible().items() if there.rank == here.rank and there.sizes == here.sizes]
        if labels and (first or self.chance(0.3)):
            path = self.pick(labels)
            word = "conv1" if here.rank else "fc"
            if first:
                return self.pick([f"@{path}", f"@{path}", f"@{path} {word}-3", f"@{path} relu"])
            return self.pick([f"concat<@{path} | identity>", f"concat<identity | @{path}>", f"{word}-2 concat<@{path} | identity>", f"relu concat<@{path} relu | identity>"])
        return self.pick(simple)

    def callee(self, block: Block) -> str:
        return block.name

    def use_handed(self, here: Here, keep: bool) -> str:
        """Layers from angle brackets in the body of their block; what leaves is brought to known channels."""
        name, first = self.random.choice(here.handed)
        word = "conv1" if here.rank else "fc"
        label = self.label(here, 0.4)
        if first:
            text = self.pick([f"concat<{name} | identity>", f"concat<identity | {name} tanh>", f"concat<{name} | relu | {name}>"])
            text = label + text
        else:
            text = self.pick([f"{label}{name}", f"{label}{name}", f"[{name} relu]", f"concat<{name} | identity>", f"{name} {name}", f"[{name}] x2", f"{label}[{name} relu]", f"concat<relu {name} | tanh>"])
        return f"{text} {word}-{self.hole(here.c)}"

    def use_act(self, here: Here, keep: bool) -> str:
        return f"{self.label(here, 0.2)}{self.pick(here.acts)}"
