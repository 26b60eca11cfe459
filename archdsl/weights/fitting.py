"""What of a file of weights goes where in a network: all of it, or every miss and mismatch by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from shlex import quote

from archdsl.analysis.state import StateTensor
from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.record import record
from archdsl.weights.layouts import Shape, conversion
from archdsl.weights.leaving_out import choices, is_meant, proposed
from archdsl.weights.naming import renamed, split
from archdsl.weights.structure import COUNTER, FoundTensor, Placed, by_structure, natural, nearest

SHOWN = 20
"""How many names a mistake lists before it only counts."""

MOST_PARTS = 8
"""Of a file with so many parts at its top it is tried which of them fit."""


class UnfittedWeights(Diagnostic):
    """A file of weights that lacks tensors of the network, has others, or has them in other shapes.

    Nothing of it is loaded. Parts that are to begin anew are named by `--new`, and parts of the file that are to be
    left out by `--drop`, where `*` stands for anything: `--drop '*.total_ops'`.
    """

    code = "unfitted-weights"


class UnknownPart(Diagnostic):
    """A name of `--new` that no part of the network has, or one of `--drop` that no part of the file has."""

    code = "unknown-part"


class NoTensors(Diagnostic):
    """A file of weights without a single tensor."""

    code = "no-tensors"


@record
class Mismatch:
    """A tensor that has the right name and another shape."""

    needed: StateTensor
    found: str
    shape: Shape


@record
class Fit:
    """What goes where, and what doesn't."""

    network: str
    """What messages call the network."""
    weights: str
    """What they call the weights."""
    needed: tuple[StateTensor, ...]
    placed: tuple[Placed, ...]
    missing: tuple[StateTensor, ...]
    """Tensors of the network that nothing goes to, those that begin anew left out."""
    surplus: tuple[FoundTensor, ...]
    """Tensors of the file that go nowhere, those left out."""
    mismatched: tuple[Mismatch, ...]
    new: tuple[StateTensor, ...]
    """Tensors of the network that begin as they do without weights, as was asked for."""
    dropped: tuple[str, ...]
    """Tensors of the file that are left out, as was asked for or since the network begins anew there."""
    zeroed: tuple[StateTensor, ...]
    """Counts of batches that the file lacks, and which begin at zero."""
    remarks: tuple[str, ...]
    """What was read differently from what is written, and how structure was used."""
    ambiguous: int
    """Tensors that others of the same shape could have been as well, and which order decided."""

    @property
    def complete(self) -> bool:
        """Whether everything has its place."""
        return not (self.missing or self.surplus or self.mismatched)

    @property
    def summary(self) -> str:
        """`320 of 320 tensors`, and how they were found."""
        text = f"{len(self.placed)} of {len(self.needed)} tensors"
        by = [
            f"{number} by {word}"
            for word in ("name", "structure")
            if (number := sum(each.by == word for each in self.placed))
        ]
        by += [f"{len(self.new)} new"] if self.new else []
        by += [f"{len(self.zeroed)} counts of batches begin at zero"] if self.zeroed else []
        return f"{text} ({', '.join(by)})" if by else text

    def require_complete(self) -> None:
        """Raise ArchError with every miss and mismatch unless everything has its place."""
        if not self.complete:
            raise ArchError(_unfitted(self))


def fit(
    network: str,
    needed: Sequence[StateTensor],
    weights: str,
    found: Mapping[str, Shape],
    *,
    ordered: bool = True,
    new: Iterable[str] = (),
    drop: Iterable[str] = (),
) -> Fit:
    """What of `found`, shapes by name, goes where in a network that needs `needed`.

    `ordered` says that the file keeps the order in which the tensors were registered. `new` names modules or
    tensors of the network that begin anew, `drop` those of the file that are left out; `*` stands for anything.
    Names decide first, and where no tensor of a top-level part has its name, structure does. Raises ArchError for a
    name of `new` or `drop` that means nothing; that the file fits is for `require_complete` to say.
    """
    new, drop = tuple(new), tuple(drop)
    _require_known(new, [tensor.name for tensor in needed], "new", "the network")
    _require_known(drop, found, "drop", "the file")
    if not found:
        raise ArchError(NoTensors(None, f"`{weights}` has no tensors"))
    dropped = [name for name in found if is_meant(name, drop)]
    out = set(dropped)
    kept = [FoundTensor(name, shape) for name, shape in found.items() if name not in out]
    if not ordered:
        kept.sort(key=lambda tensor: natural(tensor.name))
    return _Fitting(network, needed, weights, kept, new, dropped).fit()


