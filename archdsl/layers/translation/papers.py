"""Layers as papers and tables print them: `3×3 conv, 64, /2`, `7x7 max pool`, `FC 4096`."""

from __future__ import annotations

import re
from collections.abc import Callable

from archdsl.layers.translation.translate import Translation

_SIZE = r"(?P<a>\d+)[ \t]*[x×*][ \t]*(?P<b>\d+)"
_STRIDE = r"(?:[ \t]*[,;]?[ \t]*(?:/|stride[ \t]*(?:of[ \t]*|=[ \t]*)?|s[ \t]*=?[ \t]*)(?P<stride>\d+))?"
_COUNT = r"(?P<count>\d+)"
_OF = r"(?:[ \t]*[-,@:][ \t]*|[ \t]+)"
_CONV = r"conv(?:\.|olutions?|olutional|s|2d)?(?:[ \t]+layers?)?"
_KIND = r"(?P<kind>max|avg|average|mean)[-_ \t]*pool(?:ing|s)?"


def _kernel(found: re.Match[str]) -> str:
    return found["a"] if found["a"] == found["b"] else f"{found['a']}x{found['b']}"


def _stride(found: re.Match[str]) -> str:
    return f"/{found['stride']}" if found["stride"] and found["stride"] != "1" else ""


def _conv(found: re.Match[str]) -> str:
    return f"conv{_kernel(found)}-{found['count']}{_stride(found)}"


def _pool(found: re.Match[str]) -> str:
    word = "maxpool" if found["kind"].lower() == "max" else "avgpool"
    return f"{word}{_kernel(found)}{_stride(found)}"


def _depthwise(found: re.Match[str]) -> str:
    return f"dwconv{_kernel(found)}{_stride(found)}"


def _dense(found: re.Match[str]) -> str:
    return f"fc-{found['count']}"


def _bare_pool(found: re.Match[str]) -> str:
    return "maxpool" if found["kind"].lower() == "max" else "avgpool"


def _share(found: re.Match[str]) -> str:
    return f"dropout({float(found['share']) if found['share'] else int(found['percent']) / 100})"


def _word(word: str) -> Callable[[re.Match[str]], str]:
    return lambda _: word


_MORE = r"(?:[ \t]*(?:filters?|channels?|maps?))?"
_FULL = r"(?:fc|fully[- \t]connected|dense)(?:[ \t]+layer)?"
_PHRASES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"{_SIZE}[ \t-]*{_CONV}{_OF}{_COUNT}{_MORE}{_STRIDE}", _conv),
    (rf"{_CONV}[ \t-]*{_SIZE}{_OF}{_COUNT}{_MORE}{_STRIDE}", _conv),
    (rf"{_COUNT}[ \t]*{_SIZE}[ \t]*{_CONV}{_STRIDE}", _conv),
    (rf"{_COUNT}[ \t]+(?:filters?|{_CONV}),?[ \t]+(?:of[ \t]+)?{_SIZE}{_STRIDE}", _conv),
    (rf"{_SIZE}[ \t-]*{_KIND}{_STRIDE}", _pool),
    (rf"{_KIND}[ \t,-]*{_SIZE}{_STRIDE}", _pool),
    (rf"{_SIZE}[ \t-]*(?:depthwise|dw)(?:[ \t-]*{_CONV})?{_STRIDE}", _depthwise),
    (r"(?:global|gl)[-_ \t]+(?:average|avg|mean)[-_ \t]*pool(?:ing)?", _word("gap")),
    (_KIND, _bare_pool),
    (rf"(?:{_FULL}|linear)[ \t]*[-,:]?[ \t]*{_COUNT}(?:[ \t]*(?:units?|neurons?))?", _dense),
    (rf"{_COUNT}[- \t]*(?:d|way|units?)?[ \t]+{_FULL}", _dense),
    (r"batch[-_ \t]*norm(?:ali[sz]ation)?", _word("bn")),
    (r"layer[-_ \t]*norm(?:ali[sz]ation)?", _word("ln")),
    (r"local[-_ \t]+response[-_ \t]+norm(?:ali[sz]ation)?", _word("lrn")),
    (r"leaky[-_ \t]+relu", _word("leakyrelu")),
    (r"drop[-_ \t]*out[ \t,]*(?:(?P<share>0?\.\d+)|(?P<percent>\d\d?)[ \t]*%)", _share),
)


def phrase(text: str) -> Translation | None:
    """The layer that a phrase means; None where it is none that papers use."""
    for pattern, made in _PHRASES:
        found = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
        if found is not None:
            return Translation(made(found), (), True, True, "papers")
    return None
