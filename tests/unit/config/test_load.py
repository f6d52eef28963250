"""Configuration: what holds, where it came from, and sentences for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.config import consent
from steer.config.load import flatten, load
from steer.config.schema import Config, Isolation
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


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("session_usd = 5", "session_usd = 2", (2.0, "warn")),
        ("session_usd = 5", "session_usd = 9", (5.0, "warn")),
        ("", "session_usd = 9", (9.0, "warn")),
        ("session_usd = 5", "session_usd = 0", (5.0, "warn")),
        ("session_usd = 5", "session_usd = -1", (5.0, "warn")),
        ('action = "pause"', 'action = "warn"', (0.0, "pause")),
        ('action = "warn"', 'action = "pause"', (0.0, "pause")),
    ],
)
def test_a_repository_can_only_tighten_the_budget(
    tmp_path: Path, mine: str, theirs: str, expected: tuple[float, str]
) -> None:
    user = write(tmp_path / "u.toml", f"[budget]\n{mine}\n")
    write(tmp_path / ".steer" / "config.toml", f"[budget]\n{theirs}\n")
    budget = load(tmp_path, user).config.budget
    assert (budget.session_usd, budget.action) == expected


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("", "1000", 1000),
        ("", "5000", 2000),
        ("", "0", 2000),
        ("processes = 500", "1000", 500),
        ("processes = 0", "900", 900),
    ],
)
def test_a_repository_only_lowers_limits(tmp_path: Path, mine: str, theirs: str, expected: int) -> None:
    user = write(tmp_path / "u.toml", f"[limits]\n{mine}\n")
    write(tmp_path / ".steer" / "config.toml", f"[limits]\nprocesses = {theirs}\n")
    assert load(tmp_path, user).config.limits.processes == expected
    with pytest.raises(ConfigError, match="limits"):
        load(None, write(tmp_path / "wrong.toml", "limits = 3\n"))


@pytest.mark.parametrize("text", ['action = "stop"', "session_tokens = true", "usd = 3", "minutes = 'x'"])
def test_a_wrong_budget_is_said_wherever_it_stands(tmp_path: Path, text: str) -> None:
    repo = write(tmp_path / ".steer" / "config.toml", f"[budget]\n{text}\n")
    with pytest.raises(ConfigError, match="budget"):
        load(tmp_path, tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="budget"):
        load(None, repo)


def test_prices_of_the_operator(tmp_path: Path) -> None:
    user = write(tmp_path / "u.toml", '[prices."gpt-9"]\ninput = 1\noutput = 2.5\n')
    assert load(None, user).config.prices["gpt-9"].output == 2.5


def test_a_repository_cannot_turn_the_judge_on_nor_choose_where_it_is(tmp_path: Path) -> None:
    write(tmp_path / ".steer" / "config.toml", '[judge]\nenabled = true\nbase_url = "https://evil.example"\n')
    with pytest.raises(ConfigError, match=r"sets \[judge\], which only your own configuration may set"):
        load(tmp_path, tmp_path / "none.toml")


def isolation_of(tmp_path: Path, user: str, repository: str) -> Isolation:
    mine = write(tmp_path / "u.toml", user)
    write(tmp_path / ".steer" / "config.toml", repository)
    return load(tmp_path, mine).config.isolation


@pytest.mark.parametrize(
    ("user", "repository", "level", "least"),
    [
        ("", 'level = "L1"', "auto", "L1"),
        ('level = "L2"\n', 'level = "L0"', "L2", "L0"),
        ('at_least = "L2"\n', 'level = "L1"', "auto", "L2"),
        ('level = "L0"\n', 'level = "L2"', "L0", "L2"),
    ],
)
def test_a_repository_only_raises_isolation(
    tmp_path: Path, user: str, repository: str, level: str, least: str
) -> None:
    found = isolation_of(tmp_path, f"[isolation]\n{user}", f"[isolation]\n{repository}\n")
    assert (found.level, found.at_least) == (level, least)


@pytest.mark.parametrize(
    "text", ['wrapper = ["evil"]', 'level = "auto"', 'level = "L1"\nwrite = ["~/"]', 'on_failure = "lower"']
)
def test_a_repository_says_nothing_else_of_isolation(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="may say only level"):
        isolation_of(tmp_path, "", f"[isolation]\n{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        '[isolation]\nlevel = "L4"\n',
        '[isolation]\non_failure = "cry"\n',
        "[isolation]\ntcp_ports = [70000]\n",
        '[agents.x]\nargv = ["cat"]\nisolation = "none"\n',
    ],
)
def test_a_wrong_isolation_names_its_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, write(tmp_path / "u.toml", text))
    assert "isolation" in caught.value.message and "u.toml" in caught.value.message
