"""Parsing resnet.arch, which has all five depths, beside Python's own parser on torchvision's resnet.py."""

import ast
import inspect

from torchvision.models import resnet

from archdsl.opening.library import find
from archdsl.syntax import parse
from benchmarks.harness import Entry

spec, theirs = find("resnet.arch").read(), inspect.getsource(resnet)

entry = Entry(
    "parse resnet.arch : ast.parse of torchvision's resnet.py", lambda: parse(spec), lambda: ast.parse(theirs)
)
