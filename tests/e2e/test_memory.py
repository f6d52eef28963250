"""When memory runs out: agents go before what records and shows them, and a board that dies costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steer.runtime.keeping.inherited import OOM_RAISE
from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place, is_alive, until
from tests.e2e.test_board import counting, is_clean, terminal

__all__ = ["terminal"]  # a fixture
GROUPS = Path("/sys/fs/cgroup/memory")  # version 1


def oom_score(pid: int | str) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_an_agent_and_its_children_ask_to_be_killed_before_their_keeper(place: Place) -> None:
    s = place.start(["/bin/sh", "-c", 'echo "score $(cat /proc/self/oom_score_adj) of a child"; exec cat'])
    mine = oom_score("self")
    place.shows(s, f"score {mine + OOM_RAISE} of a child")
    assert (oom_score(place.keeper(s)), oom_score(place.supervisor())) == (mine, mine)


def test_a_score_is_raised_and_never_lowered() -> None:
    code = (
        "import sys; from steer.runtime.keeping.inherited import set_inherited; "
        "own = open('/proc/self/oom_score_adj', 'w'); own.write(sys.argv[1]); own.flush(); "
        "set_inherited('s2345abcd'); print(open('/proc/self/oom_score_adj').read())"
    )
    for before, after in ((100, 100 + OOM_RAISE), (900, 1000), (1000, 1000)):
        done = subprocess.run([sys.executable, "-c", code, str(before)], capture_output=True, check=True)
        assert int(done.stdout) == after


@pytest.fixture
def group() -> Iterator[Path]:
    """A memory cgroup of this test's own."""
    path = GROUPS / f"steer-test-{os.getpid()}"
    try:
        path.mkdir()
    except OSError as e:
        pytest.skip(f"no memory cgroup can be made here: {e}")
    yield path
    for pid in (path / "cgroup.procs").read_text().split():
        (GROUPS / "cgroup.procs").write_text(pid)
    path.rmdir()


def test_a_board_that_the_kernel_kills_for_memory_is_as_one_that_was_killed(
    place: Place, terminal: BoardTerminal, group: Path
) -> None:
    counting(place, "one")
    terminal.start()
    terminal.shows("one", "count", "quit")
    board = terminal.board_pid()
    (group / "memory.limit_in_bytes").write_text("4096")
    (group / "cgroup.procs").write_text(str(board))

    def has_died() -> bool:
        """Only new memory counts: dialogs come and go until there is some."""
        terminal.press(b"?\x1b")
        terminal.read()
        return not is_alive(board)

    until("the kernel kills the board", has_died)
    assert terminal.ended() == 128 + 9
    is_clean(terminal)
    assert "agents go on" in terminal.text()
    assert place.view("one")["process"] == "running"
