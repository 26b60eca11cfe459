"""Everything that archdsl writes goes through here: whole or not at all, and over nothing that is somebody else's.

A place says what may lie where it writes: `Output` is a file that a person named, `Edited` one that is changed where it
lies, `Kept` one in a folder of ours. `folder` makes such a folder.
"""

from archdsl.writing.folders import discard, folder
from archdsl.writing.marks import without_mark
from archdsl.writing.places import Edited, Kept, Output, Place, output

__all__ = ["Edited", "Kept", "Output", "Place", "discard", "folder", "output", "without_mark"]
