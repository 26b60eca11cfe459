"""`after`: what follows a layer goes on following it when its keyword becomes another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from archdsl.elaborate.binding import is_bare, split_digits
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.rule import Rewrite, impossible
from archdsl.rewrite.text import Change
from archdsl.syntax import tree


def governing(draft: Draft, head: tree.Head, keyword: str) -> tree.After | None:
    """The `after` that is in force for layers of a keyword where a head stands, `bare` or not."""
    node: tree.Node = head
    for parent in [*draft.above(head), draft.program.file]:
        if isinstance(parent, (tree.Block, tree.After)):
            # What is said outside of a block isn't seen inside, and nothing follows what follows.
            return None
        found = [
            item
            for item in siblings(parent)
            if isinstance(item, tree.After) and item.keyword.text == keyword and item.span.start < node.span.start
        ]
        if found:
            return found[-1]
        node = parent
    return None


def siblings(node: tree.Node) -> tuple[tree.Node, ...]:
    """The statements of a group or file."""
    return node.items if isinstance(node, (tree.Group, tree.File)) else ()


def is_bare_head(head: tree.Head) -> bool:
    """Whether a head keeps `after` away."""
    return any(is_bare(each) for each in head.arguments)


def _name(argument: tree.Argument) -> str:
    return argument.name.text if argument.name is not None else ""


class Followers:
    """What becomes of `after` where heads of one keyword become those of another."""

    def __init__(self, rule: Rewrite, draft: Draft, heads: Iterable[tree.Head], old: str, new: str) -> None:
        self.rule = rule
        self.draft = draft
        self.heads = set(heads)
        self.old = old
        self.new = new

    def arguments(self, head: tree.Head, leave_out: frozenset[str]) -> tuple[str, ...]:
        """The arguments that a new head keeps, `bare` among them where it has an `after` to keep away."""
        kept = tuple(each.span.text for each in head.arguments if not is_bare(each) and _name(each) not in leave_out)
        after = governing(self.draft, head, self.old)
        if after is not None and not is_bare_head(head):
            return kept
        same = [each for each in self.heads if governing(self.draft, each, self.old) is after]
        said_anew = after is not None and not all(is_bare_head(each) for each in same)
        return ("bare", *kept) if said_anew or governing(self.draft, head, self.new) is not None else kept

    def changes(self) -> Iterator[Change]:
        """The `after` statements that are said anew, and those that nothing needs any more. May raise CantRewrite."""
        needed: dict[tree.After, list[tree.Head]] = defaultdict(list)
        for head in self.heads:
            after = governing(self.draft, head, self.old)
            if after is not None:
                needed[after].append(head)
        for after, heads in needed.items():
            others = [head for head in self._of(self.old) if governing(self.draft, head, self.old) is after]
            if all(head in self.heads for head in others):
                yield Change(after.span)
            if not all(is_bare_head(head) for head in heads):
                yield self._said_anew(after, heads)

    def _said_anew(self, after: tree.After, heads: list[tree.Head]) -> Change:
        level = self.draft.parents.get(after, self.draft.program.file)
        start = min(head.span.start for head in heads)
        place = next(item for item in siblings(level) if item.span.start <= start < item.span.end)
        known = governing(self.draft, min(heads, key=lambda head: head.span.start), self.new)
        for head in self._of(self.new):
            meets = place.span.start <= head.span.start < level.span.end
            if meets and not is_bare_head(head) and governing(self.draft, head, self.new) in (known, None):
                raise impossible(
                    self.rule,
                    head.span,
                    f"`after {self.old}` would have to be said of `{self.new}`, and this one follows too",
                    "would be followed by the same",
                    "`archdsl rewrite unfold` writes out what follows",
                )
        before = self.draft.source.span(place.span.start, place.span.start)
        return Change(before, (f"after {self.new} ", after.body.span, "\n"))

    def _of(self, keyword: str) -> list[tree.Head]:
        """The heads of a keyword that stay what they are, and those of the old one."""
        found = [head for head in self.draft.heads.values() if split_digits(head.name.text)[0] == keyword]
        return found if keyword == self.old else [head for head in found if head not in self.heads]
