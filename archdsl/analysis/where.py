"""Where the formulas of open sizes hold: which sizes a network takes, as conditions and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from archdsl.analysis.trace import Tracer
from archdsl.formula import condition_text
from archdsl.ir.nodes import Architecture
from archdsl.symbolic import Condition, Expr, Solutions, assumptions, solutions, symbols, value_at

MOST_PATTERNS = 4096
"""The longest period that is looked through for words."""
MOST_LISTED = 4
"""As many numbers or rests are listed."""


class Where:
    """The conditions under which a network's open sizes are what the formulas say."""

    def __init__(self, architecture: Architecture, in_training: bool = False) -> None:
        """Auxiliary outputs ask something `in_training` only."""
        names = [each for dim in architecture.input.dims if isinstance(dim, Expr) for each in symbols(dim)]
        self.symbols = tuple(dict.fromkeys(each.name for each in names))
        self.conditions: tuple[Condition, ...] = ()
        if self.symbols:
            with assumptions() as noted:
                Tracer(in_training)(architecture.body, architecture.input)
            self.conditions = tuple(noted)

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether the network takes an input of these sizes, by their letters."""
        return all(value_at(condition, sizes) for condition in self.conditions)

    @cached_property
    def text(self) -> str:
        """`16 divides H+4 and W+4; H, W ≥ 188`; nothing where every size from 1 is taken."""
        about: dict[str, list[Condition]] = {each: [] for each in self.symbols}
        joint: list[str] = []
        for condition in self.conditions:
            names = {each.name for each in symbols(condition)}
            if len(names) == 1:
                about[names.pop()].append(condition)
            else:
                joint.append(condition_text(condition))
        said: dict[tuple[str, str], list[str]] = {}
        for symbol, conditions in about.items():
            for form, subject in _sayings(solutions(conditions, symbol)):
                said.setdefault((form, subject.replace(symbol, "{}")), []).append(subject)
        return "; ".join([*(_joined(form, subjects) for (form, _), subjects in said.items()), *joint])


def _joined(form: str, subjects: list[str]) -> str:
    return form.format(", ".join(subjects) if form.startswith("{") else " and ".join(subjects))


def _sayings(found: Solutions) -> Iterator[tuple[str, str]]:
    """What is to be said of one size, each a sentence and what of the size it is about: `4 divides {}` and `H`."""
    symbol = found.symbol
    if found.high is not None:
        yield from _bounded(found, found.high)
        return
    if not found.rest:
        if found.low > 1:
            yield f"{{}} ≥ {found.low}", symbol
        return
    pattern = _pattern(found)
    if pattern is None:
        yield from _as_formulas(found)
        return
    least, rests, period = pattern
    yield from _rests(symbol, rests, period)
    if any(number % period in rests for number in range(1, least)):
        yield f"{{}} ≥ {least}", symbol


def _as_formulas(found: Solutions) -> Iterator[tuple[str, str]]:
    if found.low > 1:
        yield f"{{}} ≥ {found.low}", found.symbol
    if found.high is not None:
        yield f"{{}} ≤ {found.high}", found.symbol
    yield from (("{}", condition_text(each)) for each in found.rest)


def _bounded(found: Solutions, high: int) -> Iterator[tuple[str, str]]:
    if high - found.low > MOST_PATTERNS:
        yield from _as_formulas(found)
        return
    numbers = [number for number in range(found.low, high + 1) if found.rest_holds(number)]
    if not numbers:
        yield "no {} fits", found.symbol
    elif len(numbers) <= MOST_LISTED:
        yield f"{{}} = {numbers[0]}" if len(numbers) == 1 else f"{{}} ∈ {_set(numbers)}", found.symbol
    elif len(numbers) == numbers[-1] - numbers[0] + 1:
        if numbers[0] > 1:
            yield f"{{}} ≥ {numbers[0]}", found.symbol
        yield f"{{}} ≤ {numbers[-1]}", found.symbol
    else:
        yield from _as_formulas(found)


def _pattern(found: Solutions) -> tuple[int, frozenset[int], int] | None:
    """The least solution, the rests that solutions leave, and by what they are divided; None for no such pattern."""
    if found.period is None or found.period > MOST_PATTERNS or found.regular - found.low > MOST_PATTERNS:
        return None
    start = max(found.low, found.regular)
    turn = [found.rest_holds(start + step) for step in range(found.period)]
    period = next(
        each
        for each in range(1, found.period + 1)
        if found.period % each == 0 and turn == turn[:each] * (found.period // each)
    )
    rests = frozenset((start + step) % period for step in range(period) if turn[step])
    ahead = [number for number in range(found.low, start) if found.rest_holds(number)]
    everyone = [number for number in range(found.low, start) if number % period in rests]
    # Where the first few are missing, a bound says so; one too many, no words do.
    if not rests or ahead != everyone[len(everyone) - len(ahead) :]:
        return None
    least = next(number for number in range(ahead[0] if ahead else start, start + period) if number % period in rests)
    return least, rests, period


def _rests(symbol: str, rests: frozenset[int], period: int) -> Iterator[tuple[str, str]]:
    others = sorted(set(range(period)) - rests)
    if not others:
        return
    if len(rests) == 1:
        yield f"{period} divides {{}}", _shifted(symbol, min(rests), period)
    elif len(others) == 1:
        yield f"{period} doesn't divide {{}}", _shifted(symbol, others[0], period)
    else:
        few, sign = (sorted(rests), "∈") if len(rests) <= len(others) else (others, "∉")
        yield f"{{}} mod {period} {sign} {_set(few)}", symbol


def _set(numbers: list[int]) -> str:
    """Numbers as a set, in braces that `format` leaves."""
    return f"{{{{{', '.join(map(str, numbers))}}}}}"


def _shifted(symbol: str, rest: int, period: int) -> str:
    """`H` less a rest, from the nearer side."""
    if not rest:
        return symbol
    return f"{symbol}−{rest}" if 2 * rest <= period else f"{symbol}+{period - rest}"
