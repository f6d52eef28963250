"""One registry: complete, without conflicts, and able to say why not."""

from __future__ import annotations

import pytest

from steer.commands.command import Asks
from steer.commands.keymap import NEVER_TAKEN, check_leave, key_table, normal_key, resolve_keys, show_key
from steer.commands.registry import BY_ID, COMMANDS
from steer.model.fleet import FleetView
from steer.model.session import Activity, ProcessState
from tests.ui.fake_fleet import view


def test_ids_and_default_keys_are_unique() -> None:
    assert len(BY_ID) == len(COMMANDS)
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def test_every_command_has_a_place_in_the_key_table() -> None:
    table = key_table()
    assert all(f"| {command.title} |" in table for command in COMMANDS)


def test_session_commands_say_that_nothing_is_selected() -> None:
    for command in COMMANDS:
        if command.asks is Asks.SESSION:
            assert command.disabled_reason(FleetView(""), None) == "no session is selected"


@pytest.mark.parametrize(
    ("command", "changes", "reason"),
    [
        ("inject", {}, None),
        ("inject", {"process": ProcessState.EXITED}, "its agent is not running"),
        ("respawn", {}, "its agent is still running"),
        ("respawn", {"process": ProcessState.LOST}, None),
        ("answer", {}, "no agent is asking anything"),
        ("answer", {"activity": Activity.ASKING}, None),
        ("undo", {}, "there is nothing to undo"),
        ("replay", {}, "it has no recording"),
    ],
)
def test_reasons(command: str, changes: dict[str, object], reason: str | None) -> None:
    session = view("a", **changes)
    assert BY_ID[command].disabled_reason(FleetView("", (session,)), session) == reason


def test_overrides_take_keys_from_defaults() -> None:
    keymap, errors = resolve_keys({"kill": ["n", "ctrl+x"], "new": ["+"]})
    assert errors == []
    assert keymap.commands["n"] == "kill"
    assert "x" not in keymap.commands
    assert keymap.keys["new"] == ("plus",)
    assert keymap.shown("kill") == "n"


def test_an_empty_override_unbinds() -> None:
    keymap, errors = resolve_keys({"gc": []})
    assert errors == [] and "g" not in keymap.commands and keymap.shown("gc") == ""


def test_unknown_ids_and_conflicts_are_named() -> None:
    _, errors = resolve_keys({"kil": ["q"], "new": ["w"], "fan": ["w"]})
    assert errors == [
        "unknown command 'kil' in keys; the nearest is 'kill'",
        "key w is bound to both new and fan",
    ]


@pytest.mark.parametrize(
    ("written", "name", "shown"),
    [
        ("?", "question_mark", "?"),
        ("Ctrl+]", "ctrl+right_square_bracket", "^]"),
        ("ctrl++", "ctrl+plus", "^+"),
        ("N", "N", "N"),
        ("shift+tab", "shift+tab", "⇧Tab"),
        ("/", "slash", "/"),
        ("Enter", "enter", "⏎"),
        ("f12", "f12", "f12"),
    ],
)
def test_keys_are_normalised_and_shown(written: str, name: str, shown: str) -> None:
    assert normal_key(written) == name
    assert show_key(name) == shown


def test_names_are_textuals_own() -> None:
    from textual.keys import _character_to_key

    for char in "?/[].,+-@_\\#;:'\"<>!~`$%^&*()=|{}":
        assert normal_key(char) == _character_to_key(char)


def test_leave_chords_never_take_what_agents_need() -> None:
    for key in NEVER_TAKEN:
        chords, errors = check_leave([key])
        assert key not in chords and errors
    assert check_leave(["ctrl+g"]) == (("ctrl+g",), [])
