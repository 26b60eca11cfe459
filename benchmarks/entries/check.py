"""The whole of `archdsl check specs/`, every variant of every spec, beside the start-up floor."""

from benchmarks.harness import FLOOR, Entry, archdsl, python

entry = Entry("check specs/, process : floor", archdsl("check", "specs"), python(FLOOR), target=8)
