"""Who connects is judged by where it comes from, and who cannot be judged is no operator."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from steer.runtime.keeping.peer import Peer, has_ended
from steer.runtime.origin import is_inside_session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and SO_PEERCRED are Linux's")


def test_the_operators_process_is_outside_and_a_keepers_child_inside() -> None:
    assert not is_inside_session(os.getpid())
    assert is_inside_session(os.getpid(), frozenset({os.getppid()}))


def test_who_has_ended_or_is_out_of_sight_counts_as_inside() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert is_inside_session(child.pid) and is_inside_session(0)


def test_a_connection_whose_maker_has_ended_is_recognised(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        mine, theirs = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        with mine, theirs:
            mine.connect(str(tmp_path / "s"))
            accepted, _ = server.accept()
            assert not has_ended(accepted) and Peer(accepted).credentials() == (os.getpid(), os.getuid())
            accepted.close()
            if (child := os.fork()) == 0:
                theirs.connect(str(tmp_path / "s"))  # `theirs` goes on without the process that connected it
                os._exit(0)
            os.waitpid(child, 0)
            accepted, _ = server.accept()
            assert is_inside_session(Peer(accepted).credentials()[0])
            accepted.close()
