"""What a layer is: fields with bounds, a shape rule, weights, cost, and a torch call.

A layer is one class and nothing else knows about it: binding of a head, validation, the reference
page, JSON, the PyTorch source and the conformance test are all derived from what it declares here.
"""

# No `from __future__ import annotations` here: as text, the annotations of the base class would be
# evaluated again for each of its sixty subclasses, which took a third of the time to import them.

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.layers.kept import INPUT, NOTHING, Kept
from archdsl.layers.sight import View, everything, unchanged
from archdsl.layers.torch_call import Step
from archdsl.shape import Dim, Layout, Shape, product
from archdsl.symbolic import Condition, Expr, assume, assume_that, compare

Value = TypeVar("Value")
Word = TypeVar("Word", bound="Keyword")

Positive = Annotated[int, Field(ge=1)] | Expr
"""A whole number of at least one: a kernel, a stride, a number of channels."""

NotNegative = Annotated[int, Field(ge=0)] | Expr
"""A whole number of at least zero: a padding."""

Axes = Positive | tuple[Positive, ...]
"""One number for all spatial axes, or one for each."""

PaddingAxes = NotNegative | tuple[NotNegative, ...]
"""A padding for all spatial axes, or one for each."""

Number = Annotated[float, Field(allow_inf_nan=False)] | Expr
"""Any number. A whole one is kept as a float, so that `eps=1` and `eps=1.0` are one layer."""

NotNegativeNumber = Annotated[float, Field(ge=0, allow_inf_nan=False)] | Expr
"""A number of at least zero: a slope, an epsilon."""

PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)] | Expr
"""A number above zero."""

Fraction = Annotated[float, Field(ge=0, le=1)] | Expr
"""A number from zero to one: a momentum."""

Probability = Annotated[float, Field(ge=0, lt=1)] | Expr
"""A probability below one."""


class Role(Enum):
    """What a layer does in a network; pictures colour by it."""

    CONVOLUTION = "convolution"
    POOLING = "pooling"
    NORMALIZATION = "normalization"
    ACTIVATION = "activation"
    LINEAR = "linear"
    DROPOUT = "dropout"
    RESHAPE = "reshape"
    MERGE = "merge"


class WrongRank(Diagnostic):
    """A layer meets a tensor with the wrong number of axes, such as a 2-D pooling on a vector."""

    code = "wrong-rank"
    bad = "arch net\ninput 10\nmaxpool\n"
    mended = "arch net\ninput 1x10\nmaxpool\n"


class WrongAxes(Diagnostic):
    """A kernel, stride or padding is written for another number of axes than the input has."""

    code = "wrong-axes"
    bad = "arch net\ninput 3x8x8\nconv3x3x3-4\n"
    mended = "arch net\ninput 3x8x8\nconv3x3-4\n"


class ImpossibleLayer(Diagnostic):
    """A layer's numbers don't fit each other or its input, such as groups that don't divide the channels."""

    code = "impossible-layer"
    bad = "arch net\ninput 3x8x8\nconv3-4(groups=2)\n"
    mended = "arch net\ninput 4x8x8\nconv3-4(groups=2)\n"


