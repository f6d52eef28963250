"""Who works in a folder: by where it stands, by what it has open, through other mounts; and who does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steer.runtime import outsider
from steer.runtime.outsider import MAX_NAMED, names, outsiders


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have children of this process looked at like anybody's."""
    monkeypatch.setattr(outsider.tree, "descendants", lambda root: [])


def pids(folder: Path) -> set[int]:
    return {p["pid"] for p in outsiders(str(folder))}


@pytest.mark.usefixtures("own")
def test_standing_there_or_holding_a_file_counts_and_a_similar_name_does_not(tmp_path: Path) -> None:
    here, near = tmp_path / "work", tmp_path / "work-2"
    (here / "a" / "b").mkdir(parents=True)
    near.mkdir()
    (tmp_path / "link").symlink_to(here / "a")
    reader = "import sys; f = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    (here / "file").write_text("x")
    (near / "file").write_text("x")
    started = [
        subprocess.Popen([sys.executable, "-c", reader, path], cwd=cwd, stdin=-1, stdout=-1)
        for path, cwd in (
            (near / "file", here / "a" / "b"),
            (here / "file", tmp_path),
            (near / "file", near),
            (near / "file", tmp_path),
            (near / "file", tmp_path / "link"),
        )
    ]
    try:
        for process in started:
            assert process.stdout and process.stdout.readline()
        assert pids(here) == {started[0].pid, started[1].pid, started[4].pid}
    finally:
        for process in started:
            process.kill()
            process.communicate()


@pytest.mark.usefixtures("own")
def test_another_mount_of_the_folder_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    (tmp_path / "inside").mkdir()
    script = "mount --bind work inside && cd inside/sub && echo up && exec sleep 1000"
    with subprocess.Popen(
        ["unshare", "-m", "sh", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            if process.stdout.readline() != b"up\n":
                pytest.skip("mounts cannot be made here")
            assert pids(tmp_path / "work") == {process.pid}
        finally:
            process.kill()


def test_its_own_work_and_a_missing_folder_are_nobody(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"], cwd=tmp_path) as child:
        assert outsiders(str(tmp_path)) == []
        child.kill()
    assert outsiders(str(tmp_path / "none")) == []


def test_many_are_said_to_be_many() -> None:
    found = [{"pid": n, "name": "x"} for n in range(MAX_NAMED)]
    assert names(found[:2]) == "0 x, 1 x" and names(found).endswith(" and more")
