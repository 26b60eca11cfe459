"""Kinds of change to generated source, each of which makes another network of it or no network at all.

A kind is a function of a node that gives what makes each change of the kind there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

Sites = Callable[[Any], Iterator[Callable[[], None]]]
"""Of a node, what makes each change of a kind in place."""

KINDS: dict[str, Sites] = {}

STATEFUL = ("Conv2d", "BatchNorm2d", "Linear", "Conv1d", "ConvTranspose2d", "LayerNorm", "GroupNorm")


def kind(sites: Sites) -> Sites:
    """A kind of change, called after the function."""
    KINDS[sites.__name__.replace("_", " ")] = sites
    return sites


def places(name: str, tree: ast.Module) -> list[tuple[int, int]]:
    """Where a change of a kind can be made: the number of a node, and which change there."""
    nodes = enumerate(ast.walk(tree))
    return [(place, number) for place, node in nodes for number, _ in enumerate(KINDS[name](node))]


def changed(name: str, tree: ast.Module, place: tuple[int, int]) -> str:
    """The text of a source with one change."""
    other = copy.deepcopy(tree)
    node = next(each for number, each in enumerate(ast.walk(other)) if number == place[0])
    list(KINDS[name](node))[place[1]]()
    return ast.unparse(ast.fix_missing_locations(other))


def torch_call(node: ast.AST, *names: str) -> bool:
    """Whether a node calls a module of PyTorch, one of these if any are named."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func).startswith("nn.")
        and node.func.attr[0].isupper()
        and (not names or node.func.attr in names)
    )


def methods(node: ast.AST, name: str) -> list[ast.FunctionDef]:
    found = node.body if isinstance(node, ast.ClassDef) else []
    return [each for each in found if isinstance(each, ast.FunctionDef) and each.name == name]


def setter(owner: Any, field: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(owner, field, value)


def more(node: ast.expr, by: int = 1) -> ast.expr:
    return ast.BinOp(node, ast.Add(), ast.Constant(by))


@kind
def a_key_is_doubled(node):
    if isinstance(node, ast.Dict) and len(node.keys) > 1 and all(node.keys[:2]):
        yield lambda: node.keys.__setitem__(1, node.keys[0])
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "OrderedDict" and len(node.keywords) > 1:
        # A call with a keyword twice is refused when it is read, as Python refuses it.
        yield lambda: setattr(node.keywords[1], "arg", node.keywords[0].arg)


@kind
def a_name_in_a_container_is_another(node):
    if isinstance(node, ast.Dict) and node.keys and isinstance(node.keys[0], ast.Constant):
        yield setter(node.keys[0], "value", "another")
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "OrderedDict" and node.keywords:
        yield setter(node.keywords[0], "arg", "another")
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "__init__"):
            for line in method.body:
                if isinstance(line, ast.Assign) and torch_call(line.value, *STATEFUL):
                    yield setter(line.targets[0], "attr", "another")


@kind
def an_argument_is_dropped(node):
    if torch_call(node, *STATEFUL) and node.args:
        yield lambda: node.args.pop()


@kind
def channels_that_come_in_are_others(node):
    if torch_call(node, "Conv2d", "Linear", "Conv1d") and node.args:
        yield lambda: node.args.__setitem__(0, more(node.args[0]))


@kind
def channels_that_go_out_are_others(node):
    if torch_call(node, "Conv2d", "Linear", "Conv1d") and len(node.args) > 1:
        yield lambda: node.args.__setitem__(1, more(node.args[1]))


def of_keyword(node: ast.AST, *names: str) -> list[ast.keyword]:
    return [each for each in node.keywords if each.arg in names] if torch_call(node) else []  # type: ignore[attr-defined]


@kind
def the_kernel_is_another(node):
    for each in of_keyword(node, "kernel_size"):
        yield lambda each=each: setattr(each, "value", ast.Constant(9))


@kind
def the_padding_is_left_out(node):
    for each in of_keyword(node, "padding"):
        yield lambda each=each: node.keywords.remove(each)


@kind
def a_stride_is_added(node):
    if torch_call(node, "Conv2d", "Conv1d") and not of_keyword(node, "stride"):
        yield lambda: node.keywords.append(ast.keyword("stride", ast.Constant(2)))


@kind
def a_dilation_is_added(node):
    if torch_call(node, "Conv2d", "Conv1d") and not of_keyword(node, "dilation"):
        yield lambda: node.keywords.append(ast.keyword("dilation", ast.Constant(3)))


@kind
def the_bias_is_the_other_way(node):
    if torch_call(node, "Conv2d", "Linear"):
        bias = of_keyword(node, "bias")
        if bias:
            yield lambda: node.keywords.remove(bias[0])
        else:
            yield lambda: node.keywords.append(ast.keyword("bias", ast.Constant(False)))


@kind
def groups_are_others(node):
    if torch_call(node, "Conv2d"):
        for each in of_keyword(node, "groups"):
            yield setter(each, "value", ast.Constant(7))
        if not of_keyword(node, "groups"):
            yield lambda: node.keywords.append(ast.keyword("groups", ast.Constant(2)))


@kind
def a_module_is_of_another_class(node):
    others = {"ReLU": "Sigmoid", "Conv2d": "ConvTranspose2d", "MaxPool2d": "AvgPool2d", "BatchNorm2d": "InstanceNorm2d"}
    if torch_call(node, *others):
        yield lambda: setattr(node.func, "attr", others[node.func.attr])


