"""Sums of what was recorded, so that a change of the recording afterwards can be seen.

A sum is of all bytes from `base` up to an offset: (base, offset, BLAKE2b of 128 bits in hex). `base` is 0 unless
somebody cut the file while it was written: then counting begins anew there. They stand beside the recording, in
`RECORDING.sums`: JSON {"version": 1, "is_over", "marks": [[base, offset, sum], ...]}.
"""

from __future__ import annotations

import json
import os

try:
    from _blake2 import blake2b  # `hashlib` would load OpenSSL as well: 4 MB in every keeper, measured
except ImportError:
    from hashlib import blake2b

SUFFIX = ".sums"
SUM_BYTES = 16
MAX_MARKS = 512  # then every second one is dropped
Mark = tuple[int, int, str]


class Sums:
    """Of one recording at `path`, while it is written."""

    def __init__(self, path: str) -> None:
        self.newest: Mark = (0, 0, "")
        self._path = path + SUFFIX
        self._base = 0
        self._offset = 0
        self._sum = blake2b(digest_size=SUM_BYTES)
        self._marks: list[Mark] = []

    def feed(self, data: bytes | bytearray) -> None:
        """The file has got these bytes."""
        self._sum.update(data)
        self._offset += len(data)

    def cut(self, size: int) -> None:
        """Somebody cut the file to `size`; it goes on from there."""
        self._marks = [mark for mark in self._marks if mark[1] <= size]
        self._base = self._offset = size
        self._sum = blake2b(digest_size=SUM_BYTES)

    def mark(self, *, is_over: bool = False) -> None:
        """Write down the sum of all there is by now. Best effort: a disk that is full has the next one."""
        self.newest = (self._base, self._offset, self._sum.hexdigest())
        if not self._marks or self._marks[-1] != self.newest:
            self._marks.append(self.newest)
        if len(self._marks) > MAX_MARKS:
            self._marks = self._marks[1::2]
        value = {"version": 1, "is_over": is_over, "marks": self._marks}
        draft = f"{self._path}.{os.getpid()}"
        try:
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                data = json.dumps(value, separators=(",", ":")).encode()
                is_whole = os.write(fd, data) == len(data)
            finally:
                os.close(fd)
            if is_whole:
                os.replace(draft, self._path)
            else:
                os.unlink(draft)
        except OSError:
            pass
