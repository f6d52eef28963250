"""New objects of a checkpoint are collected in memory and reach the disk as one pack.

A checkpoint of a hundred changed files writes some two hundred objects; as many small files are most of its
time on a busy disk. The private index is worked on as a copy and put in place only once the pack is there:
a crash leaves an index that never names an object which was lost.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from steer.adapters.git import command
from steer.adapters.git.command import Place

_MEMORY = Path("/dev/shm")
_MEMORY_MAX_BYTES = 64 * 1024 * 1024  # of changed files; more goes to the disk at once
_FEW = 8  # paths; so few files are quicker written than packed


@contextmanager
def quarantine(place: Place, count: int, size_bytes: int) -> Iterator[Place]:
    """The place to work in instead of `place`, for `count` changed paths of `size_bytes` together."""
    if count <= _FEW or size_bytes > _MEMORY_MAX_BYTES or not _MEMORY.is_dir() or place.index is None:
        yield place
        return
    folder = Path(tempfile.mkdtemp(prefix="steer-", dir=_MEMORY))
    fresh = place.index.with_name(f"{place.index.name}.next")
    own = place.git_dir / "objects"
    try:
        fresh.with_name(f"{fresh.name}.lock").unlink(missing_ok=True)
        shutil.copy2(place.index, fresh)
        plain = {**place.config, "core.looseCompression": "0"}  # the pack compresses
        yield replace(place, index=fresh, store=folder, objects=(own,), config=plain)
        _pack(replace(place, work_tree=None, index=None, objects=(folder,)), folder, own)
        fresh.replace(place.index)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        fresh.unlink(missing_ok=True)


def _pack(place: Place, folder: Path, own: Path) -> None:
    names = [f"{d.name}{f.name}" for d in folder.iterdir() if len(d.name) == 2 for f in d.iterdir()]
    loose = [n for n in names if len(n) == 40]
    if loose:
        text = "\n".join(loose) + "\n"
        options = ("-q", "--window=0", "--threads=1", str(own / "pack" / "pack"))
        command.run(place, "pack-objects", *options, stdin=text.encode())
