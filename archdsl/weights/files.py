"""What is said of files of weights that aren't any, and of files that would be wrong."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic

PUBLISHED = "torchvision:"
"""What weights begin with that torchvision publishes; a name follows, anything else is a file."""


class UnreadableWeights(Diagnostic):
    """A file that is no file of weights, or a broken one: neither safetensors nor PyTorch's own format."""

    code = "unreadable-weights"


class WeightsWithCode(Diagnostic):
    """A PyTorch file that would run code when it is read; it is refused, and nothing of it runs.

    Such a file may be harmless, a whole model saved with its class. Save its `state_dict` instead.
    """

    code = "weights-with-code"


class UnknownPublishedWeights(Diagnostic):
    """A name of published weights that torchvision doesn't have for this network."""

    code = "unknown-published-weights"


class ScoresNotFinite(Diagnostic):
    """A network that is asked about an image gives infinite scores, or what is no number: its weights are damaged."""

    code = "scores-not-finite"


class ExportRefused(Diagnostic):
    """A network that another program's form can't hold, or whose exporter has no word for one of its layers."""

    code = "export-refused"


class DifferentOutputs(Diagnostic):
    """What was exported doesn't give the network's outputs, so that no file was written."""

    code = "different-outputs"
