"""What a spec has made us do so far, counted before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.diagnostics import ArchError, Diagnostic, Span
from archdsl.ir.values import Value, handed
from archdsl.limits import Limits
from archdsl.shape import Dim
from archdsl.syntax.survey import too_deep


class TooManyLayers(Diagnostic):
    """A spec that unrolls into more layers than is sensible: in a `for`, or in a repeat whose turns all differ.

    Turns of a repeat that are alike count once.
    """

    code = "too-many-layers"
    bad = "arch net\ninput 1000001x4x4\n[conv1-{in_channels - 1}] x1000000\n"
    mended = "arch net\ninput 8x4x4\n[conv1-{in_channels - 1}] x6\n"


class TooManyCalls(Diagnostic):
    """Blocks within blocks that unroll into more different calls than is sensible.

    A call with the arguments and the input of an earlier one is the same, and counts once.
    """

    code = "too-many-calls"
    bad = (
        "arch net\ninput 3x4x4\nblock b0_ = [conv1-{in_channels + 1}]\n"
        + "".join(f"block b{level}_ = [b{level - 1}_ b{level - 1}_]\n" for level in range(1, 41))
        + "b40_\n"
    )
    mended = (
        "arch net\ninput 3x4x4\nblock b0_ = [conv1-{in_channels}]\n"
        + "".join(f"block b{level}_ = [b{level - 1}_ b{level - 1}_]\n" for level in range(1, 41))
        + "b40_\n"
    )


class TooManySteps(Diagnostic):
    """Expressions and loops that take more work than those of any network: loops over long lists, within each other."""

    code = "too-many-steps"
    bad = "arch net\ninput 3x4x4\nlet n = {sum([sum(range(1000)) for i in range(1000)])}\nconv1-{n // n}\n"
    mended = "arch net\ninput 3x4x4\nlet n = {sum([sum(range(10)) for i in range(10)])}\nconv1-{n // n}\n"


class ListTooLong(Diagnostic):
    """A list of more items than anything in a network has, those of the lists in it counted too."""

    code = "list-too-long"
    bad = "arch net\ninput 3x8x8\nlet widths = {[8] * 10 ** 9}\nconv3-{widths[0]}\n"
    mended = "arch net\ninput 3x8x8\nlet widths = {[8] * 10}\nconv3-{widths[0]}\n"


class TensorTooLarge(Diagnostic):
    """A tensor or a layer's parameters that no machine holds, which only a mistyped or hostile spec asks for."""

    code = "tensor-too-large"
    bad = "arch net\ninput 3x8x8\nconv3-{10 ** 30}\n"
    mended = "arch net\ninput 3x8x8\nconv3-{10 ** 3}\n"