class _Fitting:
    def __init__(
        self,
        network: str,
        needed: Sequence[StateTensor],
        weights: str,
        found: list[FoundTensor],
        new: tuple[str, ...],
        dropped: list[str],
    ) -> None:
        self.network, self.weights = network, weights
        self.needed = tuple(needed)
        self.found = found
        self.new = new
        self.dropped = dropped
        self.placed: dict[str, Placed] = {}
        self.mismatched: list[Mismatch] = []
        self.remarks: list[str] = []
        self.ambiguous = 0
        self.used: set[str] = set()

    def fit(self) -> Fit:
        self.by_name()
        self.by_structure()
        wrong = {mismatch.needed.name for mismatch in self.mismatched}
        left = [tensor for tensor in self.needed if tensor.name not in self.placed and tensor.name not in wrong]
        lacking = [tensor for tensor in left if not self.is_new(tensor)]
        zeroed = {tensor.name for tensor in lacking if tensor.role == COUNTER and self.has_module(tensor)}
        return Fit(
            network=self.network,
            weights=self.weights,
            needed=self.needed,
            placed=tuple(self.placed[tensor.name] for tensor in self.needed if tensor.name in self.placed),
            missing=tuple(tensor for tensor in lacking if tensor.name not in zeroed),
            surplus=tuple(tensor for tensor in self.found if tensor.name not in self.used),
            mismatched=tuple(self.mismatched),
            new=tuple(tensor for tensor in left if self.is_new(tensor)),
            dropped=tuple(self.dropped),
            zeroed=tuple(tensor for tensor in lacking if tensor.name in zeroed),
            remarks=tuple(self.remarks),
            ambiguous=self.ambiguous,
        )

    def is_new(self, tensor: StateTensor) -> bool:
        return is_meant(tensor.name, self.new)

    def has_module(self, tensor: StateTensor) -> bool:
        """Whether the file has the other tensors of a module."""
        return f"{tensor.module}.running_mean" in self.placed

    def by_name(self) -> None:
        wanted = {tensor.name: tensor for tensor in self.needed}
        meant, self.remarks = renamed([tensor.name for tensor in self.found], wanted)
        for tensor in self.found:
            needed = wanted.get(meant[tensor.name])
            if needed is None or needed.name in self.placed:
                continue
            self.used.add(tensor.name)
            if self.is_new(needed):
                self.dropped.append(tensor.name)
                continue
            made = conversion(tensor.shape, split(tensor.name)[1], needed)
            if made is None:
                self.mismatched.append(Mismatch(needed, tensor.name, tensor.shape))
            else:
                self.placed[needed.name] = Placed(needed, tensor.name, made, "name")
        self.note_conversions()

    def by_structure(self) -> None:
        """Fit the parts of the network of which no tensor has its name, if all that is left fits."""
        if self.mismatched:
            return
        named = {_part(each.needed.name) for each in self.placed.values()}
        left = [tensor for tensor in self.needed if tensor.name not in self.placed]
        unnamed = [tensor for tensor in left if _part(tensor.name) not in named]
        others = [tensor for tensor in left if _part(tensor.name) in named and tensor.role != COUNTER]
        spare = [tensor for tensor in self.found if tensor.name not in self.used]
        if not spare or any(not self.is_new(tensor) for tensor in others):
            return
        found = by_structure(unnamed, spare, self.is_new)
        if found is None:
            return
        self.placed |= {each.needed.name: each for each in found.placed}
        self.used |= {each.found for each in found.placed} | set(found.replaced)
        self.dropped += found.replaced
        self.ambiguous = found.ambiguous
        self.remarks.append(f"{len(found.placed)} tensors were fitted by structure: {found.how}")
        if found.ambiguous:
            self.remarks.append(
                f"{found.ambiguous} of these have others of the same shapes, and only their order says which is which"
            )
        self.note_conversions()

    def note_conversions(self) -> None:
        for text in dict.fromkeys(each.conversion.description for each in self.placed.values()):
            number = sum(each.conversion.description == text for each in self.placed.values())
            remark = f"reshaped, {number} of the tensors: {text}"
            if text and remark not in self.remarks:
                self.remarks.append(remark)


