"""Training the lecture's small ResNet beside the usual loop over torchvision's images with a DataLoader."""

from benchmarks.harness import Entry
from benchmarks.training import Comparison

comparison = Comparison("lecture-resized", 1, 28, batch=128, steps=100)

entry = Entry("train lecture-resized : a loop over a DataLoader", comparison.ours(), comparison.with_loader(), target=1)