class Budget:
    """Counts of one network, or of the classes of one source. Each count raises ArchError beyond its limit.

    `times` as much may be spent on a source: a text is built anew for each class that is tried for it. What the zoo
    takes for that is less than twice what its networks do.
    """

    def __init__(self, limits: Limits, times: int = 1) -> None:
        self.limits = limits
        self.times = times
        self.layers = 0
        self.calls = 0
        self.steps = 0
        self.written = 0
        self.at: Span | None = None
        """What was last worked out."""
        self.depth = 0

    def step(self, span: Span, times: int = 1) -> None:
        """An expression or statement, or the items of a list, worked out."""
        self.steps += times
        self.at = span
        if self.steps > self.times * self.limits.steps:
            raise ArchError(
                TooManySteps(
                    span,
                    f"working this spec out takes more than {self.limits.steps} steps",
                    "the limit was met here",
                    helps=["loop over fewer items", self.limits.help("steps")],
                )
            )

    def more(self, times: int) -> None:
        """More steps for what was last worked out: its unknown numbers make it heavy."""
        if self.at is not None:
            self.step(self.at, times)

    def layer(self, span: Span) -> None:
        """One more member of a chain."""
        self.layers += 1
        if self.layers > self.times * self.limits.layers:
            raise ArchError(
                TooManyLayers(
                    span,
                    f"this unrolls into more than {self.limits.layers} different layers",
                    "unrolled here",
                    helps=[self.limits.help("layers")],
                )
            )

    def call(self, span: Span) -> None:
        """A block called on arguments and an input that are new."""
        self.calls += 1
        if self.calls > self.times * self.limits.calls:
            raise ArchError(
                TooManyCalls(
                    span,
                    f"blocks are unrolled into more than {self.limits.calls} different calls",
                    "called here",
                    helps=[self.limits.help("calls")],
                )
            )

    def write(self, span: Span, count: int = 1) -> None:
        """Members written out in a source, which a repeat within a repeat multiplies."""
        self.written += count
        most = self.times * self.limits.layers
        if self.written > most:
            raise ArchError(
                TooManyLayers(
                    span,
                    f"written out as a source, this has more than {most} layers",
                    "the limit was met here",
                    helps=[
                        "label the repeats within each other, so that each is a container",
                        self.limits.help("layers"),
                    ],
                )
            )

    @contextmanager
    def deeper(self, span: Span) -> Iterator[None]:
        """Within another bracket, or a block."""
        self.depth += 1
        try:
            if self.depth > self.limits.nesting:
                raise ArchError(too_deep(span, self.limits))
            yield
        finally:
            self.depth -= 1

    def items(self, span: Span, value: Value) -> None:
        """A list that is to be used or kept, whose items are counted with those of what is in it."""
        count = 0
        pending = [value]
        while pending:
            each = pending.pop()
            inside = each if isinstance(each, tuple) else [more for _, more in handed(each)]
            count += len(inside)
            self.fits(span, count)
            pending += inside
        self.step(span, count)

    def fits(self, span: Span, count: int) -> None:
        """Whether a list may have so many items; asked before it is made."""
        if count > self.limits.items:
            raise ArchError(
                ListTooLong(
                    span,
                    f"this list has {shown(count)} items, more than {self.limits.items}",
                    "too long",
                    helps=[self.limits.help("items")],
                )
            )

    def elements(self, span: Span, what: str, number: Dim) -> None:
        """Whether a tensor may hold so many numbers, where it is known how many."""
        if isinstance(number, int) and number > self.limits.elements:
            raise ArchError(
                TensorTooLarge(
                    span,
                    f"{what} would hold {shown(number)} numbers",
                    "far too many",
                    helps=[self.limits.help("elements")],
                )
            )


class Altogether:
    """What all variants of a spec take together: beyond some times the limits of one, no further one is looked at."""

    TIMES = 5
    """Usual tables of variants come nowhere near: the four DenseNets have 2,900 layers between them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.spent = {"steps": 0, "calls": 0, "layers": 0}

    def add(self, budget: Budget, span: Span | None) -> None:
        """Count in what a variant took. Raises ArchError, at its place, where all so far took too much together."""
        for name, (kind, wording) in _ALTOGETHER.items():
            self.spent[name] += getattr(budget, name)
            most = self.TIMES * int(getattr(self.limits, name))
            if self.spent[name] > most:
                raise ArchError(
                    kind(
                        span,
                        wording.format(most),
                        "those behind it are not looked at",
                        helps=["keep fewer variants in one file", self.limits.help(name)],
                    )
                )


_ALTOGETHER: dict[str, tuple[type[Diagnostic], str]] = {
    "steps": (TooManySteps, "the variants up to this one take more than {} steps together"),
    "calls": (TooManyCalls, "the variants up to this one unroll blocks into more than {} different calls together"),
    "layers": (TooManyLayers, "the variants up to this one unroll into more than {} different layers together"),
}


def shown(count: int) -> str:
    """A count, or its power of ten where nobody wants to read so many digits."""
    return str(count) if count < 10**12 else f"about 10^{len(str(count)) - 1}"