@kind
def two_attributes_change_places(node):
    """In `forward`, where one of them has weights."""
    if isinstance(node, ast.ClassDef):
        weighty = {
            line.targets[0].attr
            for method in methods(node, "__init__")
            for line in method.body
            if isinstance(line, ast.Assign) and torch_call(line.value, *STATEFUL) and hasattr(line.targets[0], "attr")
        }
        for method in methods(node, "forward"):
            uses = [
                each
                for each in ast.walk(method)
                if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "self" and each.attr in weighty
            ]
            for one, other in pairwise(uses):
                if one.attr != other.attr:

                    def swap(one=one, other=other):
                        one.attr, other.attr = other.attr, one.attr

                    yield swap


@kind
def an_attribute_is_made_twice(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "__init__"):
            lines = [line for line in method.body if isinstance(line, ast.Assign) and torch_call(line.value, *STATEFUL)]
            for one, other in pairwise(lines):
                if isinstance(one.targets[0], ast.Attribute) and isinstance(other.targets[0], ast.Attribute):
                    yield setter(other.targets[0], "attr", one.targets[0].attr)


@kind
def a_module_is_not_made(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "__init__"):
            for line in method.body:
                if isinstance(line, ast.Assign) and torch_call(line.value, *STATEFUL):
                    yield lambda method=method, line=line: method.body.remove(line)


@kind
def a_container_loses_a_module(node):
    if torch_call(node, "Sequential") and len(node.args) > 1:
        yield lambda: node.args.pop(0)


@kind
def a_container_has_its_modules_in_another_order(node):
    if torch_call(node, "Sequential") and len(node.args) > 1 and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        yield lambda: node.args.insert(0, node.args.pop(1))


@kind
def a_line_of_forward_is_lost(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "forward"):
            for line in method.body[:-1]:
                # `a = x` ahead of a loop only says that there is an `a`.
                if not (isinstance(line, ast.Assign) and isinstance(line.value, ast.Name)):
                    yield lambda method=method, line=line: method.body.remove(line)


@kind
def two_lines_of_forward_change_places(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "forward"):
            for number, (one, other) in enumerate(zip(method.body, method.body[1:-1], strict=False)):
                if ast.unparse(one).startswith("x = ") and ast.unparse(other).startswith("x = "):
                    yield lambda method=method, number=number: method.body.insert(number, method.body.pop(number + 1))


@kind
def a_branch_begins_with_another_tensor(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "forward"):
            names = [each for line in method.body for each in ast.walk(line) if isinstance(each, ast.Name)]
            stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
            for each in names:
                if isinstance(each.ctx, ast.Load) and each.id != "x" and each.id in stored:
                    yield setter(each, "id", "x")


def tensors_summed(node: Any) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.left, ast.Name)
        and isinstance(node.right, ast.Name)
    )


@kind
def the_shortcut_is_left_out(node):
    if tensors_summed(getattr(node, "value", None)):
        yield setter(node, "value", node.value.left)


@kind
def a_sum_is_a_difference(node):
    if tensors_summed(node):
        yield setter(node, "op", ast.Sub())


@kind
def branches_are_joined_in_another_order(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.cat":
        yield lambda: node.args[0].elts.reverse()


@kind
def a_branch_is_not_joined(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.cat":
        yield lambda: node.args[0].elts.pop()


@kind
def branches_are_joined_along_another_axis(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.cat":
        yield lambda: node.args.__setitem__(1, ast.Constant(2))


@kind
def a_loop_is_one_short(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
        yield lambda: node.args.__setitem__(0, more(node.args[0], -1))


@kind
def a_loop_is_one_long(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
        yield lambda: node.args.__setitem__(0, more(node.args[0]))


@kind
def a_class_is_handed_another_number(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id[0].isupper() and node.args:
        others = node.func.id in ("OrderedDict", "ValueError") or "Outputs" in node.func.id
        if not others:
            yield lambda: node.args.__setitem__(0, more(node.args[0]))


@kind
def a_parameter_has_another_default(node):
    if isinstance(node, ast.FunctionDef) and node.name == "__init__":
        for place, each in enumerate(node.args.defaults):
            if isinstance(each, ast.Constant) and isinstance(each.value, int):
                yield lambda place=place, each=each: node.args.defaults.__setitem__(place, ast.Constant(each.value + 1))


@kind
def another_tensor_is_given(node):
    if isinstance(node, ast.ClassDef):
        for method in methods(node, "forward"):
            last = method.body[-1]
            stored = {
                each.id
                for line in method.body
                for each in ast.walk(line)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
            for name in sorted(stored - {"x"}):
                if isinstance(last, ast.Return) and isinstance(last.value, ast.Name) and last.value.id != name:
                    yield setter(last, "value", ast.Name(name, ast.Load()))


@kind
def nothing_is_flattened(node):
    value = getattr(node, "value", None)
    if isinstance(node, ast.Assign) and isinstance(value, ast.Call) and ast.unparse(value.func) == "torch.flatten":
        yield setter(node, "value", value.args[0])


@kind
def a_name_has_no_value(node):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ("x", "in_channels", "shortcut"):
        yield setter(node, "id", "nowhere")


@kind
def a_class_is_declared_twice(node):
    if isinstance(node, ast.Module):
        for each in node.body:
            if isinstance(each, ast.ClassDef):
                yield lambda each=each: node.body.append(copy.deepcopy(each))


@kind
def a_layer_with_weights_writes_into_its_input(node):
    if torch_call(node, *STATEFUL):
        yield lambda: node.keywords.append(ast.keyword("inplace", ast.Constant(True)))
