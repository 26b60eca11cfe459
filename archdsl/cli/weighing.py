"""The arguments that say which weights are meant, which several commands share."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from archdsl.network import Network
    from archdsl.runtime.weights import Loaded, Weights
    from archdsl.weights.preprocessing import Preprocessing

Command = TypeVar("Command", bound=Callable[..., Any])


def fitting_options(command: Command) -> Command:
    """Give a command `--new`, `--drop` and `--any-network`."""
    for option in (
        click.option(
            "--any-network",
            is_flag=True,
            help="Take weights that say they were written for a network that computes something else.",
        ),
        click.option(
            "--drop",
            metavar="NAME",
            multiple=True,
            help="Leave a part of the file out, as head or '*.total_ops'; may be repeated.",
        ),
        click.option(
            "--new", metavar="NAME", multiple=True, help="Begin a part of the network anew, as fc; may be repeated."
        ),
    ):
        command = option(command)
    return command


def preprocessing_options(command: Command) -> Command:
    """Give a command the options that say what images go through, where the weights don't or say it wrongly."""
    for option in (
        click.option(
            "--interpolation", type=click.Choice(["nearest", "bilinear", "bicubic"]), help="How images are resized."
        ),
        click.option("--std", metavar="S[,S…]", callback=_numbers, help="Standard deviation, one or one a channel."),
        click.option(
            "--mean", metavar="M[,M…]", callback=_numbers, help="Mean of values in [0, 1], one or one a channel."
        ),
        click.option(
            "--resize",
            callback=_size,
            metavar="N|HxW",
            help="Length of the shorter side in pixels, or what is covered.",
        ),
        click.option("--crop", callback=_size, metavar="N|HxW", help="The middle that is cut out, in pixels."),
    ):
        command = option(command)
    return command


def said(preprocessing: Preprocessing | None, **values: Any) -> Preprocessing:
    """The pre-processing of a network that takes images with what the options say of it.

    One mean or deviation stands for all channels.
    """
    assert preprocessing is not None, "who asks has seen to it that an image comes in"
    channels = preprocessing.channels
    given = {name: value for name, value in values.items() if value is not None}
    for name in ("mean", "std"):
        if len(given.get(name, ())) == 1:
            given[name] = given[name] * channels
    for name in ("mean", "std"):
        if len(given.get(name, (0,) * channels)) != channels:
            raise click.UsageError(f"--{name} is one number, or {channels}, one for each channel")
    try:
        return preprocessing.with_values(**given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def load_into(
    network: Network,
    weights: str | Weights,
    new: tuple[str, ...],
    drop: tuple[str, ...],
    any_network: bool,
    quiet: bool = False,
) -> Loaded:
    """The network with the weights in it; says on stderr what went where otherwise than by name, unless `quiet`."""
    with warnings.catch_warnings():
        # Said below.
        warnings.simplefilter("ignore")
        loaded = network.loaded(weights, new=new, drop=drop, any_network=any_network)
    for remark in () if quiet else loaded.fit.remarks:
        print(f"note: {remark}", file=sys.stderr)
    return loaded


def _size(context: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})(?:x([0-9]{1,9}))?", value, re.ASCII)
    if found is None:
        raise click.BadParameter(f"`{value}` is neither a side as 224 nor height and width as 32x100", context, option)
    return int(found[1]), int(found[2] or found[1])


def _numbers(context: click.Context, option: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        return tuple(float(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(
            f"`{value}` is not a number, or numbers with commas between", context, option
        ) from None
