"""Heads written anew: what of the old one stays as its author wrote it, and what a `default` makes one say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.analysis.instances import Instance
from archdsl.elaborate.binding import is_bare
from archdsl.layers.base import Layer
from archdsl.layers.biased import BiasedLayer
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.rule import Rewrite, impossible
from archdsl.syntax import tree


class Either:
    """Values of a field that come to the same where the head will stand."""

    def __init__(self, *values: Any) -> None:
        self.values = values


def head_text(
    draft: Draft,
    kind: type[Layer],
    *,
    digits: str = "",
    dash: str = "",
    slash: str = "",
    fields: Mapping[str, Any] | None = None,
    more: tuple[str, ...] = (),
) -> str:
    """A head of a layer: its numbers as text, arguments by value where they must be said, and `more` as it stands.

    An argument must be said where it is another than the class's own default or than a `default` in the file.
    """
    said = [*more]
    for name, value in (fields or {}).items():
        # Of several values that mean the same here, one that needn't be said.
        values = value.values if isinstance(value, Either) else (value,)
        if all(_must(draft, kind, name, each) for each in values):
            said.append(f"{name}={_text(values[0])}")
    head = kind.keyword + digits + (f"-{dash}" if dash else "") + (f"/{slash}" if slash else "")
    return f"{head}({', '.join(said)})" if said else head


def _must(draft: Draft, kind: type[Layer], name: str, value: Any) -> bool:
    """Whether a field has to be written to be this value wherever the file's defaults may hold."""
    defaults = _literals(draft, kind.keyword, name)
    return any(each != value for each in defaults) if defaults else bool(kind.model_fields[name].default != value)


def arguments_kept(head: tree.Head, leave_out: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The arguments of a head as they are written, `bare` first, without those of some names."""
    kept = [each for each in head.arguments if each.name is None or each.name.text not in leave_out]
    return tuple(each.span.text for each in sorted(kept, key=lambda each: not is_bare(each)))


def number_text(head: tree.Head, part: tree.Expression | None, argument: str) -> str:
    """The text of a head's number, braces included, wherever it is written: `64`, `{classes}`."""
    if part is not None:
        text = part.span.text
        ahead = part.span.source.text[: part.span.start].rstrip()
        return f"{{{text}}}" if ahead.endswith("{") else text
    for each in head.arguments:
        if each.name is not None and each.name.text == argument:
            text = each.value.span.text
            return text if text.isdigit() else f"{{{text}}}"
    return ""


def head_itself(head: tree.Head) -> str:
    """A head as it is written, without its arguments."""
    end = head.call.span.start if head.call is not None else head.span.end
    return head.span.source.text[head.span.start : end]


def statement_of(draft: Draft, head: tree.Head) -> tree.Node:
    """The statement that a head is all of, or the head itself where it stands behind an `after`."""
    parent = draft.parents.get(head)
    return parent if isinstance(parent, tree.Statement) else head


def bias_field(
    rule: Rewrite, draft: Draft, head: tree.Head, layers: list[Instance], old: type[Layer], new: type[Layer]
) -> dict[str, Any]:
    """The bias that a head must say when its keyword becomes another: what `default` said of either."""
    if any(each.name is not None and each.name.text == "bias" for each in head.arguments):
        return {}
    said = [
        item
        for item in draft.items(tree.Default)
        if item.keyword.text in (old.keyword, new.keyword)
        and any(each.name is not None and each.name.text == "bias" for each in item.call.arguments)
    ]
    if not said:
        return {}
    biases = {layer.node.layer.has_bias for layer in layers if isinstance(layer.node.layer, BiasedLayer)}
    if len(biases) != 1:
        raise impossible(rule, head.span, "it has a bias in one place and none in another", "one text for both")
    bias = biases.pop()
    wanted = set(layers)
    normed = any(each.follows in wanted and each.node.layer.follows_bias for each in draft.all_layers)
    if bias is not normed and all(item.keyword.text == old.keyword for item in said):
        # As it is by itself.
        return {}
    return {"bias": bias}


def padding_field(padding: tuple[Any, ...], half: tuple[Any, ...]) -> Either:
    """A padding in numbers, where `half` is half padding, in all the ways in which a convolution may say it."""
    words = [word for word, numbers in (("half", half), ("valid", (0,) * len(half))) if padding == numbers]
    one = len(set(padding)) == 1
    return Either(*reversed(words), *((padding[0],) if one else ()), padding)


def window_fields(kernel: tuple[Any, ...]) -> dict[str, Any]:
    """What a convolution must say that sees the whole of its input at once."""
    padding = padding_field((0,) * len(kernel), tuple((size - 1) // 2 for size in kernel))
    return {"padding": padding, "stride": 1, "dilation": 1, "groups": 1, "padding_mode": "zeros"}


def _literals(draft: Draft, keyword: str, name: str) -> list[Any]:
    """What the file's defaults say of an argument; None for what is no plain value."""
    return [
        argument.value.value if isinstance(argument.value, tree.Literal) else None
        for item in draft.items(tree.Default)
        if item.keyword.text == keyword
        for argument in item.call.arguments
        if argument.name is not None and argument.name.text == name
    ]


def axes_text(sizes: tuple[Any, ...]) -> str:
    """Sizes as a head has them: one number where all axes agree, else `1x7`."""
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return f'"{value}"' if isinstance(value, str) else str(value)
