"""Dialogs as they stand on screens of real agents (versions in their profiles), and screens that only look so."""

from __future__ import annotations

import pytest

from steer.agents.catalog import load_catalog
from steer.agents.dialog import read_ask, read_dialog
from steer.agents.profile import Profile
from steer.errors import ConfigError
from steer.model.ask import Ask, AskKind, Meaning

CATALOG = load_catalog({})
RULE = "─" * 60
DOTS = "╌" * 60


def screen(text: str, rows: int = 30) -> list[str]:
    lines = text.strip("\n").split("\n")
    return [*lines, *[""] * (rows - len(lines))]


CLAUDE = f"""
❯ Fix it.
● Bash(npm test)
{RULE}
 Bash command

 Run the tests
{DOTS}
 npm test -- --watch=false
{DOTS}
 This command requires approval

 Do you want to proceed?
 ❯ 1. Yes
   2. Yes, and don’t ask again for: npm *
   3. No

 Esc to cancel · Tab to amend
"""
CLAUDE_TRUST = f"""
{RULE}
 Accessing workspace:

 /home/u/shop

 Quick safety check: Is this a project you trust?

 ❯ No, exit
   Yes, I trust this folder

 Enter to confirm · Esc to cancel
"""
CLAUDE_QUESTION = f"""
{RULE}
 ☐ Rounding

Which rounding should totals use?

❯ 1. half-up
     always away from zero
  2. bankers
  3. Type something.
{RULE}
  4. Chat about this

Enter to select · ↑/↓ to navigate · Esc to cancel
"""
CODEX = """
• Running make check

  Would you like to run the following command?

  Reason: Run it outside the sandbox?

  $ make check

› 1. Yes, proceed (y)
  2. Yes, and don't ask again for commands that start with
     `make check` (p)
  3. No, and tell Codex what to do differently (esc)

  Press enter to confirm or esc to cancel
"""
CODEX_ADVERTISEMENT = """
  Meet GPT-6 Sol

  Our latest is more efficient.

› 1. Try new model
  2. Use existing model

  enter/esc confirm · ^c quit
"""
GEMINI = """
╭────────────────────────────────────╮
│ ? Shell  make check                │
│ ╭────────────────────────────────╮ │
│ │ make check                     │ │
│ ╰────────────────────────────────╯ │
│ Allow execution of [Shell]?        │
│                                    │
│ ● 1. Allow once                    │
│   2. Allow for this session        │
│   3. No, suggest changes (esc)     │
╰────────────────────────────────────╯
"""
QWEN = """
  ? Shell make check (Run make check) ←

     make check

   Allow execution of: 'make'?

   › 1. Yes, allow once
     2. Always allow run 'make *' commands in this project
     3. No, suggest changes (esc)

  ⠏ Waiting for user confirmation...
"""
OPENCODE = """
  ┃  △ Permission required
  ┃    # Shell command
  ┃
  ┃  $ make check
  ┃
  ┃   Allow once   Allow always   Reject          ⇆ select  enter confirm
  ┃
"""
AIDER = """
1 failed, 2 passed
Add 1.2k tokens of output to the chat? (Y)es/(N)o [Yes]:
"""


def read(agent: str, text: str, *, only_early: bool = False, styled: list[str] | None = None) -> Ask | None:
    found = read_ask(CATALOG.get(agent).dialogs, screen(text), styled or [], only_early=only_early)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("agent", "text", "kind", "tool", "subject", "once", "deny"),
    [
        ("claude", CLAUDE, AskKind.PERMISSION, "Bash", "npm test -- --watch=false", ("1",), ("3",)),
        ("claude", CLAUDE_TRUST, AskKind.TRUST, "", "", ("down", "enter"), ("enter",)),
        ("codex", CODEX, AskKind.PERMISSION, "exec_command", "make check", ("y",), ("escape",)),
        ("gemini", GEMINI, AskKind.PERMISSION, "Shell", "make check", ("1",), ("escape",)),
        ("qwen", QWEN, AskKind.PERMISSION, "Shell", "make check", ("1",), ("3",)),
        ("aider", AIDER, AskKind.PERMISSION, "", "", ("y", "enter"), ("n", "enter")),
    ],
)
def test_a_permission_is_read_with_its_keys(
    agent: str, text: str, kind: AskKind, tool: str, subject: str, once: tuple[str], deny: tuple[str]
) -> None:
    ask = read(agent, text)
    assert ask is not None
    assert (ask.kind, ask.tool, ask.subject, ask.is_whole) == (kind, tool, subject, True)
    keys = {c.means: c.keys for c in ask.choices if c.means is not Meaning.OTHER}
    assert keys == {Meaning.ONCE: once, Meaning.DENY: deny}


