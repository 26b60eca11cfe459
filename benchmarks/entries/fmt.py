"""The whole of `archdsl fmt` on one small file beside a process that imports lark and does nothing."""

from benchmarks.harness import Entry, archdsl, python

entry = Entry(
    "fmt of a small spec, process : import lark",
    archdsl("fmt", "--check", "specs/lenet5.arch"),
    python("import lark"),
    target=1.6,
)
