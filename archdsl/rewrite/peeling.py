"""A repeat whose first or last turn becomes another layer than its others: that turn is written beside the rest.

And the other way about: neighbours that have become the same are written as a repeat.
"""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ir.free_names import free_names
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.rule import Rewrite, impossible
from archdsl.rewrite.text import Change, Part
from archdsl.syntax import tree


def peel(rule: Rewrite, draft: Draft, heads: Iterable[tree.Head], first: bool) -> Draft:
    """The spec with the first or the last turn of the innermost repeat around each head written on its own.

    Raises CantRewrite where a head runs several times for another reason.
    """
    repeats: dict[tree.Statement, None] = {}
    for head in heads:
        repeat = repeat_around(draft, head)
        if repeat is None:
            raise impossible(
                rule,
                head.span,
                "this text serves places that would have to become different",
                "one text for several places",
                "`archdsl rewrite unfold` gives each place a text of its own",
            )
        repeats[repeat] = None
    return draft.change(Change(repeat.span, tuple(_parts(draft, repeat, first))) for repeat in repeats)


def repeat_around(draft: Draft, head: tree.Head) -> tree.Statement | None:
    """The innermost repeat around a head, if a turn of it can be written apart.

    None in a block, whose text serves several calls, and where the repeat's index is used, from which others count.
    """
    for node in draft.above(head):
        if isinstance(node, (tree.Block, tree.After)):
            return None
        if isinstance(node, tree.Statement) and node.repeat is not None and not _runs_once(node.repeat):
            index = node.repeat.index
            used = index is not None and index.text in free_names(node.body) | _free_in_label(node)
            return None if used else node
    return None


def _runs_once(repeat: tree.Repeat) -> bool:
    """Whether a repeat is `x1`, as that of a turn that was written apart."""
    return isinstance(repeat.count, tree.Literal) and repeat.count.value == 1


def _free_in_label(repeat: tree.Statement) -> frozenset[str]:
    return free_names(repeat.label) if repeat.label is not None else frozenset()


def _parts(draft: Draft, statement: tree.Statement, first: bool) -> list[Part]:
    assert statement.repeat is not None
    level = draft.parents.get(statement)
    in_brackets = isinstance(level, tree.Group) and level.span.text.startswith("[")
    body, rest = statement.body.span, _one_less(statement.repeat.count)
    group = isinstance(statement.body, tree.Group)
    if statement.label is not None:
        # The label makes a container of the turns, and a container of each that is a group.
        others: list[Part] = [body] if rest == "" else ["[", body, "]", rest] if group else [body, rest]
        inner: list[Part] = [body, " ", *others] if first else [*others, " ", body]
        label = statement.span.source.span(statement.span.start, body.start)
        return [label, "[", *inner, "]"]
    # A group in brackets of another is a container, and one with a count isn't.
    one: list[Part] = [body, " x1"] if group and in_brackets else [body]
    more: list[Part] = [body, rest] if rest else one
    return [*one, " ", *more] if first else [*more, " ", *one]


def _one_less(count: tree.Expression) -> str:
    """A count that is one less, as text; '' for one."""
    if isinstance(count, tree.Literal) and isinstance(count.value, int):
        return "" if count.value == 2 else f" x{count.value - 1}"
    text = count.span.text
    simple = isinstance(count, (tree.Name, tree.Index, tree.Function))
    return f" x{{{text} - 1}}" if simple else f" x{{({text}) - 1}}"


def join(draft: Draft, heads: Iterable[tree.Head]) -> Draft:
    """The spec with neighbours of one text, in which these heads stand, written once with their number."""
    statements = {node for head in heads for node in draft.above(head) if isinstance(node, tree.Statement)}
    levels = dict.fromkeys(draft.parents.get(each, draft.program.file) for each in statements)
    changes: list[Change] = []
    for level in levels:
        run: list[tree.Statement] = []
        for item in [*(level.items if isinstance(level, (tree.Group, tree.File)) else ()), None]:
            single = isinstance(item, tree.Statement) and item in statements and _count(item) is not None
            if single and (not run or item.body.span.text == run[0].body.span.text):  # type: ignore[union-attr]
                run.append(item)  # type: ignore[arg-type]
                continue
            if len(run) > 1:
                changes.append(_joined(draft, run))
            run = [item] if single else []  # type: ignore[list-item]
    return draft.change(changes) if changes else draft


def _count(statement: tree.Statement) -> int | None:
    """How often a statement without a label runs, where that is a plain number and what it holds is spliced."""
    if statement.label is not None:
        return None
    if statement.repeat is None:
        return None if isinstance(statement.body, tree.Group) else 1
    count = statement.repeat.count
    plain = statement.repeat.index is None and isinstance(count, tree.Literal)
    return int(count.value) if plain and isinstance(count, tree.Literal) else None


def _joined(draft: Draft, run: list[tree.Statement]) -> Change:
    first, *others = run
    for other in others:
        for node in other.body.walk():
            if isinstance(node, tree.Head):
                offset = node.span.start - other.body.span.start
                here, there = draft.origin(node.span.start), draft.origin(first.body.span.start + offset)
                if here is not None and there is not None:
                    draft.aliases[here] = there
    total = sum(_count(each) or 0 for each in run)
    span = draft.source.span(first.span.start, others[-1].span.end)
    return Change(span, (first.body.span, f" x{total}"))
