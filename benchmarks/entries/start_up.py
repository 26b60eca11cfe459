"""The whole of `archdsl shapes resnet152` beside the start-up floor."""

from benchmarks.harness import FLOOR, Entry, archdsl, python

entry = Entry("shapes resnet152, process : floor", archdsl("shapes", "resnet152"), python(FLOOR), target=1.5)
