"""pyghostty's cffi layer, ready-made: parsing its C declarations takes each process that has a screen half a second.

`ghostty_abi.py` is what cffi's out-of-line ABI mode makes of them (`python -m tests.make_binding`); with it the
library is loaded in some milliseconds. Where another pyghostty is installed than it was made of, that is parsed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

# Twins of unions that cffi cannot pass by value in ABI mode, as pyghostty declares them itself.
TWINS = """
typedef struct { uint16_t x; uint32_t y; uint64_t _pad; } GhosttyPointValueS;
typedef struct { GhosttyPointTag tag; GhosttyPointValueS value; } GhosttyPointS;
"""
_LIBRARIES = ("libghostty-vt.so", "libghostty-vt.dylib")


def prepare() -> bool:
    """Before the first import of pyghostty: whether the ready-made layer is in use."""
    if "pyghostty._ffi" in sys.modules:
        return isinstance(sys.modules["pyghostty._ffi"], _Layer)
    folder = folder_of_pyghostty()
    if folder is None or os.environ.get("PYGHOSTTY_LIB"):
        return False
    library = next((path for name in _LIBRARIES if (path := folder / "_lib" / name).is_file()), None)
    if library is None:
        return False
    try:
        from steer.term import ghostty_abi
    except ImportError:
        return False
    if declarations_sum(folder) != ghostty_abi.DECLARATIONS_SUM:
        return False
    sys.modules["pyghostty._ffi"] = _Layer(ghostty_abi.ffi, str(library))
    return True


def folder_of_pyghostty() -> Path | None:
    """Where it is installed, found without running it."""
    spec = importlib.util.find_spec("pyghostty")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def declarations_sum(folder: Path) -> int:
    return zlib.crc32((folder / "_cdef.py").read_bytes())


class GhosttyError(RuntimeError):
    pass


class _Layer(ModuleType):
    """Stands for `pyghostty._ffi`, with its names."""

    def __init__(self, ffi: Any, library: str) -> None:
        super().__init__("pyghostty._ffi")
        self.ffi = ffi
        self.lib = ffi.dlopen(library)
        self.GhosttyError = GhosttyError
        self._functions: dict[str, Any] = {}

    def check(self, result: int, what: str) -> None:
        if result:
            raise GhosttyError(f"{what} failed: {result}")

    def union_fn(self, name: str, signature: str) -> Any:
        """The function `name` with the signature that has twins in place of unions."""
        if name not in self._functions:
            self._functions[name] = self.ffi.cast(signature, self.ffi.addressof(self.lib, name))
        return self._functions[name]
