"""`archdsl compile densenet201`, which reads its source back, beside the same without reading: what trust costs.

It is the network whose classes are called most often with other numbers, each of which is read.
"""

from benchmarks.harness import Entry, archdsl, python

UNREAD = """
import sys
from archdsl.backends.torch.source import SourceWriter
from archdsl.cli import main
SourceWriter.read_back = lambda self, text: None
sys.exit(main(["compile", "densenet201"]))
"""

entry = Entry(
    "compile densenet201, process : compile without reading back, process",
    archdsl("compile", "densenet201"),
    python(UNREAD),
    target=1.1,
)
