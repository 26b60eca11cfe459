"""The networks that the tests of pictures draw."""

from __future__ import annotations

from pathlib import Path

from archdsl.diagnostics import Source
from archdsl.elaborate.architecture import elaborate
from archdsl.ir.nodes import Architecture
from archdsl.opening.imports import read_program

ROOT = Path(__file__).parents[2]
RESNET = (ROOT / "specs" / "resnet.arch").read_text(encoding="utf-8")
UNET = """\
arch unet(classes = 2)
input 3x64x64
block double(c) = [conv3-{c} bn relu conv3-{c} bn relu]
enc1: double(8)
maxpool
enc2: double(16)
maxpool
double(32)
deconv2-16/2 concat<@enc2 | identity> double(16)
deconv2-8/2 concat<@enc1 | identity> double(8)
conv1-{classes}
"""
SQUEEZE = """\
arch senet
input 3x32x32
block se(r = 4) = [ let c = {in_channels} mul<identity | gap fc-{c // r} relu fc-{c} sigmoid> ]
conv3-64 bn relu
[residual<conv3-64 bn relu conv3-64 bn se> relu] x2
gap fc-10
"""
DENSE = """\
arch dense
input 3x32x32
block layer(k) = [ concat<identity | bn relu conv1-{4 * k} bn relu conv3-{k}> ]
conv3-16
block1: [ layer{i+1}: layer(4) x6 as i ]
gap fc-10
"""
TINY = """\
arch tiny
input 3x8x8
conv3-4/2 bn relu
[residual<conv3-4 bn relu conv3-4 bn> relu] x2
gap fc-2
"""


def net(text: str, variant: str | None = None) -> Architecture:
    return elaborate(read_program(Source("net.arch", text)), variant)
