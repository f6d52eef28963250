"""Where agents keep conversations, the command lines that continue one, and what tokens cost."""

from __future__ import annotations

import pytest

from steer.agents.catalog import load_catalog
from steer.agents.continuing import with_conversation, without_task
from steer.agents.conversation import fill, fill_path, read_conversation
from steer.agents.price import Prices
from steer.agents.profile import Profile
from steer.config.schema import Agent, Price
from steer.errors import ConfigError
from steer.model.step import Usage

CATALOG = load_catalog({}, None)
CLAUDE = CATALOG.get("claude")


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "qwen", "opencode", "aider"])
def test_shipped_profiles_know_their_conversations(name: str) -> None:
    kind = CATALOG.get(name).conversation
    assert kind.format == name and kind.where and kind.resume
    assert kind.home_in({"HOME": "/home/you", "XDG_DATA_HOME": "/data"})
    assert kind.can_fork is (name != "aider")


def test_the_first_folder_that_the_environment_gives_is_it() -> None:
    kind = CLAUDE.conversation
    assert kind.home_in({"HOME": "/h"}) == "/h/.claude"
    assert kind.home_in({"HOME": "/h", "CLAUDE_CONFIG_DIR": "/c"}) == "/c"
    assert kind.home_in({"HOME": "/h", "CLAUDE_CONFIG_DIR": "relative"}) == "/h/.claude"


def test_paths_are_patterns_with_the_worktree_taken_literally() -> None:
    assert (
        fill_path("projects/{cwd-dashed}/{id}.jsonl", cwd="/a/b_c.d", id="x") == "projects/-a-b-c-d/x.jsonl"
    )
    assert fill_path("{cwd}/.history", cwd="/a/[b]") == "a/[[]b]/.history"
    assert fill_path("s-{id8}.jsonl", id="0123456789") == "s-01234567.jsonl"
    assert fill(("--resume", "{id}", "{other}"), id="x") == ("--resume", "x", "{other}")


@pytest.mark.parametrize(
    ("argv", "base"),
    [
        (("claude", "--", "do it"), ("claude",)),
        (("claude", "--model", "x", "do it"), ("claude", "--model", "x")),
        (("claude",), ("claude",)),
        (("claude", "--note=do it"), None),
        (("/bin/sh", "-c", "claude 'do it' | tee log"), None),
    ],
)
def test_a_command_without_its_task(argv: tuple[str, ...], base: tuple[str, ...] | None) -> None:
    assert without_task(argv, CLAUDE, "do it") == base


def test_arguments_come_before_the_task_or_what_is_said_instead() -> None:
    argv = ("claude", "--", "do it")
    assert with_conversation(argv, CLAUDE, "do it", ("-x",)) == ("claude", "-x", "--", "do it")
    assert with_conversation(argv, CLAUDE, "do it", ("-x",), "") == ("claude", "-x")
    assert with_conversation(argv, CLAUDE, "do it", ("-x",), "-y") == ("claude", "-x", "--", "-y")
    plain = Profile("plain")
    assert with_conversation(("prog", "do it"), plain, "do it", (), "more") == ("prog", "more")
    assert with_conversation(("prog",), plain, "do it", (), "more") == ("prog",)


def test_an_operator_who_names_a_conversation_is_left_alone() -> None:
    kind = CLAUDE.conversation
    assert kind.is_given(("claude", "--resume=x")) and kind.is_given(("claude", "-c"))
    assert not kind.is_given(("claude", "--model", "x"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"format": "vim"}, "conversation.format"),
        ({"format": "claude", "forc": []}, "conversation.forc"),
        ({"format": "claude", "fork": "x"}, "conversation.fork"),
        (3, "must be a table"),
    ],
)
def test_mistakes_in_a_profile_name_the_key(data: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_conversation(data, "mine.toml")


def test_a_configured_agent_builds_on_the_profile_of_its_program() -> None:
    catalog = load_catalog({"safe": Agent(argv=("/opt/claude", "--permission-mode", "plan"))})
    assert catalog.get("safe").conversation is not None
    assert catalog.get("safe").conversation.format == "claude"
    assert catalog.get("safe").argv[1] == "--permission-mode"


def test_prices_match_the_longest_beginning_of_a_model() -> None:
    million = Usage("gpt-5.4-mini-2026-03", input=1_000_000, cache_read=1_000_000)
    assert Prices().cost(million) == pytest.approx(0.75 + 0.075)
    assert Prices().cost(Usage("openai/gpt-5.4", output=1_000_000)) == pytest.approx(15.0)
    assert Prices().cost(Usage("nobody-knows", output=5)) is None
    mine = Prices({"nobody": Price(1.0, 2.0), "gpt-5.4": Price(0.0, 0.0)})
    assert mine.cost(Usage("nobody-knows", output=1_000_000)) == 2.0
    assert mine.cost(Usage("gpt-5.4", output=1_000_000)) == 0.0
