"""Arguments of a block: what each parameter stands for in one call."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic, Edit, proposal
from archdsl.diagnostics.edits import removal_from_list
from archdsl.elaborate.binding import BadArgument, UnexpectedNumber, UnknownArgument, find_layer
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.expressions import SIZES
from archdsl.ir.free_names import free_names
from archdsl.ir.values import LayerValue, PathValue, Scope, Value
from archdsl.shape import Shape
from archdsl.syntax import tree


class MissingArgument(Diagnostic):
    """A block is called without a parameter that has no default."""

    code = "missing-argument"
    bad = "arch net\ninput 3x8x8\nblock cna(c) = [conv3-{c} bn relu]\ncna\n"
    mended = "arch net\ninput 3x8x8\nblock cna(c) = [conv3-{c} bn relu]\ncna(8)\n"


def counted(number: int, what: str, plural: str = "s") -> str:
    """`1 branch`, `2 branches`."""
    return f"{number} {what}{'' if number == 1 else plural}"


class CallArguments:
    """Binds one call of a block."""

    def __init__(
        self,
        elaborator: Elaborator,
        block: tree.Block,
        text: tree.Head | tree.Merge,
        scope: Scope,
        x: Shape,
        paths: tuple[tree.Group, ...],
    ) -> None:
        self.elaborator = elaborator
        self.block = block
        self.text = text
        self.scope = scope
        self.x = x
        self.paths = paths

    @property
    def notation(self) -> str:
        layers = f"<{' | '.join(word.text for word in self.block.layers)}>" if self.block.layers else ""
        names = [
            each.name.text + (f" = {each.default.span.text}" if each.default else "") for each in self.block.parameters
        ]
        return f"{self.block.name.text}{layers}({', '.join(names)})"

    def bind(self) -> dict[str, Value]:
        """The value of every parameter, in the order of the definition. Raises ArchError for a wrong call."""
        if isinstance(self.text, tree.Head):
            for number in (self.text.kernel, self.text.size, self.text.stride):
                if number is not None:
                    value = number.span.text.strip("{}")
                    raise ArchError(
                        UnexpectedNumber(
                            number.span,
                            f"the block `{self.block.name.text}` takes no number in its head",
                            f"it is called as `{self.notation}`",
                            helps=[f"hand it over in round brackets: `{self.block.name.text}({value})`"],
                            fixes=self._in_brackets(value),
                        )
                    )
        layers = self._layers()
        given = layers | self._arguments(layers)
        return {name: given[name] for name in self._order()}

    def _without(self, argument: tree.Argument) -> list[Edit]:
        assert self.text.call is not None
        spans = [each.span for each in self.text.call.arguments]
        return [removal_from_list(argument.span, spans) if len(spans) > 1 else Edit(self.text.call.span, "")]

    def _in_brackets(self, value: str) -> list[Edit]:
        """The edit that hands a number of the head over as the only argument."""
        head = self.text
        if head.call is not None or sum(each is not None for each in (head.kernel, head.size, head.stride)) > 1:  # type: ignore[union-attr]
            return []
        return [Edit(head.span.source.span(head.name.span.end, head.span.end), f"({value})")]

    def _order(self) -> list[str]:
        return [word.text for word in self.block.layers] + [each.name.text for each in self.block.parameters]

    def _layers(self) -> dict[str, Value]:
        names = self.block.layers
        if len(names) != len(self.paths):
            raise ArchError(
                MissingArgument(
                    self.text.span,
                    f"the block `{self.block.name.text}` takes {counted(len(names), 'branch', 'es')} in angle "
                    f"brackets, got {len(self.paths)}",
                    f"it is called as `{self.notation}`",
                    helps=[
                        f"hand over layers, as in `{self.block.name.text}<{' | '.join(['conv3-64'] * len(names))}>`"
                        if names
                        else "layers in angle brackets are for blocks that are defined with them: `block f<layer> = …`"
                    ],
                )
            )
        values: dict[str, Value] = {}
        for word, path in zip(names, self.paths, strict=True):
            values[word.text] = self._single(path) or self._path(path)
        return values

    def _single(self, path: tree.Group) -> LayerValue | None:
        """A branch that is one plain layer, as a value: its numbers can then be parameters of a class."""
        if len(path.items) != 1 or not isinstance(path.items[0], tree.Statement):
            return None
        statement = path.items[0]
        head = statement.body
        if statement.label or statement.repeat or not isinstance(head, tree.Head):
            return None
        name = head.name.text
        if name in self.scope.names or name in self.scope.blocks:
            return None
        kind, _ = find_layer(head)
        if kind.keyword in self.scope.afters:
            # What is to follow the layer belongs to it.
            return None
        if not free_names(head).isdisjoint(SIZES):
            # What arrives is known where the layer will stand.
            return None
        fields = self.elaborator.binder.fields(head, self.scope, self.x)
        return LayerValue(kind.keyword, tuple((field, value) for field, (value, _) in fields.items()), head.span, True)

    def _path(self, path: tree.Group) -> PathValue:
        names = self.elaborator.memo.needed(path, self.scope)
        bound = self.elaborator.memo.bound(path, self.scope)
        value = PathValue(path, bound, self.scope.called(names), self.scope, tuple(self.elaborator.calls))
        self.elaborator.budget.items(path.span, value)
        return value

    def _arguments(self, layers: dict[str, Value]) -> dict[str, Value]:
        """The arguments in round brackets; a default may name those ahead of it, and the block's layers."""
        order = [each.name.text for each in self.block.parameters]
        given: dict[str, Value] = {}
        arguments = self.text.call.arguments if self.text.call else ()
        for position, argument in enumerate(arguments):
            if argument.name is None:
                if position >= len(order):
                    raise ArchError(
                        UnknownArgument(
                            argument.span,
                            f"the block `{self.block.name.text}` takes {counted(len(order), 'argument')}",
                            f"it is called as `{self.notation}`",
                            helps=["leave it out"],
                            fixes=self._without(argument),
                        )
                    )
                name = order[position]
            else:
                name = argument.name.text
                if name not in order:
                    raise ArchError(
                        UnknownArgument(
                            argument.name.span,
                            f"the block `{self.block.name.text}` has no parameter `{name}`",
                            f"it is called as `{self.notation}`",
                            **proposal(argument.name.span, name, order, "a parameter"),
                        )
                    )
            if name in given:
                raise ArchError(BadArgument(argument.span, f"`{name}` is given twice", "already given before"))
            given[name] = self.elaborator.evaluate(argument.value, self.scope, self.x)
        home = self.elaborator.block_scope(self.block)
        for each in self.block.parameters:
            if each.name.text in given:
                continue
            if each.default is None:
                raise ArchError(
                    MissingArgument(
                        self.text.span,
                        f"the block `{self.block.name.text}` needs `{each.name.text}`",
                        f"it is called as `{self.notation}`",
                        helps=[f"say what it is: `{each.name.text}=…`, or give the parameter a default"],
                    )
                )
            given[each.name.text] = self.elaborator.evaluate(each.default, home.bind(**layers, **given), self.x)
        return given
