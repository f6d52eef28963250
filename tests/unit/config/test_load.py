"""Configuration: what holds, where it came from, and sentences for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.config import consent
from steer.config.load import flatten, load
from steer.config.schema import Config
from steer.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_defaults_without_files(tmp_path: Path) -> None:
    assert load(tmp_path, tmp_path / "none.toml").config == Config()


def test_values_and_their_origin(tmp_path: Path) -> None:
    user = write(
        tmp_path / "u.toml", '[ui]\ntheme = "light"\n[keys]\nkill = ["X"]\n[agents.fake]\nargv = ["cat"]\n'
    )
    repo = write(tmp_path / ".steer" / "config.toml", '[fleet]\nagents = ["fake"]\nn = 2\n')
    loaded = load(tmp_path, user)
    assert loaded.config.ui.theme == "light"
    assert loaded.config.keys == {"kill": ("X",)}
    assert loaded.config.agents["fake"].argv == ("cat",)
    assert loaded.config.fleet.n == 2
    assert loaded.origin["ui.theme"] == str(user)
    assert loaded.origin["fleet.n"] == str(repo)
    assert dict(flatten(loaded.config))["fleet.n"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[ui]\nthema = "x"\n', ("ui.thema", "ui.theme")),
        ('[iu]\ntheme = "x"\n', ("iu", "ui")),
        ("[ui]\nsidebar = 3\n", ("ui.sidebar", "true or false")),
        ("[recording]\nmax_mb = true\n", ("recording.max_mb", "whole number")),
        ("ui = 3\n", ("ui", "table")),
        ("[ui\n", ("not TOML",)),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    user = write(tmp_path / "u.toml", text)
    with pytest.raises(ConfigError) as caught:
        load(None, user)
    said = f"{caught.value.message} {caught.value.hint}"
    for word in (*words, "u.toml"):
        assert word in said


def test_a_repository_can_only_say_what_to_start(tmp_path: Path) -> None:
    write(tmp_path / ".steer" / "config.toml", '[ui]\ntheme = "light"\n')
    with pytest.raises(ConfigError, match="only your own configuration"):
        load(tmp_path, tmp_path / "none.toml")


def test_consent_is_bound_to_the_content(tmp_path: Path) -> None:
    repo = write(tmp_path / ".steer" / "config.toml", '[setup]\ncommand = "make deps"\n')
    commands = consent.wanted(load(tmp_path, tmp_path / "none.toml"), tmp_path)
    assert commands == {"setup.command": "make deps"}
    assert not consent.is_given(tmp_path, commands)
    consent.give(tmp_path, commands)
    assert consent.is_given(tmp_path, commands)
    repo.write_text('[setup]\ncommand = "make evil"\n')
    changed = consent.wanted(load(tmp_path, tmp_path / "none.toml"), tmp_path)
    assert not consent.is_given(tmp_path, changed)
    assert consent.is_given(tmp_path, {})
