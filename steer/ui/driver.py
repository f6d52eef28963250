"""Textual's driver for a Unix terminal, without its writer thread.

The thread costs two context switches and a fight for the interpreter lock per write: a tenth of the board's
processor time while agents redraw, and some tenths of a millisecond for a key. It buys nothing here: its queue is
bounded, so a terminal that does not read stops the app either way, and the supervisor sends no frame before the
last one was written.
"""

from __future__ import annotations

import os
import select

from textual.drivers.linux_driver import LinuxDriver


class DirectDriver(LinuxDriver):
    def write(self, data: str) -> None:
        rest = memoryview(data.encode("utf-8", "backslashreplace"))
        assert self._file is not None, "run without a standard error"
        fd = self._file.fileno()
        while rest:
            try:
                rest = rest[os.write(fd, rest) :]
            except BlockingIOError:  # somebody who shares the terminal made it so
                select.select([], [fd], [])
