"""A disk that remembers what was synced: records what a program does to the files of a folder, and loses power.

The functions of `os` that sync, rename and remove are watched while `Disk` is open, and the folder is looked at after
each of them: what changed since is not synced yet. `image` gives the folder as it may be after a power cut at one
moment. Each file has its synced content, and of what was written since any of its 512-byte sectors, new, old or zeros;
each name that came, went or changed since its folder was synced may be as before, one operation being done or not as
a whole. Folders themselves are taken to be there.
What native code writes is seen as soon as Python syncs or renames anything; its own syncs are not seen.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

SECTOR = 512
_WATCHED = ("fsync", "fdatasync", "rename", "replace", "unlink", "remove", "mkdir", "write", "open")
Names = dict[str, int]  # path below the folder -> number of the file


@dataclass
class Moment:
    """The folder after one call: `names` and `contents` now, `synced` what of them is on the disk for certain."""

    names: Names
    contents: dict[int, bytes]
    synced: dict[int, bytes]
    steps: list[tuple[str, dict[str, int | None]]]  # per folder: changed names that are not synced, in order
    kept: Names  # names that are


@dataclass
class Disk:
    root: Path
    moments: list[Moment] = field(default_factory=list)
    _names: Names = field(default_factory=dict)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _synced: dict[int, bytes] = field(default_factory=dict)
    _steps: list[tuple[str, dict[str, int | None]]] = field(default_factory=list)
    _kept: Names = field(default_factory=dict)
    _inodes: dict[int, int] = field(default_factory=dict)
    _count: int = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What is there already is on the disk."""
        self._look()
        self._synced, self._kept, self._steps = dict(self._contents), dict(self._names), []
        lock, true = threading.RLock(), {name: getattr(os, name) for name in _WATCHED}

        def call(name: str, *args: Any, **more: Any) -> Any:
            with lock:
                if name in ("fsync", "fdatasync"):
                    self._look()
                result = true[name](*args, **more)
                if name in ("fsync", "fdatasync"):
                    self._sync(str(Path(f"/proc/self/fd/{args[0]}").readlink()))
                self._look()
                self.moments.append(self._moment())
                return result

        for name in _WATCHED:
            setattr(os, name, partial(call, name))
        try:
            yield
        finally:
            for name, function in true.items():
                setattr(os, name, function)

    def _moment(self) -> Moment:
        return Moment(
            dict(self._names), dict(self._contents), dict(self._synced), list(self._steps), dict(self._kept)
        )

    def _look(self) -> None:
        names: Names = {}
        for path in self.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                names[str(path.relative_to(self.root))] = self._number(path)
        changed = {n: names.get(n) for n in {*names, *self._names} if names.get(n) != self._names.get(n)}
        for folder in {str(Path(n).parent) for n in changed}:
            inside = {n: number for n, number in changed.items() if str(Path(n).parent) == folder}
            self._steps.append((folder, inside))
        self._names = names

    def _number(self, path: Path) -> int:
        """Of the file at `path`, whose content is read; a number is never used again, as an inode may be."""
        inode, data = path.stat().st_ino, path.read_bytes()
        number = self._inodes.get(inode)
        is_other = number is not None and number not in self._names.values()
        if number is None or is_other:
            self._count += 1
            number = self._inodes[inode] = self._count
            self._synced[number] = b""
        self._contents[number] = data
        return number

    def _sync(self, place: str) -> None:
        path = Path(place.removesuffix(" (deleted)"))
        if not path.is_relative_to(self.root):
            return
        name = str(path.relative_to(self.root))
        if path.is_dir():
            for folder, inside in self._steps:
                if folder == name:
                    _apply(self._kept, inside)
            self._steps = [step for step in self._steps if step[0] != name]
        elif name in self._names:
            self._synced[self._names[name]] = self._contents[self._names[name]]


def _apply(names: Names, step: dict[str, int | None]) -> None:
    for name, number in step.items():
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def image(moment: Moment, chance: random.Random, target: Path, *, everything: bool = False) -> None:
    """Write to `target` what may be left of this moment; `everything`: nothing was lost."""
    names = dict(moment.kept)
    for _, step in moment.steps:
        if everything or chance.random() < 0.5:
            _apply(names, step)
    torn: dict[int, bytes] = {}
    for name, number in names.items():
        now, before = moment.contents[number], moment.synced[number]
        if number not in torn:
            torn[number] = now if everything else _torn(before, now, chance)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(torn[number])
        path.chmod(0o600)


def _torn(before: bytes, now: bytes, chance: random.Random) -> bytes:
    if before == now or chance.random() < 0.2:
        return now
    shorter, longer = sorted((len(before), len(now)))
    size = chance.choice([shorter, longer, chance.randint(shorter, longer)])
    out = bytearray()
    for at in range(0, size, SECTOR):
        end = min(at + SECTOR, size)
        old, new = before[at:end], now[at:end]
        kept = old if old == new or chance.random() < 0.5 else new
        if len(kept) < end - at:  # written beyond what was there: the new sector or zeros
            kept = new if chance.random() < 0.5 and len(new) == end - at else old
            kept = kept.ljust(end - at, b"\0")
        out += kept
    return bytes(out)
