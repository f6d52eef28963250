"""Landlock by system calls: this process and all it starts write, connect and signal only as ruled (landlock(7)).

Standard library only; it runs between fork and exec. Reading stays free, and so do Unix sockets that have a path:
no kernel before ABI 9 can rule those.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable

MIN_ABI = 6  # Linux 6.12: the first that keeps signals inside; below, an agent could end its keeper

# System call numbers, the same on every architecture that has the common table.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_MAKE_DEVICES = 1 << 6 | 1 << 11  # character and block devices: nobody is granted these
_CHANGE = sum(1 << bit for bit in (4, 5, 7, 8, 9, 10, 12, 13))  # remove, make, rename between folders
_HANDLED = _WRITE_FILE | _TRUNCATE | _CHANGE | _MAKE_DEVICES
_CONNECT_TCP = 1 << 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1


def abi() -> int:
    """The version of Landlock this kernel offers; 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(write: Iterable[str], ports: Iterable[int] | None) -> None:
    """From here on only below `write` (folders and files that exist) is anything changed.

    `ports`: the only TCP ports to connect to; None leaves the network alone. Raises `OSError`; then some or nothing
    of it holds, and the process must not go on.
    """
    net = 0 if ports is None else _CONNECT_TCP
    scope = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS
    rules = struct.pack("=QQQ", _HANDLED, net, scope)
    ruleset = _call(_CREATE_RULESET, rules, len(rules), 0)
    try:
        for path in write:
            _allow(ruleset, path)
        for port in ports or ():
            _call(_ADD_RULE, ruleset, _NET_PORT, struct.pack("=QQ", _CONNECT_TCP, port), 0)
        _no_new_privileges()
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _WRITE_FILE | _TRUNCATE
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            rights |= _CHANGE
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)


def _no_new_privileges() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot give up new privileges")


def _call(number: int, *args: bytes | int | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    sized = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result: int = libc.syscall(ctypes.c_long(number), *sized)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