def test_labels_that_wrap_and_digits_that_choose() -> None:
    ask = read("codex", CODEX)
    assert ask is not None
    assert ask.choices[1].label == "Yes, and don't ask again for commands that start with `make check`"
    assert ask.choices[1].keys == ("p",)
    assert ask.selected == 0


def test_a_question_takes_words() -> None:
    ask = read("claude", CLAUDE_QUESTION)
    assert ask is not None
    assert (ask.kind, ask.takes_text) == (AskKind.QUESTION, True)
    assert [c.label for c in ask.choices] == [
        "half-up always away from zero",
        "bankers",
        "Type something.",
        "Chat about this",
    ]
    assert "Which rounding" in ask.text


@pytest.mark.parametrize(("marked", "reject"), [(0, 2), (1, 1), (2, 0)])
def test_what_is_selected_side_by_side_is_told_by_style(marked: int, reject: int) -> None:
    labels = ["Allow once", "Allow always", "Reject"]
    styles = ["\x1b[0m\x1b[38;5;8m"] * 3
    styles[marked] = "\x1b[0m\x1b[7m"
    plain = screen(OPENCODE)
    styled = list(plain)
    at = next(i for i, line in enumerate(plain) if "Reject" in line)
    styled[at] = "  ┃   " + "\x1b[0m   ".join(f"{s}{label}" for s, label in zip(styles, labels, strict=True))
    ask = read("opencode", OPENCODE, styled=styled)
    assert ask is not None
    assert (ask.selected, ask.subject) == (marked, "make check")
    assert ask.choices[2].keys == (*["right"] * reject, "enter")


def test_without_style_nothing_is_chosen_blindly() -> None:
    ask = read("opencode", OPENCODE)
    assert ask is not None
    assert (ask.selected, ask.choices) == (-1, ())


def test_before_the_first_turn_only_early_dialogs_count() -> None:
    assert read("claude", CLAUDE, only_early=True) is None
    ask = read("codex", CODEX_ADVERTISEMENT, only_early=True)
    assert ask is not None
    assert (ask.kind, ask.choices[1].means) == (AskKind.UPDATE, Meaning.DENY)


@pytest.mark.parametrize(
    ("agent", "text", "title"),
    [
        (
            "codex",
            "  Welcome to Codex\n\n> 1. Sign in with ChatGPT\n  2. Another way\n\n  Press enter to continue",
            "Welcome to Codex",
        ),
        (
            "gemini",
            "╭────╮\n│ ? Get started │\n│ How would you like to authenticate │\n╰────╯",
            "? Get started",
        ),
        ("qwen", "┌────┐\n│ Connect a Provider │\n│ › A provider │\n└────┘", "Connect a Provider"),
    ],
)
def test_a_login_page_is_shown_and_answered_in_its_terminal(agent: str, text: str, title: str) -> None:
    ask = read(agent, text, only_early=True)
    assert ask is not None
    assert (ask.kind, ask.title, ask.choices) == (AskKind.AUTH, title, ())


@pytest.mark.parametrize(("agent", "text"), [("claude", CLAUDE), ("codex", CODEX), ("qwen", QWEN)])
def test_a_dialog_further_up_is_an_old_message(agent: str, text: str) -> None:
    assert read(agent, f"{text}\n● Went on.\n\n{RULE}\n❯ \n{RULE}\n  ? for shortcuts") is None


def test_a_dialog_whose_top_is_off_the_screen_is_not_whole() -> None:
    cut = CLAUDE[CLAUDE.index(" npm test --") :]
    ask = read("claude", cut)
    assert ask is not None
    assert (ask.is_whole, ask.subject) == (False, "")


def test_numbers_must_be_a_list() -> None:
    assert read("claude", CLAUDE.replace("❯ 1. Yes", "❯ 7. Yes")) is None
    assert read("claude", CLAUDE.replace("  2. Yes", "  9. Yes")) is None


def test_another_text_is_another_digest() -> None:
    first, second = read("claude", CLAUDE), read("claude", CLAUDE.replace("npm test", "npm  tset"))
    moved = read("claude", CLAUDE.replace("❯ 1", "  1").replace("  3. No", "❯ 3. No"))
    assert first and second and moved
    assert first.digest != second.digest
    assert first.digest == moved.digest and moved.selected == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "x"},
        {"id": "x", "kind": "nonsense", "choice": "a", "end": "b"},
        {"id": "x", "kind": "trust", "choice": "(", "end": "b"},
        {"id": "x", "kind": "trust", "choice": "a", "end": "b", "keys": "mind"},
        {"id": "x", "kind": "trust", "choice": "a", "end": "b", "colour": "red"},
    ],
)
def test_a_wrong_dialog_names_its_file(broken: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"a\.toml"):
        read_dialog(broken, "a.toml")


def test_a_profile_without_dialogs_reads_none() -> None:
    assert read_ask(Profile("x").dialogs, screen(CLAUDE)) is None
