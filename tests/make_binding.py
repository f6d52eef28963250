"""`python -m tests.make_binding` makes `steer/term/ghostty_abi.py` of the installed pyghostty: see `binding.py`."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path

from cffi import FFI

from steer.term.binding import TWINS, declarations_sum, folder_of_pyghostty

TARGET = Path(__file__).parent.parent / "steer" / "term" / "ghostty_abi.py"


def main() -> None:
    folder = folder_of_pyghostty()
    assert folder, "pyghostty is not installed"
    ffi = FFI()
    ffi.cdef(runpy.run_path(str(folder / "_cdef.py"))["CDEF"])
    ffi.cdef(TWINS)
    ffi.set_source("ghostty_abi", None)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch, "ghostty_abi.py")
        ffi.emit_python_code(str(made))
        TARGET.write_text(f"{made.read_text()}\nDECLARATIONS_SUM = {declarations_sum(folder)}\n")


if __name__ == "__main__":
    main()
