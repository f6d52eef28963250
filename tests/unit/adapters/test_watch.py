"""Changes below a folder, named by the folders in it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from steer.adapters.watch import watch_folders

DEADLINE_S = 60.0
ODD = b"odd \xff name"
TOLD = "odd \ufffd name".encode()  # names that are no text do not come through; who uses them has to look


def test_changed_files_are_named_and_gits_own_are_not(tmp_path: Path) -> None:
    (tmp_path / "one" / "deep").mkdir(parents=True)
    (tmp_path / "two" / ".git").mkdir(parents=True)
    seen: dict[str, set[bytes]] = {}

    async def watch() -> None:
        stop, enough = asyncio.Event(), asyncio.Event()

        def found(folders: dict[str, set[bytes]]) -> None:
            for name, paths in folders.items():
                seen.setdefault(name, set()).update(paths)
            if TOLD in seen.get("two", ()) and b"deep/a.txt" in seen.get("one", ()):
                enough.set()

        def failed(why: str) -> None:
            raise AssertionError(why)

        task = asyncio.create_task(watch_folders(tmp_path, found, stop, failed))
        async with asyncio.timeout(DEADLINE_S):
            while not enough.is_set():  # nothing tells when the watch has begun: write until it is seen
                (tmp_path / "one" / "deep" / "a.txt").write_text("x")
                (tmp_path / "two" / ".git" / "index").write_text("x")
                Path(os.fsdecode(os.fsencode(tmp_path / "two") + b"/" + ODD)).write_text("x")
                try:
                    await asyncio.wait_for(enough.wait(), 0.5)
                except TimeoutError:
                    continue
        stop.set()
        await task

    asyncio.run(watch())
    assert seen["one"] == {b"deep/a.txt"} and seen["two"] == {TOLD}
