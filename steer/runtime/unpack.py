"""Unpacking compressed recordings piece by piece, with limits: a bomb costs neither memory nor time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

PIECE_BYTES = 64 * 1024
MAX_UNPACKED_BYTES = 2 << 30
FREE_BYTES = 32 << 20  # up to here the ratio does not matter
MAX_RATIO = 400  # screens redrawn all day reach about 100; a bomb of deflate 1030
MAX_WINDOW_BYTES = 128 << 20  # memory that a zstd file may ask for; `zstd --long` asks for as much

ZSTD_SIP_BYTES = (
    512  # read at once: a block of four bytes may stand for 128 KiB, so 16 MiB at most come of it
)
GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class UnpackError(Exception):
    """Its text says why nothing more comes; what came before is good."""


def unpacked(source: BinaryIO, start: bytes) -> Iterator[bytes] | None:
    """What a compressed file that begins with `start` holds, in pieces; None where it is not compressed.

    Reading the pieces raises `UnpackError` where the data is damaged, cut off or a bomb.
    """
    if start.startswith(GZIP_MAGIC):
        return _gunzipped(source)
    return _unzstd(source) if start.startswith(ZSTD_MAGIC) else None


def _unzstd(source: BinaryIO) -> Iterator[bytes]:
    """RFC 8878, several frames too."""
    packed = total = 0
    engine = _zstd()
    data = b""
    while data or (data := source.read(ZSTD_SIP_BYTES)):
        if engine.eof:
            engine = _zstd()
        try:
            piece = engine.decompress(data)
        except zstandard.ZstdError as e:
            what = "asks for too much memory" if "memory" in str(e) else "is damaged"
            raise UnpackError(f"the compressed data {what}; shown up to there") from None
        rest = engine.unused_data if engine.eof else b""
        packed += len(data) - len(rest)
        total += len(piece)
        if piece:
            yield piece
        _check(packed, total)
        data = rest
    if not engine.eof:
        raise UnpackError("the compressed data is cut off; shown up to there")


def _zstd() -> zstandard.ZstdDecompressionObj:
    return zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).decompressobj()


def _gunzipped(source: BinaryIO) -> Iterator[bytes]:
    """RFC 1952, several members too."""
    packed = total = 0
    engine = zlib.decompressobj(wbits=31)
    data = b""
    while data or (data := source.read(PIECE_BYTES)):
        try:
            piece = engine.decompress(data, PIECE_BYTES)
        except zlib.error:
            raise UnpackError("the compressed data is damaged; shown up to there") from None
        rest = engine.unused_data if engine.eof else engine.unconsumed_tail
        packed += len(data) - len(rest)
        total += len(piece)
        if piece:
            yield piece
        _check(packed, total)
        if engine.eof and rest.strip(b"\0"):
            engine = zlib.decompressobj(wbits=31)
        data = b"" if engine.eof else rest
    if not engine.eof:
        raise UnpackError("the compressed data is cut off; shown up to there")


def _check(packed: int, total: int) -> None:
    if total > MAX_UNPACKED_BYTES:
        raise UnpackError(f"more than {MAX_UNPACKED_BYTES >> 30} GiB when unpacked; shown up to there")
    if total > FREE_BYTES and total > MAX_RATIO * packed:
        raise UnpackError(f"packed more than {MAX_RATIO} to 1, like a bomb; shown up to {total >> 20} MiB")
