"""A real file system whose power can be cut: ext4 in a file, mounted; what the file holds is what reached the disk.

Needs root, `mkfs.ext4` and loop devices. A cut is a copy of the file while the file system goes on; mounting the copy
replays its journal, as after a real one. What was not synced is in the page cache alone, and so not in the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 48 << 20


def why_not(folder: Path) -> str:
    """Why there is none here, or ""."""
    if os.geteuid() != 0:
        return "it needs root"
    if not shutil.which("mkfs.ext4"):
        return "it needs mkfs.ext4"
    try:
        with LoopDisk(folder / "probe").mounted():
            return ""
    except (OSError, subprocess.SubprocessError) as e:
        return f"no loop device can be mounted: {e}"
    finally:
        shutil.rmtree(folder / "probe", ignore_errors=True)


class LoopDisk:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._image, self._copy, self._root = folder / "image", folder / "copy", folder / "root"
        self._root.mkdir()
        with self._image.open("wb") as f:
            f.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", str(self._image))

    @contextmanager
    def mounted(self, *, after_cut: bool = False) -> Iterator[Path]:
        """Its folder, the same before and `after_cut`. Left lazily: libraries keep files of it open."""
        _run("mount", "-o", "loop", str(self._copy if after_cut else self._image), str(self._root))
        try:
            yield self._root
        finally:
            _run("umount", "-l", str(self._root))

    def sync(self) -> None:
        _run("sync", "-f", str(self._root))

    def cut(self) -> None:
        _run("cp", "--sparse=always", str(self._image), str(self._copy))


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
