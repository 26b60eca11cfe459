"""Weights: files of them read and written, and put into live modules."""

from archdsl.runtime.weights.loading import Loaded, fit_weights, load_weights
from archdsl.runtime.weights.reading import Weights, from_tensors, read_weights
from archdsl.runtime.weights.writing import write_weights

__all__ = ["Loaded", "Weights", "fit_weights", "from_tensors", "load_weights", "read_weights", "write_weights"]
