"""Checkpoints that steer takes by itself while an agent works."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pygit2

from tests.e2e.place import Place, until


def newest(place: Place, session: str) -> pygit2.Tree | None:
    """The tree of the newest checkpoint."""
    if not (number := place.view(session)["checkpoints"]):
        return None
    shadow = pygit2.Repository(str(place.paths.shadow))
    return shadow.lookup_reference(f"refs/steer/{session}/{number}").peel(pygit2.Tree)


def saved(place: Place, session: str) -> dict[str, tuple[int, bytes]]:
    """The newest checkpoint: path -> kind and permission to execute, content."""
    tree = newest(place, session)
    return dict(_entries(tree, "")) if tree else {}


def _entries(tree: pygit2.Tree, prefix: str) -> Iterator[tuple[str, tuple[int, bytes]]]:
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            yield from _entries(entry, f"{prefix}{entry.name}/")
        elif isinstance(entry, pygit2.Blob):
            yield f"{prefix}{entry.name}", (int(entry.filemode), entry.data)


def on_disk(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = (0o120000, os.fsencode(path.readlink()))
        elif path.is_file() and path.name != ".git":
            mode = 0o100755 if path.stat().st_mode & 0o100 else 0o100644
            found[str(path.relative_to(folder))] = (mode, path.read_bytes())
    return found


def test_checkpoints_of_what_a_watcher_named_are_what_a_full_look_finds(place: Place) -> None:
    session = place.start(["sleep", "1000"], check="")
    folder = place.worktree(session)

    def after(*changes: Callable[[], object]) -> None:
        """A checkpoint that was taken by itself holds these; then every file is looked at."""
        known = place.view(session)["checkpoints"]
        for change in changes:
            change()
        place.wait(session, "saved by itself", lambda v: v["checkpoints"] > known)
        until("it holds every file", lambda: saved(place, session) == on_disk(folder))

    after(lambda: (folder / "new.txt").write_text("1"))
    after(
        lambda: (folder / "a.txt").write_text("two\n"),
        lambda: (folder / "new.txt").rename(folder / "dir" / "moved.txt"),
        lambda: (folder / "a.txt").chmod(0o755),
        lambda: (folder / "link").symlink_to("nowhere"),
    )
    after(lambda: (folder / "dir").rename(folder / "other"), lambda: (folder / "link").unlink())
    after(lambda: (folder / ".gitignore").write_text("*.log\n"))
    known = place.view(session)["checkpoints"]
    place.call("diff", session=session)
    assert place.view(session)["checkpoints"] == known


def test_a_name_that_is_no_text_is_saved_and_hides_nobodys_work(place: Place) -> None:
    quiet = place.start(["sleep", "1000"], name="quiet")
    script = r"""while read -r word; do printf "$word" > "$(printf '\377')"; done"""
    odd = place.start(["/bin/sh", "-c", script], name="odd")

    def blob() -> bytes:
        entries = newest(place, odd) or ()
        return next((e.data for e in entries if isinstance(e, pygit2.Blob) and e.raw_name == b"\xff"), b"")

    for word in ("one", "two"):
        place.call("send_keys", session=odd, keys=[*word, "enter"])
        until(f"{word} was saved", lambda word=word: blob() == word.encode())
        (place.worktree(quiet) / "a.txt").write_text(word)
        until("the other's work was saved", lambda: saved(place, quiet) == on_disk(place.worktree(quiet)))
