"""The recording's file: append-only, unbuffered, synced by a helper thread, patient with a full disk."""

from __future__ import annotations

import _thread
import fcntl
import os
from collections.abc import Callable

from steer.runtime.keeping.sums import Sums

MAX_PENDING_BYTES = 1 << 20  # waiting for the disk; the pty is not read meanwhile, so only small events come


def sync_folder(path: str) -> None:
    """Have the name of the file at `path` survive a power cut; syncing the file alone need not (fsync(2))."""
    fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class Tape:
    """What cannot be written is kept, in order, and tried again by `retry`: no line is torn in the middle.

    `offset` counts whole appends only; the file may be longer by the begun part of a pending one.
    """

    def __init__(self, path: str, on_synced: Callable[[], None]) -> None:
        """Create the file, readable by this user only. Raises `OSError`, also when it exists."""
        self.path = path
        self.offset = 0
        self.reason = ""  # why writing stalls; "" when it does not
        self.is_dirty = False  # something was written since the last sync began
        self.sums = Sums(path)
        self.dropped = 0  # appends lost because too many were pending
        self._pending = bytearray()
        self._begun = 0  # bytes in the file beyond `offset`
        self._fd = self._create(os.O_APPEND)
        self._sync = Syncer(path, self._fd, on_synced)

    def _create(self, extra: int) -> int:
        flags = extra | os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self.path, flags, 0o600)

    def append(self, data: bytes) -> bool:
        """Write `data` now. False when (part of) it has to wait for `retry`, or was dropped."""
        if not data:
            return not self.reason
        if self._pending and len(self._pending) + len(data) > MAX_PENDING_BYTES:
            self.dropped += 1
            return False
        self._pending += data
        return not self.reason and self.retry()

    def retry(self) -> bool:
        """Write what is pending. False, with `reason` set, when the file does not take it all."""
        try:
            while self._pending:
                written = os.write(self._fd, self._pending)
                if not written:
                    raise OSError("nothing was written")
                is_all = written == len(self._pending)
                self.sums.feed(self._pending if is_all else self._pending[:written])
                del self._pending[:written]
                self._begun += written
                self.is_dirty = True
        except OSError as e:
            self.reason = e.strerror or str(e)
            return False
        self.offset += self._begun
        self._begun = 0
        self.reason = ""
        return True

    def begin_sync(self) -> None:
        """Have the helper thread bring everything written so far to the disk."""
        self.is_dirty = False
        self._sync.request()

    @property
    def sync_error(self) -> str:
        return self._sync.error

    def damage(self) -> str:
        """What somebody did to the file behind our back, or "". Costs one fstat."""
        info = os.fstat(self._fd)
        if not info.st_nlink:
            return "the recording was removed"
        return "the recording was cut" if info.st_size < self.offset + self._begun else ""

    def repair(self) -> None:
        """After `damage`: put a removed file back with all its bytes, or go on at the end of a cut one.

        Raises `OSError` where the folder does not let us.
        """
        info = os.fstat(self._fd)
        if not info.st_nlink:
            self._put_back(info.st_size)
            return
        self.offset, self._begun = info.st_size, 0
        self.sums.cut(info.st_size)
        self.append(b"\n")

    def _put_back(self, size: int) -> None:
        fresh, done = self._create(0), 0  # sendfile(2) refuses append mode
        try:
            while done < size:
                done += os.sendfile(fresh, self._fd, done, size - done)
            fcntl.fcntl(fresh, fcntl.F_SETFL, os.O_APPEND)
        except OSError:
            os.close(fresh)
            os.unlink(self.path)
            raise
        self._sync.use(fresh)
        os.close(self._fd)
        self._fd = fresh

    def mark_sums(self) -> None:
        if not self._begun:  # a sum ends where a line does
            self.sums.mark()

    def finish(self) -> None:
        """Everything is on the disk, and nothing is written any more: only then may the sums say so."""
        try:
            os.fdatasync(self._fd)
        except OSError:
            return  # the process ends; there is nobody to tell
        if not self._begun:
            self.sums.mark(is_over=not self._pending)

    def close(self) -> None:
        os.close(self._fd)


class Syncer:
    """A thread that syncs a file when asked, and first its name, so that a slow disk never blocks the loop."""

    def __init__(self, path: str, fd: int, on_done: Callable[[], None]) -> None:
        self.error = ""
        self._path = path
        self._is_named = False  # for certain
        self._fd = fd
        self._on_done = on_done
        self._asked = _thread.allocate_lock()
        self._asked.acquire()
        self._busy = _thread.allocate_lock()  # held while a sync uses the descriptor
        self._has_thread = False

    def request(self) -> None:
        """Sync soon; a request while one is under way leads to one more."""
        if not self._has_thread:
            self._has_thread = True
            _thread.start_new_thread(self._serve, ())
        try:
            self._asked.release()
        except RuntimeError:
            pass  # asked already

    def use(self, fd: int) -> None:
        with self._busy:
            self._fd, self._is_named = fd, False

    def _serve(self) -> None:
        while True:
            self._asked.acquire()
            before = self.error
            with self._busy:
                try:
                    os.fdatasync(self._fd)
                    if not self._is_named:
                        sync_folder(self._path)
                        self._is_named = True
                    self.error = ""
                except OSError as e:
                    self.error = e.strerror or str(e)
            if self.error != before:
                self._on_done()
