"""Changes below a folder, named by the folders in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from steer.adapters.watch import watch_folders

DEADLINE_S = 60.0


def watched(root: Path, change: Callable[[], None], enough: Callable[[list[object]], bool]) -> list[object]:
    """What was found while `change` was done again and again, until it is enough: nothing tells when a watch begins."""
    seen: list[object] = []

    def failed(why: str) -> None:
        raise AssertionError(why)

    async def watch() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(watch_folders(root, seen.append, stop, failed))
        async with asyncio.timeout(DEADLINE_S):
            while not enough(seen):
                change()
                await asyncio.wait([task], timeout=0.3)
        stop.set()
        await task

    asyncio.run(watch())
    return seen


def test_changed_files_are_named_and_gits_own_are_not(tmp_path: Path) -> None:
    (tmp_path / "one" / "deep").mkdir(parents=True)
    (tmp_path / "two" / ".git").mkdir(parents=True)

    def change() -> None:
        (tmp_path / "one" / "deep" / "a.txt").write_text("x")
        (tmp_path / "two" / ".git" / "index").write_text("x")

    seen = watched(tmp_path, change, lambda seen: len(seen) > 1)
    assert seen == [{"one": {b"deep/a.txt"}}] * len(seen)


def test_a_name_that_is_no_text_does_not_end_the_watch(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/one/odd \xff"))

    def spoil() -> None:
        odd.write_text("x")

    def mend() -> None:
        odd.unlink(missing_ok=True)
        (tmp_path / "one" / "a.txt").write_text("x")

    assert None in watched(tmp_path, spoil, lambda seen: None in seen)
    assert {"one": {b"a.txt"}} in watched(tmp_path, mend, lambda seen: {"one": {b"a.txt"}} in seen)
    steps = iter([spoil] * 3)
    seen = watched(tmp_path, lambda: next(steps, mend)(), lambda seen: {"one": {b"a.txt"}} in seen)
    assert None in seen
