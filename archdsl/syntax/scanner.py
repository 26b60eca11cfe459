"""Lexing without compiling what one file never needs.

Lark joins the terminals that may stand at a place into one regular expression, for each of some hundred
places. That pays for large files; a spec has a hundred lines, and the compiling took three times as long as
all of its parsing. Here each terminal is compiled once, and those allowed are tried in Lark's order.
"""

from __future__ import annotations

import re
from copy import copy
from functools import cache
from typing import Any

from lark.lexer import BasicLexer, ContextualLexer, Scanner, _create_unless


@cache
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    return re.compile(pattern, flags)


class OneByOne(Scanner):
    """Tries terminals in turn. The first that matches is the one that a joined expression would find."""

    def _build_mres(self, terminals: Any, max_size: int) -> list[tuple[str, re.Pattern[str]]]:
        flags: int = self.g_regex_flags
        return [(each.name, _compiled(each.pattern.to_regexp(), flags)) for each in terminals]

    def match(self, text: Any, pos: int) -> tuple[str, str] | None:
        # Up to Lark 1.2 a text is a string, later a slice of one.
        whole, end = (text, len(text)) if isinstance(text, str) else (text.text, text.end)
        for name, pattern in self._mres:
            found = pattern.match(whole, pos, end)
            if found:
                return found[0], name
        return None


class Lexer(BasicLexer):
    """Lark's lexer of one place, with that scanner."""

    def _build_scanner(self) -> Scanner:
        terminals, self.callback = _create_unless(self.terminals, self.g_regex_flags, self.re, self.use_bytes)  # type: ignore[no-untyped-call]
        return OneByOne(terminals, self.g_regex_flags, self.re, self.use_bytes)  # type: ignore[no-untyped-call]


class PlaceLexer(ContextualLexer):
    """Lark's lexer that knows what may stand at each place, with those of one place, made when it is reached."""

    BasicLexer = Lexer

    def __init__(self, conf: Any, states: dict[int, Any], always_accept: Any = ()) -> None:
        self.lexers = _Lexers(conf, states, {*conf.ignore, *always_accept})  # type: ignore[assignment]
        self.root_lexer = Lexer(conf)


class _Lexers(dict[int, Lexer]):
    """The lexer of each state of the parser; states that accept the same share one."""

    def __init__(self, conf: Any, states: dict[int, Any], always: set[str]) -> None:
        self.conf = conf
        self.states = states
        self.always = always
        self.shared: dict[frozenset[str], Lexer] = {}

    def __missing__(self, state: int) -> Lexer:
        accepted = frozenset(self.states[state]) | self.always
        if accepted not in self.shared:
            conf = copy(self.conf)
            conf.terminals = [
                self.conf.terminals_by_name[name] for name in accepted if name in self.conf.terminals_by_name
            ]
            self.shared[accepted] = Lexer(conf)
        self[state] = self.shared[accepted]
        return self[state]
