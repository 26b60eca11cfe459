"""The shapes of ResNet-1202 beside those of ResNet-20: a repeat costs what its distinct turns cost."""

from benchmarks.harness import Entry, archdsl

entry = Entry(
    "shapes resnet1202, process : shapes resnet20, process",
    archdsl("shapes", "resnet1202"),
    archdsl("shapes", "resnet20"),
    target=1.5,
)
