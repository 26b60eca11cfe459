"""The parser's tables: built from `grammars/arch.lark` once, and kept as plain data in the package.

Building the tables takes longer than everything else `archdsl shapes` does. They are stored as a literal
in a Python module, so that the interpreter's own bytecode cache serves them and nothing is unpickled.
Run `python -m archdsl.syntax.tables` after a change of the grammar; a test holds both together.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from lark import Lark

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
    return Lark(grammar(), parser="lalr", start=list(STARTS), propagate_positions=True, strict=strict)


def serialized() -> str:
    """The module that holds the tables."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = build().memo_serialize([TerminalDef, Rule])
    return (
        '"""Generated from `grammars/arch.lark` by `python -m archdsl.syntax.tables`."""\n\n'
        "# ruff: noqa\n"
        "from typing import Any\n\n"
        f"GRAMMAR_SHA256 = {digest()!r}\n"
        f"DATA: dict[str, Any] = {_ordered(data)!r}\n"
        f"MEMO: dict[Any, Any] = {_ordered(memo)!r}\n"
    )


def load() -> Lark:
    """A parser from the stored tables."""
    from archdsl.syntax.generated_tables import DATA, MEMO
    from archdsl.syntax.scanner import PlaceLexer

    parser: Lark = Lark.__new__(Lark)
    return parser._load({"data": DATA, "memo": MEMO}, _plugins={"ContextualLexer": PlaceLexer})


def _ordered(value: Any) -> Any:
    """Plain data in one order, whatever the hash seed."""
    if isinstance(value, dict):
        return {_ordered(key): _ordered(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_ordered(each) for each in value)
    return str(value) if isinstance(value, str) else value


def main() -> None:
    target = Path(__file__).with_name("generated_tables.py")
    target.write_text(serialized(), encoding="utf-8")


if __name__ == "__main__":
    main()
