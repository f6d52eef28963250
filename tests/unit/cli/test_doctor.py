"""One line on the judge: on with which model and key, or why it is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.cli.doctor import judge

ON = "[judge]\nenabled = true\n"


@pytest.mark.parametrize(
    ("config", "environment", "state", "words"),
    [
        ("", {"ANTHROPIC_API_KEY": "k"}, "note", "off; [judge] enabled = true"),
        (ON, {}, "note", "$ANTHROPIC_API_KEY is not set"),
        (ON + 'model = "who"\n', {"ANTHROPIC_API_KEY": "k"}, "note", "the price of who is not known"),
        (
            ON,
            {"ANTHROPIC_API_KEY": "k"},
            "ok",
            "on: claude-haiku-4-5, key from $ANTHROPIC_API_KEY, $1.00 a day",
        ),
        (
            ON + 'base_url = "http://x"\n',
            {"ANTHROPIC_AUTH_TOKEN": "k"},
            "ok",
            "at http://x, key from $ANTHROPIC_AUTH",
        ),
        (ON + "budget_usd = true\n", {}, "bad", "judge.budget_usd must be a number"),
    ],
)
def test_says_in_one_line_whether_the_judge_is_on(
    config: str,
    environment: dict[str, str],
    state: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "steer").mkdir()
    (tmp_path / "steer" / "config.toml").write_text(config)
    found = judge(environment)
    assert (found.state, words in found.text) == (state, True), found.text
