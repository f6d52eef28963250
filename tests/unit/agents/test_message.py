"""Input boxes as they stand on screens of real agents, and texts recognised in them."""

from __future__ import annotations

import pytest

from steer.agents.catalog import load_catalog
from steer.agents.message import Message, is_in_box, is_same, read_box, read_message
from steer.errors import ConfigError

CATALOG = load_catalog({})
RULE = "─" * 40
UP, DOWN = "▄" * 40, "▀" * 40


def box(agent: str, lines: list[str], styled: list[str] | None = None) -> str | None:
    return read_box(CATALOG.get(agent).message, [*lines, "", ""], styled or lines)


@pytest.mark.parametrize(
    ("agent", "before", "after"),
    [
        ("claude", ["❯ an old message", "● Done.", RULE, "❯ {}"], [RULE, "  ? for shortcuts"]),
        ("codex", ["› an old message", "", "• Done", "", "› {}"], ["", "  GPT-5.5 medium · /x"]),
        ("gemini", [UP, " > an old message", DOWN, "✦ Done", UP, " > {}"], [DOWN, " workspace", " /x"]),
        ("qwen", ["  > an old message", RULE, "> {}"], [RULE, "  ➜ x"]),
        ("opencode", ["  ┃", "  ┃  {}"], ["  ┃", "  ┃  Build · model", "  ╹▀▀▀", "  ctrl+p commands"]),
        ("aider", ["diff> an old message", "Done.", "diff> {}"], []),
    ],
)
def test_what_stands_in_the_box(agent: str, before: list[str], after: list[str]) -> None:
    def with_text(text: str) -> list[str]:
        return [*(line.replace("{}", text) for line in before), *after]

    assert box(agent, with_text("my draft")) == "my draft"
    assert box(agent, with_text("")) == ""
    assert box(agent, with_text("my draft") + ["more"] * 12) is None, "a box far up is an old one"


def test_several_lines_are_joined() -> None:
    assert box("claude", [RULE, "❯ one", "  two", RULE, "  footer"]) == "one\ntwo"


def test_dim_words_and_known_placeholders_are_no_draft() -> None:
    lines = ["› Ask something", "", "  footer"]
    styled = ["\x1b[0m\x1b[1m›\x1b[0m \x1b[0m\x1b[2mAsk something\x1b[0m", "", "  footer"]
    assert box("codex", lines, styled) == ""
    coloured = ["\x1b[0m› \x1b[0m\x1b[38;2;2;2;2mAsk something\x1b[0m", "", "  footer"]
    assert box("codex", lines, coloured) == "Ask something", "a colour's 2 is not faint"
    assert box("qwen", [RULE, ">   Type your message or @path", RULE]) == ""


def test_without_a_box_there_is_none() -> None:
    assert box("generic", ["> x"]) is None
    assert box("claude", ["Do you want to proceed?", "❯ 1. Yes"]) is None


def test_a_text_is_recognised_also_where_the_box_wraps_or_shows_a_part() -> None:
    assert is_in_box("one two\n  three", "one two three")
    assert is_in_box("… the end of it", "a long text with the end of it") is False
    assert is_in_box("the end of it", "a long text with the end of it")
    assert is_in_box("[Pasted text #1 +12 lines]", "anything")
    assert not is_in_box("", "anything")
    assert not is_in_box("something else", "anything")
    assert is_same("one  two\nthree", "one two three")


def test_what_is_taken_for_a_command_gets_a_word_before_it() -> None:
    message = Message(commands="/!", guard="Note: ")
    assert message.guarded("!ls") == "Note: !ls"
    assert message.guarded("  /clear") == "Note: /clear"
    assert message.guarded("see /clear") == "see /clear"
    assert Message().guarded("!ls") == "!ls"


@pytest.mark.parametrize(
    "broken", [{"default": "shout"}, {"box": "("}, {"box": "x"}, {"steer": 3}, {"colour": "red"}]
)
def test_a_wrong_table_names_its_file(broken: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"a\.toml"):
        read_message(broken, "a.toml")
