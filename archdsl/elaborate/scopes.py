"""What the blocks of a spec see: parameters, `let`s and `default`s of the file that each is from."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.elaborate.expressions import SIZES, Evaluator, unpack
from archdsl.elaborate.parameters import settle_parameters
from archdsl.elaborate.program import Program
from archdsl.ir.free_names import free_names
from archdsl.ir.values import Scope, Value
from archdsl.syntax import tree


def block_scopes(program: Program, parameters: Mapping[str, Value], evaluate: Evaluator) -> dict[tree.Block, Scope]:
    """The names in force at each block of a spec under these parameters, and at those it brings from other files."""
    scopes: dict[tree.Block, Scope] = {}
    for file in program.files:
        given = parameters if file is program else settle_parameters(file, file.default_variant, {}, evaluate.budget)
        scopes |= _in_file(file, evaluate, file.scope(given))
    return scopes


def _in_file(program: Program, evaluate: Evaluator, scope: Scope) -> dict[tree.Block, Scope]:
    """For each block of a file the names it sees: parameters, the file's `let`s, and the defaults said before it."""
    lets = scope
    unseen = set(SIZES)
    for item in program.body:
        if not isinstance(item, tree.Let):
            continue
        if unseen & free_names(item.value):
            # What depends on a place of the network is known at that place alone.
            unseen |= {word.text for word in item.names}
            continue
        value = evaluate(item.value, lets)
        lets = lets.bind(**unpack(item.names, value, item.value.span))
    scopes: dict[tree.Block, Scope] = {}
    here = lets
    for item in program.file.items:
        if isinstance(item, tree.Default):
            here = here.with_default(item)
        elif isinstance(item, tree.Block):
            scopes[item] = here
    return scopes
