"""`init`: how the weights of a kind of layer, or of one labelled layer, begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from archdsl.diagnostics import ArchError, Diagnostic, Span, proposal
from archdsl.elaborate.binding import Given, build, place, written_arguments
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.expressions import Evaluator
from archdsl.elaborate.labels import unknown_label
from archdsl.elaborate.statements.head import check_keyword
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, names, style
from archdsl.ir.nodes import Aux, Call, Chain, Initial, LayerNode, Node
from archdsl.ir.values import Scope
from archdsl.layers.initialization import Initialization, initializations
from archdsl.layers.torch_call import Module
from archdsl.syntax import tree


class UnknownInitialization(Diagnostic):
    """A rule of `init` that isn't one."""

    code = "unknown-initialization"
    bad = "arch net\ninput 3x8x8\ninit conv kaimin\nconv3-8\n"
    mended = "arch net\ninput 3x8x8\ninit conv kaiming\nconv3-8\n"


class ImpossibleInitialization(Diagnostic):
    """A rule of `init` for layers whose weights it can't set."""

    code = "impossible-initialization"
    bad = "arch net\ninput 3x8x8\ninit bn kaiming\nconv3-8 bn\n"
    mended = "arch net\ninput 3x8x8\ninit conv kaiming\nconv3-8 bn\n"


def settle_initializations(
    items: tuple[tree.Init, ...], elaborator: Elaborator, scope: Scope, body: Chain
) -> tuple[Initial, ...]:
    """The rules with their numbers put in. Raises ArchError for one that can't be followed."""
    if not items:
        return ()
    layers = list(_layers(body, set()))
    inside: Members = {}
    made: dict[str, Initial] = {}
    kinds: dict[str, str] = {}
    for item in items:
        rule = _rule(item, elaborator.evaluate, scope)
        if isinstance(item.target, tree.Template):
            found = [named_layer(body, item.target, inside)]
            target = f"@{item.target.span.text}"
        else:
            check_keyword(item.target)
            target = item.target.text
            elaborator.budget.step(item.span, len(layers))
            classes = {_module(node) for node in layers if node.layer.keyword == target}
            # PyTorch has one class for a convolution and a depthwise one; a rule is for the class.
            found = [node for node in layers if _module(node) in classes]
        for node in found:
            _check_weight(node, rule, item)
        modules = {_module(node): None for node in found}
        for module in modules if target[0] != "@" else ():
            if kinds.setdefault(module, target) != target:
                raise ArchError(
                    ImpossibleInitialization(
                        item.span,
                        f"`{target}` and `{kinds[module]}` are both `nn.{next(iter(modules))}` in PyTorch, "
                        "and can't begin differently",
                        "the second rule for them",
                    )
                )
        made.pop(target, None)
        made[target] = Initial(
            target=target,
            modules=tuple(modules),
            has_bias=any("bias" in node.layer.weights(node.input) for node in found),
            rule=rule,
        )
    return tuple(made.values())


def _rule(item: tree.Init, evaluate: Evaluator, scope: Scope) -> Initialization:
    known = initializations()
    word = item.rule.text
    if word not in known:
        meant = proposal(item.rule.span, word, known, "a rule")
        meant["helps"] = meant["helps"] or [f"the rules are {', '.join(known)}"]
        raise ArchError(UnknownInitialization(item.rule.span, f"unknown initialisation `{word}`", **meant))
    fields: Given = {}
    place(known[word], fields, written_arguments(item.arguments, evaluate, scope))
    return build(known[word], fields, item.rule.span)


def _check_weight(node: LayerNode, rule: Initialization, item: tree.Init) -> None:
    """Raise ArchError if a rule can't set a layer's weight."""
    axes = len(node.layer.weights(node.input).get("weight", ()))
    if rule.function is None or axes >= rule.axes:
        return
    reason = f"whose weight has {axes} axis, and the rule needs {rule.axes}" if axes else "which has no weight"
    raise ArchError(
        ImpossibleInitialization(
            item.rule.span,
            f"`{rule.keyword}` can't begin `{node.layer.keyword}`, {reason}",
            "can't be followed",
            helps=["for a weight of any shape there are " + ", ".join(f"`{each}`" for each in _for_any())]
            if axes
            else ["name a layer that has weights, such as `conv` or `fc`"],
        )
    )


def _for_any() -> list[str]:
    return [word for word, kind in sorted(initializations().items()) if kind.function is not None and kind.axes == 1]


def _module(node: LayerNode) -> str:
    """PyTorch's class for a layer, or '' for a layer that is none."""
    return next((step.name for step in node.layer.torch(node.input) if isinstance(step, Module)), "")


def _layers(node: Node, seen: set[Node]) -> Iterator[LayerNode]:
    if node in seen:
        return
    seen.add(node)
    if isinstance(node, LayerNode):
        yield node
    for part in node.parts:
        yield from _layers(part, seen)


Members: TypeAlias = dict[Node, dict[str, Node]]
"""What is in containers, by its names, of those that were looked into."""


def named_layer(body: Chain, target: tree.Template, inside: Members) -> LayerNode:
    """The layer of a name, as the `state_dict` has it: of containers and blocks the name leads to what is inside.

    Raises ArchError where there is none, or where it is a copy that a repeat makes.
    """
    node: Node = body
    kind: Kind = "top"
    for word in target.span.text.split("."):
        if node not in inside:
            inside[node] = dict(_members(node, kind))
        if word not in inside[node]:
            raise ArchError(unknown_label(target.span.text, target.span, dict.fromkeys(inside[node], body.output)))
        node = inside[node][word]
        if isinstance(node, Aux):
            node = node.body
        kind = "block" if isinstance(node, Call) else "group"
    if not isinstance(node, LayerNode):
        raise ArchError(_no_layer(target.span))
    return node


def _members(node: Node, kind: Kind) -> Iterator[tuple[str, Node]]:
    """What is in a container, by its names; copies of a repeat have none of their own here."""
    chain = node.body if isinstance(node, Call) else node
    if isinstance(chain, Chain):
        yield from _pairs(names(chain, style(chain, kind)))


def _pairs(members: Iterable[Named]) -> Iterator[tuple[str, Node]]:
    for each in members:
        if each.name is not None:
            yield each.text, each.node
        for side in each.sides:
            yield from _pairs(side)


def _no_layer(span: Span) -> Diagnostic:
    return ImpossibleInitialization(
        span,
        f"`{span.text}` is no single layer",
        "several layers, or a block",
        helps=["label the layer itself, or name its kind: `init conv …`"],
    )
