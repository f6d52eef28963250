"""Indexes of large recordings on disk, so that the next replay of them need not read them through again.

A file per recording in steer's state folder (isolated agents may write caches), made after the recording was read
whole: a magic line, a length, JSON (zlib), the keyframes as they are, a checksum. It belongs to one state of one file
(path, size, time of change) and to one version of the emulator, whose snapshots it holds; whatever does not fit is as
if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import zlib
from dataclasses import asdict
from pathlib import Path

from steer.config.path import private_dir, state_home
from steer.record.reader import Header
from steer.replay.index import Index
from steer.replay.keyframe import Keyframe
from steer.replay.timeline import Timeline

MIN_BYTES = 4 << 20  # smaller recordings are read in a tenth of a second
MAX_TOTAL_BYTES = 512 << 20  # of all; the ones that were used last stay
_MAGIC = b"steer-index 1\n"
_LENGTH = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_MAX_META = 64 << 20


def load(path: Path, status: os.stat_result, index: Index) -> bool:
    """Fill `index` with what is known of the recording; whether anything was."""
    place = _place(path, status)
    try:
        data = place.read_bytes()
        os.utime(place)
        _restore(data, index, status.st_size)
    except (OSError, ValueError, KeyError, TypeError, zlib.error, struct.error):
        return False
    return True


def save(path: Path, status: os.stat_result, index: Index) -> None:
    """Keep the index of a recording that was read whole. A cache that cannot be written is no trouble."""
    place = _place(path, status)
    with contextlib.suppress(OSError):
        private_dir(place.parent)
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        draft.write_bytes(_packed(index))
        draft.replace(place)
        _prune(place.parent)


def _place(path: Path, status: os.stat_result) -> Path:
    from importlib.metadata import version  # loads a parser of e-mail

    words = (
        os.path.realpath(path),
        status.st_size,
        status.st_mtime_ns,
        version("pyghostty"),
    )
    name = hashlib.sha256(repr(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return state_home() / "index" / name


def _packed(index: Index) -> bytes:
    frames = index.keyframes.frames
    meta = {
        "header": asdict(index.header) if index.header else None,
        "problems": index.problems,
        "end": index.end,
        "timeline": index.timeline.state(),
        "frames": [[frame.offset, frame.at, len(frame.packed)] for frame in frames],
    }
    packed = zlib.compress(json.dumps(meta).encode(), 1)
    data = b"".join([_MAGIC, _LENGTH.pack(len(packed)), packed, *(frame.packed for frame in frames)])
    return data + _CHECK.pack(zlib.crc32(data))


def _restore(data: bytes, index: Index, size: int) -> None:
    body, (check,) = data[: -_CHECK.size], _CHECK.unpack(data[-_CHECK.size :])
    if not body.startswith(_MAGIC) or zlib.crc32(body) != check:
        raise ValueError("the cached index is damaged")
    at = len(_MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack_from(body, len(_MAGIC))
    meta = json.loads(zlib.decompressobj().decompress(body[at : at + length], _MAX_META))
    at += length
    frames = []
    for offset, moment, count in meta["frames"]:
        frames.append(Keyframe(int(offset), float(moment), body[at : at + count]))
        at += count
    if meta["end"] != size or at != len(body):
        raise ValueError("the cached index is of another file")
    index.restore(
        Header(**meta["header"]), meta["problems"], Timeline.restored(meta["timeline"]), frames, size
    )


def _prune(folder: Path) -> None:
    found = []
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            found.append((status.st_mtime, status.st_size, entry.path))
    total = 0
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > MAX_TOTAL_BYTES:
            with contextlib.suppress(OSError):
                Path(path).unlink()
