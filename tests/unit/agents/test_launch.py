"""From `-a` to a command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from steer.agents.catalog import Catalog, load_catalog
from steer.agents.launch import child_environment, plan_launch
from steer.config.schema import Agent
from steer.errors import UserError

NONE = Catalog({})


def test_plain_words_run_directly() -> None:
    plan = plan_launch(f"{sys.executable} agent.py {{task}}", "fix it; rm -rf /", NONE)
    assert plan.argv == (sys.executable, "agent.py", "fix it; rm -rf /")
    assert plan.agent == "agent.py"


def test_shell_syntax_runs_in_a_shell_with_the_task_quoted() -> None:
    plan = plan_launch("echo {task} | cat", "it's; rm", NONE)
    assert plan.argv == ("/bin/sh", "-c", "echo 'it'\"'\"'s; rm' | cat")


@pytest.mark.parametrize("placeholder", ["{task}", '"{task}"', "'{task}'"])
@pytest.mark.parametrize("tail", ["", " | cat"])
def test_quotes_around_the_placeholder_are_the_users_habit(placeholder: str, tail: str) -> None:
    argv = plan_launch(f"sh -c true {placeholder}{tail}", "it's done", NONE).argv
    assert argv[-1].endswith("""'it'"'"'s done' | cat""" if tail else "it's done")
    assert ("'it" in argv[-1]) is bool(tail)


def test_names_from_the_configuration() -> None:
    known = load_catalog({"mine": Agent(("sh", "-c", "true", "{task}"), interrupt=("escape",))}, ())
    plan = plan_launch("mine", "do it", known)
    assert plan.argv == ("sh", "-c", "true", "do it")
    assert plan.agent == "mine"
    assert known.get("mine").interrupt == ("escape",)


def test_a_profile_adds_the_task_only_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('argv = ["sh"]\ntask = ["-c", "{task}"]\n')
    catalog = load_catalog({}, (tmp_path,))
    assert plan_launch("mine", "true", catalog).argv == ("sh", "-c", "true")
    assert plan_launch("mine", "", catalog).argv == ("sh",)


@pytest.mark.parametrize("wanted", ["", "  ", "no-such-program-xyz --flag"])
def test_what_cannot_be_started_is_a_sentence(wanted: str) -> None:
    with pytest.raises(UserError):
        plan_launch(wanted, "", NONE)


def test_other_tools_do_not_leak_into_the_agent() -> None:
    base = {
        "CLAUDECODE": "1",
        "CLAUDE_CODE_SESSION_ID": "x",
        "CLAUDE_PID": "7",
        "CLAUDE_CONFIG_DIR": "/c",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "TMUX": "x",
        "CI": "true",
        "CI_JOB_ID": "1",
        "GITHUB_ACTIONS": "true",
        "CIVIL": "stays",
        "TMUX_PANE": "%1",
        "GIT_DIR": "/x",
        "STEER_SESSION": "old",
        "HOME": "/h",
    }
    env = child_environment(base, "s1", "one", "the task")
    assert env["HOME"] == "/h"
    stays = {"CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_BEDROCK", "CIVIL", "HOME"}
    assert set(base) & set(env) == {*stays, "STEER_SESSION"}
    assert (env["CLAUDE_CONFIG_DIR"], env["CLAUDE_CODE_USE_BEDROCK"]) == ("/c", "1"), (
        "the user's own settings"
    )
    assert (env["STEER_SESSION"], env["STEER_TASK"], env["TERM"]) == ("s1", "the task", "xterm-256color")
