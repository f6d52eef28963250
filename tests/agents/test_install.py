"""An agent's install is whole or not there at all, whatever happens to npm or to the installer meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents.install import NotInstalled, Pin, cache, install, pins
from tests.e2e.place import until

# What the real one leaves behind: half of a package first, then the rest. What it does in between is each test's.
_NPM = """#!/bin/sh
echo run >>"$FAKE/runs"
while [ "$1" != --prefix ]; do shift; done
folder="$2/node_modules/@anthropic-ai/claude-code-any"
mkdir -p "$folder"
echo half >"$folder/claude"
{between}
printf '#!/bin/sh\\necho whole\\n' >"$folder/claude"
chmod +x "$folder/claude"
"""
_WAIT = 'cd /; echo $$ >"$FAKE/waiting"; read -r _ <"$FAKE/go"'


class FakeNpm:
    """A program `npm` that is first on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.mkfifo(folder / "go")
        self._go = os.open(
            folder / "go", os.O_RDWR
        )  # kept open, so that what is written waits for its reader

    def close(self) -> None:
        os.close(self._go)

    def does(self, between: str) -> None:
        """From its next run on; one that runs keeps its own file."""
        new = self.folder / "npm.new"
        new.write_text(_NPM.replace("{between}", between))
        new.chmod(0o755)
        new.rename(self.folder / "npm")

    @property
    def runs(self) -> int:
        return len((self.folder / "runs").read_text().split())

    def wait_for_half(self) -> None:
        until("npm stands still", lambda: _text(self.folder / "waiting").endswith("\n"))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """npm begun in this block waits in the middle, and goes on after it."""
        self.does(_WAIT)
        try:
            yield
        finally:
            os.write(self._go, b"\n")


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNpm]:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE", str(folder))
    monkeypatch.setenv("STEER_TEST_CACHE", str(tmp_path / "cache"))
    npm = FakeNpm(folder)
    yield npm
    npm.close()


@pytest.fixture
def pin(npm: FakeNpm) -> Pin:
    return pins()["claude"]


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _names() -> list[str]:
    """Of everything in the cache, hidden ones too."""
    return sorted(p.name for p in cache().iterdir())


def _says(pin: Pin) -> str:
    return subprocess.run([str(pin.bin / "claude")], capture_output=True, text=True, check=True).stdout


def test_it_is_installed_once(npm: FakeNpm, pin: Pin) -> None:
    npm.does("")
    assert install(pin) and not install(pin)
    assert npm.runs == 1
    assert _says(pin) == "whole\n"
    assert _names() == [pin.folder.name]


def test_nothing_is_left_where_npm_fails(npm: FakeNpm, pin: Pin) -> None:
    npm.does("echo 'npm ERR! no such version' >&2; exit 1")
    with pytest.raises(NotInstalled, match=r"npm install .* status 1: npm ERR! no such version"):
        install(pin)
    assert _names() == []
    npm.does("")
    assert install(pin) and _says(pin) == "whole\n"


def test_nothing_is_left_where_the_program_is_not_in_the_package(npm: FakeNpm, pin: Pin) -> None:
    npm.does('rm "$folder/claude"; exit 0')
    with pytest.raises(NotInstalled, match="is not in the package"):
        install(pin)
    assert _names() == []


def test_it_is_not_there_until_it_is_whole(npm: FakeNpm, pin: Pin) -> None:
    made: list[bool] = []
    worker = threading.Thread(target=lambda: made.append(install(pin)))
    with npm.standing_still():
        worker.start()
        npm.wait_for_half()
        assert not pin.is_installed and not pin.folder.exists()
    worker.join()
    assert made == [True] and _says(pin) == "whole\n"


def test_an_installer_that_was_killed_leaves_no_half_install(npm: FakeNpm, pin: Pin) -> None:
    with npm.standing_still():
        installer = subprocess.Popen([sys.executable, "-m", "tests.agents.install", "claude"], cwd=_root())
        npm.wait_for_half()
        installer.kill()
        installer.wait()
        assert not pin.is_installed and not pin.folder.exists()
    npm.does("")
    assert install(pin) and _says(pin) == "whole\n"


def test_of_two_installers_the_slower_one_takes_what_the_faster_one_made(npm: FakeNpm, pin: Pin) -> None:
    slower = threading.Thread(target=install, args=[pin])
    with npm.standing_still():
        slower.start()
        npm.wait_for_half()
        npm.does("")
        assert install(pin)
        made = pin.folder.stat().st_ino
    slower.join()
    assert npm.runs == 2 and pin.folder.stat().st_ino == made
    assert _names() == [pin.folder.name]


def test_what_is_in_the_way_is_named_and_kept(npm: FakeNpm, pin: Pin) -> None:
    npm.does("")
    pin.folder.mkdir(parents=True)
    (pin.folder / "notes").write_text("mine")
    with pytest.raises(NotInstalled, match="is in the way"):
        install(pin)
    assert (pin.folder / "notes").read_text() == "mine"
    assert _names() == [pin.folder.name]


def _root() -> Path:
    return Path(__file__).parents[2]
