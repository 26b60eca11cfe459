"""The parser's tables: made from `grammars/arch.lark` by Lark, and kept as plain data in the package.

Making them takes longer than everything else `archdsl shapes` does, and so does importing what makes them. They
are stored as literals in a Python module, so that the interpreter's own bytecode cache serves them and nothing is
unpickled. Run `python archdsl/syntax/tables.py` after a change of the grammar; a test holds both together, and
another holds what reads them (`archdsl.syntax.automaton`) to Lark's own parser.
"""

from __future__ import annotations

import hashlib
import re
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

STARTS = ("start", "expression")


def grammar() -> str:
    """The text of the grammar, from the wheel or from the source tree."""
    packaged = Path(__file__).parents[1] / "grammars" / "arch.lark"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "grammars" / "arch.lark").read_text(encoding="utf-8")


def digest() -> str:
    """What tells whether stored tables are those of this grammar."""
    return hashlib.sha256(grammar().encode()).hexdigest()


def build(strict: bool = False) -> Lark:
    """A parser made from the grammar's text; `strict` raises where the grammar is ambiguous."""
    from lark import Lark

    return Lark(grammar(), parser="lalr", start=list(STARTS), propagate_positions=True, strict=strict)


def serialized() -> str:
    """The module that holds the tables."""
    lark = build()
    # In the order in which Lark tries them.
    terminals = sorted(
        lark.terminals,
        key=lambda each: (-each.priority, -each.pattern.max_width, -len(each.pattern.value), each.name),
    )
    ignored = [each for each in terminals if each.name in lark.ignore_tokens]
    terminals = [each for each in terminals if each not in ignored]
    table: Any = lark.parser.parser._parse_table
    rules = sorted(lark.rules, key=str)
    numbers = {rule: number for number, rule in enumerate(rules)}
    order = _order(table)
    states = [_state(table.states[number], numbers, order) for number in order]
    lexers = [_lexer([each for each in terminals if each.name in state]) for state in states]
    shared = list(dict.fromkeys(map(repr, lexers)))
    blank = "|".join(each.pattern.to_regexp() for each in ignored)
    return "\n".join(
        [
            '"""Generated from `grammars/arch.lark` by `python archdsl/syntax/tables.py`."""',
            "",
            "# ruff: noqa",
            f"GRAMMAR_SHA256 = {digest()!r}",
            f"BLANK = {f'(?:{blank})*'!r}",
            f"PATTERNS: dict[str, str] = { {str(each.name): each.pattern.to_regexp() for each in terminals}!r}",
            f"FIRSTS: dict[str, str] = { {str(each.name): _firsts(each.pattern.to_regexp()) for each in terminals}!r}",
            f"WORDS: dict[str, str] = { {str(each.name): _word(each) for each in terminals if _word(each)}!r}",
            "LEXERS: list[tuple[tuple[str, ...], dict[str, dict[str, str]]]] = [" + ", ".join(shared) + "]",
            f"LEXER_OF: list[int] = {[shared.index(repr(each)) for each in lexers]!r}",
            f"RULES: list[tuple[str, str, int, bool, tuple[int | None, ...]]] = {[_rule(rule) for rule in rules]!r}",
            f"STATES: list[dict[str, int]] = {states!r}",
            f"BEGINNINGS: dict[str, int] = { {start: order[table.start_states[start]] for start in STARTS}!r}",
            f"ENDS: dict[str, int] = { {start: order[table.end_states[start]] for start in STARTS}!r}",
            "",
        ]
    )


def _order(table: Any) -> dict[int, int]:
    """A number for each of Lark's states that is the same whenever the tables are made: as one comes upon them."""
    from lark.parsers.lalr_analysis import Shift

    order: dict[int, int] = {}
    pending = [table.start_states[start] for start in STARTS]
    for state in pending:
        if state not in order:
            order[state] = len(order)
            pending += [
                target
                for _, (action, target) in sorted(table.states[state].items(), key=itemgetter(0))
                if action is Shift
            ]
    return order