class Keyword(BaseModel):
    """A word of the language that takes arguments: its fields, with bounds and descriptions.

    `digits`, `dash` and `slash` name the fields which the digits behind the word, the number behind a dash and
    the one behind a slash fill; `positional` names those of arguments without a name, of which one with a star
    takes all that are left.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)

    keyword: ClassVar[str]
    digits: ClassVar[str | None] = None
    dash: ClassVar[str | None] = None
    slash: ClassVar[str | None] = None
    positional: ClassVar[tuple[str, ...]] = ()
    says_positional: ClassVar[bool] = False
    """A class that says which arguments go without a name; any other with one argument takes that one without."""

    @classmethod
    def settle_positional(cls) -> None:
        """Let the only argument go without a name, unless a class says otherwise."""
        if "positional" in vars(cls):
            cls.says_positional = True
        elif not cls.says_positional:
            arguments = [name for name in cls.model_fields if name not in (cls.digits, cls.dash, cls.slash)]
            cls.positional = tuple(arguments) if len(arguments) == 1 else ()

    @property
    def written(self) -> str:
        """The word as a spec writes it, with its numbers put in."""
        return written(self)


class Layer(Keyword):
    """Base of all layers.

    A subclass declares its `keyword` and fields, and the rules below. Shape rules are written with plain
    arithmetic, and so serve numbers and unknown sizes alike.
    """

    role: ClassVar[Role]
    examples: ClassVar[tuple[str, ...]] = ()
    """Each as `INPUT: HEAD`, say `3x32x32: conv3-64/2`; the conformance test runs them all."""
    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What others call the layer, and where their arguments go; `layers/translation/words.py` says how."""

    ranks: ClassVar[frozenset[int]] = frozenset({0, 1, 2, 3})
    """The numbers of spatial axes this layer takes; 0 is a vector."""
    layouts: ClassVar[frozenset[Layout]] = frozenset(Layout)
    elementwise: ClassVar[bool] = False
    """Each output element depends on one input element at the same place."""
    has_inplace: ClassVar[bool] = False
    """The torch module takes `inplace=True`, and its gradient stays right with it."""
    output_is_scratch: ClassVar[bool] = False
    """The next layer may overwrite the output: it is a new tensor, and no backward pass needs it.

    False for what saves its result (a sigmoid), and for what may hand on its input or a view of it
    (a flatten, a dropout in evaluation), because the layer before may need that tensor.
    """
    follows_bias: ClassVar[bool] = False
    """A convolution right before this layer needs no bias (batch normalization subtracts it)."""
    makes_probabilities: ClassVar[bool] = False
    """What comes out are probabilities, which a loss on logits must not be given."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        keywords.cache_clear()
        cls.settle_positional()

    def output(self, x: Shape) -> Shape:
        """The shape this layer makes of `x`. Raises ArchError where there is none."""
        return x

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        """Names and shapes of the parameters, as PyTorch names them; a bare parameter has the name ''."""
        return {}

    def buffers(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        """Names and shapes of what the `state_dict` holds besides parameters."""
        return {}

    def macs(self, x: Shape) -> Dim:
        """Multiply-accumulates of one sample; by convention only convolutions and linear layers count."""
        return 0

    def view(self, x: Shape) -> View:
        """What each place of the output sees of `x`: by default its own, and the whole where places become features."""
        return unchanged(x.rank) if self.output(x).rank == x.rank else everything(x.rank)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        """What the backward pass needs, which therefore stays in memory in training: by default the input.

        `inplace` says that the output is written into the input.
        """
        return INPUT

    def workspace(self, x: Shape) -> Kept:
        """What is alive for a moment beside what goes in and comes out; only `extra` and `indices` say anything."""
        return NOTHING

    def over_batch(self, x: Shape, training: bool) -> Dim | None:
        """On how many numbers of one sample each statistic is measured that is measured over a batch; None for none."""
        return None

    def hands_on(self, training: bool) -> bool:
        """Whether the output is the input, or a view of it, so that it takes no memory of its own."""
        return False

    def torch(self, x: Shape) -> tuple[Step, ...]:
        """The PyTorch calls that are this layer, in order."""
        raise NotImplementedError(f"{self.keyword} has no torch call")

    def check(self, x: Shape) -> None:
        """Raise ArchError if a tensor of this rank or layout can't enter."""
        if x.rank in self.ranks and x.layout in self.layouts:
            return
        wanted = " or ".join(sorted({KINDS[rank] for rank in self.ranks}))
        first = ", channels first" if x.layout is Layout.CHANNELS_LAST and x.layout not in self.layouts else ""
        raise ArchError(
            WrongRank(
                None,
                f"`{self.keyword}` takes {wanted}{first}, got {x} ({_describe(x)})",
                f"{x} arrives here",
                helps=[self._way_out(x)],
            )
        )

    def _way_out(self, x: Shape) -> str:
        if x.layout is Layout.VECTOR:
            return "put it ahead of what makes a vector of a map, such as `gap`, `fc` or `flatten`"
        if x.layout is Layout.CHANNELS_LAST:
            return "bring the channels to the front with `permute` first"
        return "write another layer here, or give the input as many axes as it takes"

    def parameters(self, x: Shape) -> Dim:
        """The number of parameters: the sum over `weights`, and no second formula."""
        return sum((product(shape) for shape in self.weights(x).values()), 0)

    def arithmetic(self, x: Shape) -> tuple[str, ...]:
        """How the sizes that come out are worked out, with the numbers put in: a line for each kind of axis."""
        return ()

    def without_bias(self) -> Self:
        """This layer as it is right before a batch normalization."""
        return self

    def axis_by_axis(self, x: Shape) -> dict[str, tuple[Any, ...]]:
        """Fields of one number or one for each axis, as one for each, where a class of a block may take them whole.

        What a word stands for, such as `padding="half"`, is said in numbers.
        """
        return {}

    def per_axis(self, field: str, x: Shape) -> tuple[Any, ...]:
        """A field of one number or one for each axis, as one for each of the spatial axes of `x`."""
        return self.spread(getattr(self, field), field, x)

    def spread(self, value: Any, field: str, x: Shape) -> tuple[Any, ...]:
        """One number for each spatial axis of `x`."""
        if not isinstance(value, tuple):
            return (value,) * x.rank
        if len(value) != x.rank:
            axes = "x".join(str(each) for each in value)
            raise ArchError(
                WrongAxes(
                    None,
                    f"{field} {axes} has {len(value)} axes, but {x} has {x.rank}",
                    f"{x} arrives here",
                    helps=[f"write one number for all axes, or {x.rank} of them"],
                )
            )
        return value


