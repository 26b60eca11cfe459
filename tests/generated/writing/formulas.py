"""Formulas of numbers."""

from __future__ import annotations

import re

from .base import Writing
from .places import Here


class Formulas(Writing):
    """Writes numbers, and conditions on them."""

    def formula(self, names: tuple[str, ...], depth: int = 0) -> str:
        """A formula of at least one and not much."""
        if not names or self.chance(0.15 if self.open else 0.4):
            return str(self.random.choice([1, 2, 3, 4, 4, 6, 8]))
        a, b = self.pick(names), self.pick(names)
        n, m = self.random.randint(2, 6), self.random.randint(2, 8)
        inner = self.formula(names, depth + 1) if depth < 2 else a
        if self.open and not self.in_block:
            return self.pick(
                [
                    a,
                    a,
                    f"{a} + 1",
                    f"2 * {a}",
                    f"min({a}, {n}) + 2",
                    f"max(1, {a} // 2)",
                    f"divisible({a}, 4)",
                    f"-({a} // -2)",
                    f"({a} // 3) // -2 + 9",
                    f"{a} // {n} + 1",
                    f"{a} % {n} + 1",
                    f"-{a} % {n} + 1",
                    f"max({inner}, {n})",
                    f"({inner} + {n}) // 2",
                    f"{a} + {b}",
                    f"divisible({a} * 3, {n})",
                    f"({a} + 7) // 2 * 2 // 3 + 1",
                ]
            )
        forms = [
            a,
            a,
            a,
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
            f"[2 * u for u in [{a}, 1]][1]",
            f"[{a}, 4][:1][0]",
            f"len([1, 2] * {n} + [{a}])",
            f"max([{a}, {b}])",
            f"{n} ** 2 // {n} + {a} % 2",
            f"{a} - {a} % -3",
            f"round({a} / 2) + 1",
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
        if here.top and self.value(formula) > 10:
            formula = f"min({formula}, {self.random.randint(2, 9)})"
        return formula

    def condition(self, here: Here) -> str:
        name = self.pick(here.names) if here.names and (self.in_block or not self.open) else "in_channels"
        if here.turns and self.chance(0.3):
            return self.pick([f"{here.turns[-1][0]} > 0", f"{here.turns[-1][0]} == 1", here.turns[-1][0]])
        n = self.random.randint(1, 6)
        return self.pick(
            [
                f"{name} > {n}",
                f"{name} == {n}",
                f"{name} != {n}",
                f"{name} % 2 == 0",
                "true",
                "false",
                f"in_channels >= {n}",
                f"not {name} < {n}",
                f"{name} > 1 and in_channels < 7",
            ]
        )