def _state(actions: dict[str, tuple[Any, Any]], numbers: dict[Rule, int], order: dict[int, int]) -> dict[str, int]:
    """What is done at each symbol: a number is the state that it leads to, ~n is that rule n ends before it."""
    from lark.parsers.lalr_analysis import Shift

    return {
        str(symbol): order[target] if action is Shift else ~numbers[target]
        for symbol, (action, target) in sorted(actions.items(), key=itemgetter(0))
    }


def _lexer(accepted: list[TerminalDef]) -> tuple[tuple[str, ...], dict[str, dict[str, str]]]:
    """The terminals to try in turn and, for those that also match words with names of their own, these words."""
    from lark.lexer import PatternStr

    words: dict[str, dict[str, str]] = {}
    fixed = [each for each in accepted if isinstance(each.pattern, PatternStr)]
    for terminal in accepted:
        if terminal in fixed:
            continue
        for word in fixed:
            if word.priority == terminal.priority and re.fullmatch(terminal.pattern.to_regexp(), word.pattern.value):
                words.setdefault(str(terminal.name), {})[word.pattern.value] = str(word.name)
    found = {name for each in words.values() for name in each.values()}
    return tuple(str(each.name) for each in accepted if each.name not in found), words


def _firsts(pattern: str) -> str:
    """The characters that a match of a pattern may begin with, all of them ASCII but for the `×` of repeats."""
    from re import _constants, _parser

    characters = [*map(chr, range(128)), "×"]

    def firsts(sequence: Any) -> tuple[set[str], bool]:
        """What it may begin with, and whether it may match nothing."""
        found: set[str] = set()
        for operation, operand in sequence:
            if operation in (_constants.ASSERT, _constants.ASSERT_NOT, _constants.AT):
                continue
            if operation is _constants.MAX_REPEAT:
                begun, empty = firsts(operand[2])
                empty = empty or operand[0] == 0
            elif operation is _constants.SUBPATTERN:
                begun, empty = firsts(operand[-1])
            elif operation is _constants.BRANCH:
                branches = [firsts(each) for each in operand[1]]
                begun, empty = set().union(*(each for each, _ in branches)), any(each for _, each in branches)
            else:
                # One character: itself, or a class.
                assert operation in (_constants.LITERAL, _constants.IN), operation
                alone = _parser.SubPattern(_parser.State(), [(operation, operand)])
                one = re._compiler.compile(alone, re.UNICODE)  # type: ignore[attr-defined]
                begun, empty = {each for each in characters if one.match(each)}, False
            found |= begun
            if not empty:
                return found, False
        return found, True

    return "".join(sorted(firsts(_parser.parse(pattern))[0]))


def _word(terminal: TerminalDef) -> str:
    """The word that a terminal begins with, such as `arch`; empty where it may begin otherwise."""
    from lark.lexer import PatternStr

    if isinstance(terminal.pattern, PatternStr):
        return terminal.pattern.value
    begun = re.match(r"[a-z]{2,}(?=\(\?=)", terminal.pattern.value)
    return begun[0] if begun else ""


def _rule(rule: Rule) -> tuple[str, str, int, bool, tuple[int | None, ...]]:
    """A rule's symbol and its name, how many symbols it reads, whether one child alone takes its place, and which
    are its children: n is what was read n-th, ~n is all children of that, and None something that was left out.
    """
    size = len(rule.expansion)
    left_out = rule.options.empty_indices or (False,) * size
    children: list[int | None] = []
    place = 0
    for empty in left_out:
        if empty:
            children.append(None)
            continue
        symbol = rule.expansion[place]
        if not symbol.is_term and symbol.name.startswith("_"):
            children.append(~place)
        elif not (symbol.is_term and symbol.filter_out):  # type: ignore[attr-defined]
            children.append(place)
        place += 1
    name = rule.alias or rule.origin.name
    single = bool(rule.options.expand1 and not rule.alias)
    return str(rule.origin.name), str(name), size, single, tuple(children)


def main() -> None:
    target = Path(__file__).with_name("generated_tables.py")
    target.write_text(serialized(), encoding="utf-8")


if __name__ == "__main__":
    main()
