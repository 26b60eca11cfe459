"""Training the lecture's small ResNet, where every call of Python shows, beside a bare loop."""

from benchmarks.harness import Entry
from benchmarks.training import Comparison

comparison = Comparison("lecture-resized", 1, 28, batch=128, steps=100)

entry = Entry("train lecture-resized : a loop by hand", comparison.ours(), comparison.by_hand(), target=1 / 0.85)
