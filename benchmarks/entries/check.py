"""The whole of `archdsl check specs/`, every variant of every spec, beside the start-up floor."""

from benchmarks.harness import FLOOR, Entry, archdsl, python

# Not the 8 of a mere elaboration: every variant is compiled and its source read back, which is what `check` promises.
entry = Entry("check specs/, process : floor", archdsl("check", "specs"), python(FLOOR), target=30)