KINDS = {0: "a vector", 1: "a signal (C×L)", 2: "a map (C×H×W)", 3: "a volume (C×D×H×W)"}


def _describe(x: Shape) -> str:
    kind = KINDS.get(x.rank, f"{x.rank} spatial axes")
    return f"{kind}, {x.layout.value}" if x.layout is Layout.CHANNELS_LAST else kind


def require(condition: Condition | bool, diagnostic: Callable[[], Diagnostic]) -> None:
    """Raise unless the condition holds.

    What is still unknown passes, as an assumption: a class is only built for calls that were settled with numbers
    before, and whoever shows open sizes asks what was assumed.
    """
    if condition is False:
        raise ArchError(diagnostic())
    assume(condition)


def require_divisor(divisor: Dim, number: Dim, parts: str, whole: str, x: Shape) -> None:
    """Raise unless `divisor` divides `number`; `parts` and `whole` name them: 3 groups, 64 arriving channels."""
    require(
        compare("==", number % divisor, 0),
        lambda: ImpossibleLayer(
            None,
            f"{divisor} {parts} don't divide the {number} {whole}",
            f"{x} arrives here",
            helps=[f"{number} can be divided by {_divisors(number)}"] if isinstance(number, int) else [],
        ),
    )


def _divisors(number: int) -> str:
    """The least divisors of a number as a list in words."""
    found = [each for each in range(1, min(number, 1000) + 1) if number % each == 0][:8]
    return ", ".join(map(str, found)) + (", …" if found[-1] != number else "")


def assume_bounds(layer: Keyword) -> None:
    """Assume of fields that are unknown numbers what their types ask of known ones: at least one, say."""
    for name, value in layer:
        if isinstance(value, Expr) or (isinstance(value, tuple) and any(isinstance(each, Expr) for each in value)):
            for op, limit in _bounds(type(layer).model_fields[name].annotation):
                for each in value if isinstance(value, tuple) else (value,):
                    assume_that(each, op, limit)


def _bounds(annotation: Any) -> Iterator[tuple[str, Any]]:
    """What the parts of a field's type ask of a number."""
    for part in get_args(annotation):
        if isinstance(part, FieldInfo):
            yield from (
                (op, getattr(each, name)) for each in part.metadata for name, op in _ASKED if hasattr(each, name)
            )
        else:
            yield from _bounds(part)


_ASKED = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}.items()
"""What pydantic's bounds ask, by their names."""


def written(layer: Keyword) -> str:
    """A layer or another word in the notation of the language, arguments that are defaults left out."""
    kind = type(layer)
    in_head = {kind.digits, kind.dash, kind.slash}
    text = kind.keyword
    for field, mark in ((kind.digits, ""), (kind.dash, "-"), (kind.slash, "/")):
        value = getattr(layer, field) if field else None
        if field and value is not None and (field not in kind.model_fields or _is_set(layer, field)):
            text += mark + _head_value(value)
    arguments: list[str] = []
    for name in kind.positional:
        field = name.lstrip("*")
        if not _is_set(layer, field):
            break
        value = getattr(layer, field)
        if isinstance(value, bool):
            break  # Which of two is said better with its name.
        arguments += [_argument(each) for each in value] if name.startswith("*") else [_argument(value)]
        in_head.add(field)
    for field in kind.model_fields:
        if field not in in_head and _is_set(layer, field):
            arguments.append(f"{field}={_argument(getattr(layer, field))}")
    return f"{text}({', '.join(arguments)})" if arguments else text


def _is_set(layer: Keyword, field: str) -> bool:
    info = type(layer).model_fields[field]
    value = getattr(layer, field)
    return info.is_required() or (value is not None and field in layer.model_fields_set and value != info.default)


def _head_value(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(each, int) for each in value):
        return "x".join(str(each) for each in value)
    return str(value) if isinstance(value, int) else f"{{{value}}}"


def _argument(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        inner = ", ".join(_argument(each) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)


def subclasses(kind: type[Word]) -> Iterator[type[Word]]:
    """All classes below one, however far."""
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@cache
def _import_families() -> None:
    package = import_module("archdsl.layers")
    for module in pkgutil.iter_modules(package.__path__):
        # What describes layers is a package beside the families, and read when somebody asks for it.
        if not module.ispkg:
            import_module(f"archdsl.layers.{module.name}")


@cache
def keywords() -> Mapping[str, type[Layer]]:
    """Every layer by its keyword: those of this package and any `Layer` subclass defined elsewhere."""
    _import_families()
    return MappingProxyType({kind.keyword: kind for kind in subclasses(Layer) if "keyword" in vars(kind)})
