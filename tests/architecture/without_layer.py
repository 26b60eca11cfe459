"""Run as a script: delete each layer's class from its file, as the file is read, and say what each spec makes of it.

Prints one JSON object a line: the keyword, and for each spec the codes of its diagnostics.
"""

from __future__ import annotations

import ast
import importlib.machinery
import json
import os
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import click  # noqa: F401 — imported once, ahead of the forks
import pydantic  # noqa: F401

SPECS = Path(__file__).parents[2] / "specs"


def keyword_of(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Constant):
            continue
        if [target.id for target in statement.targets if isinstance(target, ast.Name)] == ["keyword"]:
            return str(statement.value.value)
    return None


class Without(importlib.machinery.SourceFileLoader):
    """Loads a module without the class of one layer."""

    keyword = ""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:
        parsed = ast.parse(data)
        parsed.body = [
            node for node in parsed.body if not (isinstance(node, ast.ClassDef) and keyword_of(node) == self.keyword)
        ]
        return compile(parsed, path, "exec", dont_inherit=True)

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class Finder:
    """Finds the layers' modules as Python does, and hands them to that loader."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith("archdsl.layers."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = Without(name, spec.origin)
        return spec


def outcomes(keyword: str) -> dict[str, list[str]]:
    Without.keyword = keyword
    sys.meta_path.insert(0, Finder())  # type: ignore[arg-type]

    import archdsl
    from archdsl.layers.base import keywords

    assert keyword not in keywords(), f"{keyword} was not deleted"
    found: dict[str, list[str]] = {}
    for path in sorted(SPECS.glob("*.arch")):
        try:
            archdsl.load(path).source()
            found[path.name] = []
        except archdsl.ArchError as error:
            found[path.name] = [diagnostic.code for diagnostic in error.diagnostics]
    return found


def main() -> None:
    for keyword in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            try:
                print(json.dumps([keyword, outcomes(keyword)]), flush=True)
            except BaseException as error:
                print(json.dumps([keyword, {"crash": [repr(error)]}]), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
