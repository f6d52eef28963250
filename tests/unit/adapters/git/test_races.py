"""What agents and the operator do to the repository at the very moment at which steer works there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from steer.errors import SteerError
from tests.unit.adapters.git.world import World, git

ROUNDS = int(os.environ.get("STEER_ROUNDS", "40"))


@contextlib.contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """`work` is done again and again beside the body."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_worktree_swapped_for_a_link_all_the_time_leads_nowhere(world: World, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine\n")
    aside = tmp_path / "aside"
    moved = refused = 0
    for n in range(ROUNDS):
        name = f"a{n}"
        world.add(name)
        place = world.place(name)
        (place / "work").write_text(f"{n}\n")

        def swap(place: Path = place) -> None:
            with contextlib.suppress(OSError):
                place.rename(aside)
            with contextlib.suppress(OSError):
                place.symlink_to(victim)
            with contextlib.suppress(OSError):
                place.unlink()
            with contextlib.suppress(OSError):
                aside.rename(place)

        with meanwhile(swap):
            try:
                world.kill(name)
                moved += 1
            except SteerError as e:
                assert "\n" not in e.message
                refused += 1
        assert (victim / "precious").read_text() == "mine\n" and len(list(victim.iterdir())) == 1
        work = [p for root in (world.root / "worktrees", world.trash, aside) for p in root.rglob("work")]
        assert f"{n}\n" in {p.read_text() for p in work}, "the work is somewhere, whole"
    assert moved + refused == ROUNDS


def test_worktrees_are_made_beside_a_gc_and_a_fetch(world: World, make: Callable[..., World]) -> None:
    upstream = make("upstream")
    git(world.main, "remote", "add", "origin", str(upstream.main))

    def housekeeping() -> None:
        git(upstream.main, "commit", "-q", "--allow-empty", "-m", "news")
        git(world.main, "fetch", "-q", "origin", ok=(0, 1, 128))
        git(world.main, "gc", "-q", "--prune=now", ok=(0, 1, 128))

    with meanwhile(housekeeping), ThreadPoolExecutor(4) as pool:
        list(pool.map(world.add, [f"n{n}" for n in range(16)]))
    assert len(git(world.main, "worktree", "list").splitlines()) == 17
    assert len(git(world.main, "for-each-ref", "refs/heads/steer").splitlines()) == 16
    git(world.main, "fsck")
