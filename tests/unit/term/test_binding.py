"""The ready-made layer over libghostty is what pyghostty's own parsing gives."""

from __future__ import annotations

import runpy
import subprocess
import sys

from cffi import FFI

from steer.term import binding, ghostty, ghostty_abi


def test_it_is_in_use() -> None:
    assert binding.prepare()
    assert ghostty.ffi is ghostty_abi.ffi


def test_every_type_is_as_large_and_every_constant_the_same() -> None:
    folder = binding.folder_of_pyghostty()
    assert folder is not None
    parsed = FFI()
    parsed.cdef(runpy.run_path(str(folder / "_cdef.py"))["CDEF"])
    parsed.cdef(binding.TWINS)
    names, structs, unions = parsed.list_types()
    assert len(names) > 100 and ghostty_abi.ffi.list_types() == (names, structs, unions)
    for name in names:
        mine, theirs = ghostty_abi.ffi.typeof(name), parsed.typeof(name)
        assert mine.kind == theirs.kind, name
        if mine.kind in ("struct", "union") and theirs.fields is not None:
            assert [(n, f.offset) for n, f in mine.fields] == [(n, f.offset) for n, f in theirs.fields], name
            assert ghostty_abi.ffi.sizeof(mine) == parsed.sizeof(theirs), name
        if mine.kind == "enum":
            assert mine.elements == theirs.elements, name


def test_another_pyghostty_is_parsed_by_itself() -> None:
    script = (
        "from steer.term import binding, ghostty_abi; ghostty_abi.DECLARATIONS_SUM = 0\n"
        "assert not binding.prepare()\n"
        "from steer.term.emulator import Emulator\n"
        "e = Emulator(20, 3); e.feed(b'hello'); print(e.screen()[0].rstrip())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("hello\n", "")
