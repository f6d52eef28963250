"""Whether agents outlive a logout is said where it is known, with what to do, and to nobody twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steer.adapters.logout import LINGER, MOVE, look_at_logout
from tests.e2e.board_terminal import BoardTerminal
from tests.e2e.place import Place
from tests.e2e.test_board import terminal

__all__ = ["terminal"]  # a fixture
SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
MANAGER = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope\n"
HYBRID = "9:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n0::/\n"
SERVICE = "0::/system.slice/build.service\n"


class Loginctl:
    """A program of that name, first on PATH."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.path = folder / "loginctl"
        folder.mkdir()
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        patch.setenv("USER", "ann")
        patch.setenv("LOGNAME", "ann")

    def says(self, manager: str, user: str | None) -> None:
        answer = (
            "echo 'User ID is not logged in or lingering' >&2; exit 1" if user is None else f"echo {user}"
        )
        lines = "\n".join(f"echo '{line}'" for line in manager.split(","))
        asked = f'[ "$1" = show-user ] || exit 2\ncase "$2" in\n{os.getuid()}) {answer};;\n'
        self.path.write_text(
            f"#!/bin/sh\n{asked}--property=KillUserProcesses) {lines};;\n*) exit 2;;\nesac\n"
        )
        self.path.chmod(0o700)


@pytest.fixture
def loginctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loginctl:
    return Loginctl(tmp_path / "bin", monkeypatch)


@pytest.mark.parametrize(
    ("group", "manager", "user", "cure"),
    [
        (SESSION, "KillUserProcesses=no", "Linger=no", ""),
        (SESSION, "KillUserProcesses=yes", "Linger=no", MOVE),
        (SESSION, "KillUserProcesses=yes", "Linger=yes", MOVE),
        (SESSION, "KillUserProcesses=yes,KillExcludeUsers=root ann", "Linger=no", ""),
        (SESSION, "KillUserProcesses=yes,KillOnlyUsers=bob", "Linger=no", ""),
        (SESSION, "KillUserProcesses=yes,KillOnlyUsers=bob ann,KillExcludeUsers=root", "Linger=no", MOVE),
        (SESSION, "nonsense", "Linger=no", ""),
        (SESSION, "KillUserProcesses=yes", None, ""),
        (MANAGER, "KillUserProcesses=no", "Linger=no", LINGER),
        (MANAGER, "KillUserProcesses=yes", "Linger=yes", ""),
        (HYBRID, "KillUserProcesses=no", "Linger=no", LINGER),
        (SERVICE, "KillUserProcesses=yes", "Linger=no", ""),
        ("0::/\n", "KillUserProcesses=yes", "Linger=no", MOVE),
    ],
)
def test_what_a_logout_ends(
    tmp_path: Path, loginctl: Loginctl, group: str, manager: str, user: str | None, cure: str
) -> None:
    loginctl.says(manager, user)
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "cgroup").write_text(group)
    found = look_at_logout(42, tmp_path)
    assert (found.cure, bool(found.why)) == (cure, bool(cure))


def test_without_systemd_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look_at_logout().why == ""


def test_the_doctor_says_it(place: Place, loginctl: Loginctl) -> None:
    loginctl.says("KillUserProcesses=yes", "Linger=no")
    said = place.run("doctor").out
    assert "logout" in said and "ends all your processes" in said and "loginctl enable-linger" in said
    loginctl.says("KillUserProcesses=no", "Linger=no")
    assert "logout" not in place.run("doctor").out


def test_leaving_the_board_says_it_once(place: Place, loginctl: Loginctl, terminal: BoardTerminal) -> None:
    loginctl.says("KillUserProcesses=yes", "Linger=no")

    def leave() -> str:
        terminal.start()
        terminal.shows("quit")
        terminal.press(b"q")
        assert terminal.ended() == 0
        return terminal.text().replace("\n", "")

    assert "log out" not in leave(), "no agent runs"
    place.start(["sleep", "1000"])
    said = leave()
    assert "an agent goes on, but this system ends all your processes" in said and "enable-linger" in said
    terminal.screen.feed(b"\x1b[2J\x1b[H")
    assert "log out" not in leave()
