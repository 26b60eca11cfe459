"""What the classes of one source share: names, definitions that torch lacks, and which class serves which call."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from archdsl.backends.classes.building import Classes
from archdsl.backends.classes.inner_tensors import InnerTensors
from archdsl.backends.classes.names import Namespace
from archdsl.backends.torch.functions import FUNCTIONS
from archdsl.elaborate.budget import Budget
from archdsl.symbolic import operations


class Shared:
    """Of one source. Classes write down here what they need beside themselves."""

    def __init__(self, taken: Set[str], classes: Classes[Any]) -> None:
        self.classes = classes
        self.definitions: dict[str, str] = {}
        """The classes and functions that torch lacks, as text."""
        self.class_names: set[str] = set()
        self.locals: set[str] = set()
        """The variables and parameters of all classes so far, which no class may be called."""
        self.names = Namespace(taken, self.locals, self.class_names)
        """Those of classes and functions."""
        self.outputs = ""
        """The class of what the network gives in training, where that is more than one tensor."""

    @property
    def budget(self) -> Budget:
        """How much more may be written."""
        return self.classes.budget

    @property
    def inner(self) -> InnerTensors:
        """Which tensors inside containers are used outside of them."""
        return self.classes.inner

    def variable_names(self, taken: Set[str]) -> Namespace:
        """A namespace of variables or parameters, none of which is the name of a class."""
        return Namespace(taken, self.class_names, self.locals)

    def add_definition(self, name: str, text: str) -> None:
        """Add the source of a class or function that torch lacks."""
        self.definitions[name] = text

    def note_functions(self, value: Any) -> None:
        """Add the source of functions that a value calls and Python lacks."""
        for operation in operations(value):
            if operation in FUNCTIONS:
                self.add_definition(operation, FUNCTIONS[operation])
