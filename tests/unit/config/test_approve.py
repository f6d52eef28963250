"""What a standing approval covers, and what it never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.config.approve import Approve, find_approval
from steer.config.load import load
from steer.errors import ConfigError

TESTS = Approve("claude", "Bash", r"npm (test|ci)( .*)?")


@pytest.mark.parametrize("subject", ["npm test", "npm ci", "npm test -- --watch=false"])
def test_it_covers_what_it_says(subject: str) -> None:
    assert find_approval((TESTS,), "claude", "Bash", subject) is TESTS


@pytest.mark.parametrize(
    ("agent", "tool", "subject"),
    [
        ("codex", "Bash", "npm test"),
        ("claude", "bash", "npm test"),
        ("claude", "Edit", "npm test"),
        ("claude", "", "npm test"),
        ("claude", "Bash", ""),
        ("claude", "Bash", "npm tests"),
        ("claude", "Bash", "sudo npm test"),
        *(
            ("claude", "Bash", f"npm test {c} rm x")
            for c in (";", "|", "&", "$(x)", "`x`", ">", "<", "\n", "\\", "{")
        ),
        ("claude", "Bash", "npm test \x1b[2J"),
    ],
)
def test_it_covers_nothing_else(agent: str, tool: str, subject: str) -> None:
    assert find_approval((TESTS,), agent, tool, subject) is None


def test_shell_characters_only_where_the_policy_says_so() -> None:
    policy = Approve("claude", "Bash", r"make check \| tail", shell=True)
    assert find_approval((policy,), "claude", "Bash", "make check | tail") is policy
    assert find_approval((policy,), "claude", "Bash", "make check | tail; rm x") is None


def test_it_is_off_by_default(tmp_path: Path) -> None:
    assert load(None, tmp_path / "none.toml").config.approve == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[approve]]\nagent = "a"\ntool = "Bash"\npattern = "("', "no regular expression"),
        ('[[approve]]\nagent = "a"\ntool = ""\npattern = "x"', "none of them empty"),
        ('[[approve]]\nagent = "a"\npattern = "x"', "missing"),
        ('[[approve]]\nagent = "a"\ntool = "b"\npattern = "x"\nchoice = "always"', "unknown key"),
    ],
)
def test_a_wrong_policy_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load(None, file)
