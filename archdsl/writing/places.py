"""Where a file is written, and what may lie there: the one guard of everything that archdsl writes."""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path

from archdsl.writing.drafts import put
from archdsl.writing.marks import Form, is_marked, put_mark


class Place(ABC):
    """A place for a file. Nothing that isn't a regular file is ever written to, or replaced."""

    path: Path
    form: Form | None = None
    """What it is marked as, where it is."""

    @property
    @abstractmethod
    def target(self) -> Path:
        """What is put in its place."""

    @abstractmethod
    def require(self) -> None:
        """Raise OSError where nothing may be written."""

    def write(self, content: str | bytes) -> None:
        """Put a text (as UTF-8) or bytes there, whole or not at all. Raises OSError."""
        data = content.encode() if isinstance(content, str) else content
        self.make(lambda draft: _fill(draft, data))

    def make(self, make: Callable[[Path], object]) -> None:
        """Have a file made by whatever writes such files, and put it there, whole or not at all. Raises OSError."""
        self.require()

        def ready(draft: Path) -> None:
            if self.form is not None:
                put_mark(draft, self.form)
            # It may have taken long.
            self.require()

        put(self.target, self.path, make, ready)


class Output(Place):
    """A file that a person named, which may hold what archdsl wrote there before, or nothing.

    What was written is marked, so that the same command may be given again. Anything else is left alone: a file of
    somebody else's, one that was edited since, unless `force` is said; and always one that the same command reads.
    Links are followed.
    """

    def __init__(self, path: Path, form: Form, *, force: bool = False, inputs: Iterable[Path] = ()) -> None:
        self.path = path
        self.form: Form = form
        self.force = force
        self.inputs = tuple(inputs)

    @property
    def target(self) -> Path:
        return _followed(self.path)

    def require(self) -> None:
        """Raise OSError where the place holds something that isn't ours to replace."""
        if not _is_there(self.target, self.path):
            return
        if any(_same(each, self.target) for each in self.inputs):
            raise OSError(errno.EEXIST, "is what this command reads, and can't be what it writes", str(self.path))
        if not self.force and self.target.stat().st_size and not is_marked(self.target, self.form):
            raise OSError(
                errno.EEXIST, "is not as archdsl wrote it, and --force is needed to replace it", str(self.path)
            )


class Edited(Place):
    """A file that is read and then changed where it lies. Links are followed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def target(self) -> Path:
        return _followed(self.path)

    def require(self) -> None:
        """Raise OSError where there is no file to change."""
        if not _is_there(self.target, self.path):
            raise FileNotFoundError(errno.ENOENT, "is not there any more", str(self.path))


class Kept(Place):
    """A file in a folder that archdsl made, such as a training's. A link in it is replaced, and never followed.

    `inside` is such a folder while it is being filled, in which inner ones are made as they are wanted.
    """

    def __init__(self, path: Path, inside: Path | None = None) -> None:
        self.path = path
        self.inside = inside
        # Weights are copied out of such folders, and known wherever they lie.
        self.form = "safetensors" if path.suffix == ".safetensors" else None

    @property
    def target(self) -> Path:
        return self.path

    def require(self) -> None:
        """Raise OSError where the name is that of a folder or a device."""
        if self.inside is not None and self.path.is_relative_to(self.inside):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.is_symlink():
            _is_there(self.path, self.path)


def output(path: str | Path | Place, form: Form, force: bool = False) -> Place:
    """The place that is meant: as it is, or of a file that was named."""
    return path if isinstance(path, Place) else Output(Path(path), form, force=force)


def _followed(path: Path) -> Path:
    # Not `Path.resolve`, which raises for links that lead to themselves.
    return Path(os.path.realpath(path))


def _is_there(target: Path, shown: Path) -> bool:
    """Whether a file is there. Raises OSError for anything else."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(shown)) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(shown))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is no regular file, and nothing else is written to", str(shown))
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _fill(draft: Path, data: bytes) -> None:
    with draft.open("wb") as file:
        file.write(data)
