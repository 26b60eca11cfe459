"""Training ResNet-20 on images as large as CIFAR's, beside a bare loop."""

from benchmarks.harness import Entry
from benchmarks.training import Comparison

comparison = Comparison("resnet20", 3, 32, batch=128, steps=4)

entry = Entry("train resnet20 : a loop by hand", comparison.ours(), comparison.by_hand(), target=1 / 0.93)
