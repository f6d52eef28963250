"""The binary index file, as far as a fork needs it: stat data rewritten in place, every flag kept.

Format: gitformat-index(5). libgit2 would drop what it does not know (extended flags of newer gits, sparse
directories, extensions) and rehash everything; changing 40 bytes per entry in place loses nothing.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steer.errors import EnvironmentFault

_STAT = struct.Struct(">10I")  # ctime s ns, mtime s ns, dev, ino, mode, uid, gid, size
_HEADER = struct.Struct(">4sII")
_SHA1_BYTES = 20
_FIXED = _STAT.size + _SHA1_BYTES + 2
_EXTENDED, _NAME_MASK, _STAGE_SHIFT = 0x4000, 0x0FFF, 12
_LOW = 0xFFFFFFFF
# Both describe the old place and are rebuilt by git: untracked cache, fsmonitor. The other two hold
# offsets and a hash of the extensions, which are no longer true once something was taken out.
_DROPPED = (b"UNTR", b"FSMN", b"EOIE", b"IEOT")

StatPair = tuple[os.stat_result, os.stat_result]


@dataclass(frozen=True, slots=True)
class Entry:
    offset: int  # of its stat data in the file
    path: bytes
    mode: int
    blob: bytes  # 20 bytes
    stage: int
    flags: int  # extended ones in the upper half


def entries(data: bytes) -> Iterator[Entry]:
    """The entries of an index file. Raises `EnvironmentFault` when it is damaged or of an unknown kind."""
    yield from _walk(data)[0]


def _walk(data: bytes) -> tuple[list[Entry], int]:
    """Entries, and the offset where extensions start."""
    try:
        magic, version, count = _HEADER.unpack_from(data)
        if magic != b"DIRC" or version not in (2, 3, 4):
            raise ValueError(f"version {version}")
        found, at, previous = [], _HEADER.size, b""
        for _ in range(count):
            entry, at = _entry(data, at, version, previous)
            previous = entry.path
            found.append(entry)
    except (struct.error, ValueError, IndexError) as e:
        raise EnvironmentFault(
            f"the index of the worktree cannot be read: {e}", "look at `git status` there"
        ) from e
    return found, at


def _entry(data: bytes, at: int, version: int, previous: bytes) -> tuple[Entry, int]:
    mode = int.from_bytes(data[at + 24 : at + 28], "big")
    blob = data[at + _STAT.size : at + _STAT.size + _SHA1_BYTES]
    flags = int.from_bytes(data[at + _FIXED - 2 : at + _FIXED], "big")
    name_at, extended = at + _FIXED, 0
    if flags & _EXTENDED:
        extended = int.from_bytes(data[name_at : name_at + 2], "big")
        name_at += 2
    if version == 4:
        cut, name_at = _varint(data, name_at)
        end = data.index(b"\0", name_at)
        path, after = previous[: len(previous) - cut] + data[name_at:end], end + 1
    else:
        length = flags & _NAME_MASK
        end = name_at + length if length < _NAME_MASK else data.index(b"\0", name_at)
        path, after = data[name_at:end], at + (end - at + 8) // 8 * 8
    return Entry(at, path, mode, blob, flags >> _STAGE_SHIFT & 3, extended << 16 | flags), after


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Git's offset encoding: each continuation adds one."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1) << 7 | byte & 0x7F
    return value, at + 1


def transplanted(data: bytes, pairs: Mapping[bytes, StatPair]) -> bytes:
    """The index `data` for a copied folder.

    `pairs` maps a path to the stat of the original and of its copy. An entry that was clean against the
    original gets the stat data of the copy and so is clean against that; any other keeps its own and so
    stays what it was. Raises `EnvironmentFault` for a split index or a damaged one.
    """
    found, end = _walk(data)
    fresh = bytearray(data[:end])
    for entry in found:
        pair = pairs.get(entry.path)
        if pair and entry.stage == 0 and _is_clean(data, entry, pair[0]):
            _STAT.pack_into(fresh, entry.offset, *_stat_fields(pair[1], entry.mode))
    fresh += _kept_extensions(data, end)
    return bytes(fresh) + hashlib.sha1(fresh, usedforsecurity=False).digest()


def _is_clean(data: bytes, entry: Entry, now: os.stat_result) -> bool:
    """Does the entry's stat data match, by the fields that git compares? (`dev` is not among them.)"""
    was = _STAT.unpack_from(data, entry.offset)
    is_ = _stat_fields(now, entry.mode)
    same_ns = was[3] in (0, is_[3])
    return same_ns and (was[0], was[2], *was[5:]) == (is_[0], is_[2], *is_[5:])


def _stat_fields(s: os.stat_result, mode: int) -> tuple[int, ...]:
    c, m = divmod(s.st_ctime_ns, 10**9), divmod(s.st_mtime_ns, 10**9)
    numbers = (c[0], c[1], m[0], m[1], s.st_dev, s.st_ino, mode, s.st_uid, s.st_gid, s.st_size)
    return tuple(n & _LOW for n in numbers)


def _kept_extensions(data: bytes, at: int) -> bytes:
    kept = b""
    while at + 8 <= len(data) - _SHA1_BYTES:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if name == b"link":
            raise EnvironmentFault(
                "the worktree uses a split index, which cannot be copied",
                "run `git update-index --no-split-index` there",
            )
        if name not in _DROPPED:
            kept += data[at : at + 8 + size]
        at += 8 + size
    return kept


def _empty() -> bytes:
    head = _HEADER.pack(b"DIRC", 2, 0)
    return head + hashlib.sha1(head, usedforsecurity=False).digest()


EMPTY = _empty()
