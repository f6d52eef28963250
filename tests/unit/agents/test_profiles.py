"""Shipped profiles and rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.agents.catalog import load_catalog
from steer.agents.profile import GENERIC, read_profile
from steer.agents.rule import judge
from steer.errors import ConfigError
from steer.model.session import Activity
from steer.runtime.activity import ActivitySource
from steer.term.emulator import Emulator

CATALOG = load_catalog({})
RULED = "─" * 40


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "qwen", "opencode", "aider"])
def test_shipped_profiles_are_whole(name: str) -> None:
    profile = CATALOG.get(name)
    assert profile.argv[0] == name
    assert profile.title
    assert profile.rules
    assert len({r.id for r in profile.rules}) == len(profile.rules)
    keys = Emulator()
    for key in (*profile.interrupt, *profile.submit, *profile.leave):
        assert keys.encode_key(key, None), key


def test_an_unknown_agent_is_generic_and_never_judged() -> None:
    assert CATALOG.get("something") is GENERIC
    assert not ActivitySource("s1", GENERIC).wants_screen


@pytest.mark.parametrize(
    ("name", "title", "lines", "expected"),
    [
        ("claude", "◐ fix", ["● Working", RULED, "❯"], Activity.WORKING),
        (
            "claude",
            "✳ fix",
            ["Bash command", "Do you want to proceed?", "❯ 1. Yes", "Esc to cancel"],
            Activity.ASKING,
        ),
        ("claude", "✳ fix", ["● Done.", RULED, "❯", RULED, "  ? for shortcuts"], Activity.IDLE),
        ("claude", "✳ fix", ["  ⎿  Context limit reached · /compact", RULED, "❯"], Activity.ERROR),
        ("codex", "⠋ shop", ["› text"], Activity.WORKING),
        ("codex", "shop", ["■ unexpected status 401", "› Ask Codex to do anything"], Activity.ERROR),
        ("codex", "shop", ["■ Conversation interrupted - x", "› Ask Codex to do anything"], Activity.IDLE),
        ("gemini", "◇  Ready (shop)   ", ["> Type your message"], Activity.IDLE),
        ("gemini", "✋  Action Required (shop)", ["x"], Activity.ASKING),
        ("qwen", "Qwen - shop", ["x"], Activity.IDLE),
        ("opencode", "OC | x", ["  ⬝⬝■■  esc interrupt"], Activity.WORKING),
        (
            "opencode",
            "OC | x",
            ["△ Permission required", "Allow once  Allow always  Reject"],
            Activity.ASKING,
        ),
        ("aider", "", ["Attempt to fix test errors? (Y)es/(N)o [Yes]:"], Activity.ASKING),
        ("aider", "", ["diff> "], Activity.IDLE),
    ],
)
def test_screens_as_observed(name: str, title: str, lines: list[str], expected: Activity) -> None:
    match = judge(CATALOG.get(name).rules, title.strip(), lines)
    assert match is not None
    assert match.activity is expected


_RULE = '[[rule]]\nid = "x"\nactivity = "{}"\npattern = "{}"\nregion = "{}"\n'


@pytest.mark.parametrize(
    "text",
    [
        "argv = 3",
        'colour = "red"',
        _RULE.format("dancing", "x", "last"),
        _RULE.format("idle", "(", "last"),
        _RULE.format("idle", "x", "moon"),
        "= broken",
    ],
)
def test_a_wrong_profile_names_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        load_catalog({}, (tmp_path,))


def test_a_profile_reads_back_its_values() -> None:
    profile = read_profile(
        "x", {"argv": ["a"], "interrupt": "escape", "submit_after_s": 1, "env": {"A": "b"}}, "f"
    )
    assert (profile.argv, profile.interrupt, profile.submit_after_s) == (("a",), ("escape",), 1.0)
    assert profile.env == {"A": "b"}
