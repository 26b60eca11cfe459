"""A source is read back before it is given to anybody: each of its classes is the network's, in every call of it.

The text is followed from its own tree. What its constructors make and the flow of tensors through its `forward`s
must be what the network says: the same modules under the same names with the same arguments, each on the tensor of
the same place. Whatever is wrong in the code that writes sources ends here, as a mistake of ours with its place, and
never as another network.
"""

from __future__ import annotations

from archdsl.backends.torch.reading.check import WrongSource, read_back

__all__ = ["WrongSource", "read_back"]
