"""Ctrl-C: once stops after the step that runs and keeps everything, twice quits at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(Exception):
    """A training was stopped between two steps; its checkpoint has been written."""


class Quit(BaseException):
    """A training was quit at once. Not a KeyboardInterrupt, which Lightning would turn into an exit of its own."""


class Stop:
    """Whether somebody wants to stop. SIGTERM, which a cluster sends before it kills, asks for it as Ctrl-C does."""

    def __init__(self) -> None:
        self.asked = False

    def _first(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise Quit
        self.asked = True

    @contextmanager
    def listening(self) -> Iterator[Stop]:
        """Listen while a training runs; only a process's main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._first) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        except Quit:
            raise KeyboardInterrupt from None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