def _part(name: str) -> str:
    """The part at the top of a network that a tensor belongs to."""
    return name.partition(".")[0]


def _require_known(parts: Iterable[str], names: Iterable[str], option: str, whole: str) -> None:
    known = list(names)
    for part in parts:
        if not any(is_meant(name, (part,)) for name in known):
            modules = {name.rsplit(".", level)[0] for name in known for level in range(name.count(".") + 1)}
            raise ArchError(
                UnknownPart(
                    None,
                    f"`{part}` of `{option}` is no part of {whole}",
                    helps=similar_help(part, modules, "a part")
                    or [f"parts at its top: {', '.join(dict.fromkeys(f'`{_part(name)}`' for name in known))}"],
                )
            )


def _unfitted(fit: Fit) -> UnfittedWeights:
    notes = [*_listed("missing in the file", [f"`{each.name}` {_sizes(each.shape)}" for each in fit.missing])]
    notes += _listed("of no use to the network", [f"`{each.name}` {_sizes(each.shape)}" for each in fit.surplus])
    notes += _listed(
        "of another shape",
        [
            f"`{each.needed.name}` is {_sizes(each.needed.shape)} here and {_sizes(each.shape)} in the file"
            + (f", as `{each.found}`" if each.found != each.needed.name else "")
            for each in fit.mismatched
        ],
    )
    notes += fit.remarks
    return UnfittedWeights(
        None,
        f"{len(fit.placed)} of {len(fit.needed)} tensors of `{fit.network}` are in `{fit.weights}`, "
        "and nothing was loaded",
        notes=notes,
        helps=_helps(fit),
    )


def _helps(fit: Fit) -> list[str]:
    helps = []
    for missing in fit.missing[:5] if fit.placed else ():
        likely = [each.name for each in fit.surplus if each.shape == missing.shape and _alike(each.name, missing.name)]
        if len(likely) == 1:
            helps.append(f"`{likely[0]}` has the shape of `{missing.name}`: renamed?")
    if not fit.placed and fit.missing:
        same = nearest(fit.needed, fit.surplus)
        if fitting := _fitting_without(fit):
            drop, new = fitting
            options = " ".join([*_options("drop", drop), *_options("new", new)])
            return [f"what is left fits with {options}"]
        helps.append(f"no name fits, nor the structure; {same} tensors of the file have shapes that are needed")
        return helps
    lacking = dict.fromkeys(_part(each.name) for each in fit.missing)
    wrong = dict.fromkeys(_part(each.needed.name) for each in fit.mismatched)
    if parts := {**lacking, **wrong}:
        helps.append(f"to begin anew there: {' '.join(_options('new', list(parts)[:SHOWN]))}")
    if fit.surplus:
        kept = {*(each.found for each in fit.placed), *(each.found for each in fit.mismatched)}
        over = proposed([each.name for each in fit.surplus], kept)
        helps.append(f"to leave that out: {' '.join(_options('drop', over[:SHOWN]))}")
    return helps


def _fitting_without(fit_: Fit) -> tuple[tuple[str, ...], list[str]] | None:
    """Parts of the file without which all has its place, and those of the network that then begin anew."""
    found = {each.name: each.shape for each in fit_.surplus}
    asked = [each.name for each in fit_.new]
    last = [_part(fit_.needed[-1].name)]
    for new in (asked, [*asked, *last]):
        for parts in choices(list(found), MOST_PARTS):
            tried = fit(fit_.network, fit_.needed, fit_.weights, found, new=new, drop=parts)
            if tried.complete and tried.placed:
                return parts, [part for part in new if part in last]
    return None


def _options(option: str, parts: Iterable[str]) -> list[str]:
    """An option for each part, as a shell takes them."""
    return [f"--{option} {quote(part)}" for part in parts]


def _alike(name: str, other: str) -> bool:
    """Whether two names are of one module or one word."""
    path, role = split(name)
    other_path, other_role = split(other)
    return path == other_path or role == other_role


def _listed(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    more = f", and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return [f"{title} ({len(items)}): {', '.join(items[:SHOWN])}{more}"]


def _sizes(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "one number"
