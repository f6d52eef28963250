"""Every command with its keys, filtered while typing."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from steer.commands.command import Command
from steer.commands.keymap import Keymap, show_key, show_keys
from steer.commands.registry import COMMANDS
from steer.commands.replay import REPLAY
from steer.ui.dialog.card import Card, CardText, CardTitle
from steer.ui.entry import Entry
from steer.ui.line import Line, Span

_KEY_CELLS = 12


class HelpDialog(Card[None]):
    heading = "Keys"
    width = 104
    DEFAULT_CSS = """
    HelpDialog Input, HelpDialog Input:focus {
        border: none; height: 1; padding: 0; margin: 0 0 1 0; background: $steer-surface-raised;
    }
    HelpDialog VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    HelpDialog > Vertical { height: 86%; }
    """

    def __init__(self, is_replay: bool = False) -> None:
        super().__init__()
        self._is_replay = is_replay

    def compose(self) -> ComposeResult:
        self._text = CardText(self._lines(""))
        card = Vertical(
            CardTitle(self.heading), Entry(placeholder="type to filter"), VerticalScroll(self._text)
        )
        card.styles.width = self.width
        yield card

    def on_show(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text.show(self._lines(event.value))

    async def take_key(self, event: events.Key) -> None:
        """The filter has the focus; what it does not use comes here."""
        scroll = self.query_one(VerticalScroll)
        moves = {"down": 1, "up": -1, "pagedown": scroll.size.height, "pageup": -scroll.size.height}
        if event.key in ("escape", "enter"):
            event.stop()
            self.dismiss(None)
        elif event.key in moves:
            event.stop()
            scroll.scroll_relative(y=moves[event.key], animate=False)

    def _lines(self, wanted: str) -> list[Line]:
        replay = help_lines(list(REPLAY), self.steer.replay_keymap, wanted, lambda c: "", ())
        if self._is_replay:
            return replay or [[Span("nothing like that", "text.muted")]]
        board = self._board_lines(wanted)
        both = [*board, [], *replay] if board and replay else board + replay
        return both or [[Span("nothing like that", "text.muted")]]

    def _board_lines(self, wanted: str) -> list[Line]:
        state = self.steer.board.state
        return help_lines(
            [c for c in COMMANDS if c.id in self.steer.actions or c.id == "select_number"],
            self.steer.keymap,
            wanted,
            lambda c: c.disabled_reason(state.fleet, state.session) or "",
            self.steer.config.leave,
        )


def help_lines(
    commands: list[Command],
    keymap: Keymap,
    wanted: str,
    reason: Callable[[Command], str],
    leave: tuple[str, ...],
) -> list[Line]:
    """The commands that contain `wanted` in title, help or key, by group; `reason` says why one is off.

    `leave` are the keys that come back from an agent, told below the list; none: not told.
    """
    lines: list[Line] = []
    group = ""
    for command in commands:
        keys = _keys(command, keymap)
        if wanted.lower() not in f"{command.title} {command.help} {keys}".lower():
            continue
        if command.group != group:
            group = command.group
            lines += [[], [Span(group, "text.accent bold")]] if lines else [[Span(group, "text.accent bold")]]
        lines.append(_line(keys, command, reason(command)))
    if leave and not wanted:
        back = " or ".join(map(show_key, leave))
        lines += [[], [Span("While keys go to an agent, ", "text.muted"), Span(back, "text.accent bold"),
                       Span(" comes back to the board.", "text.muted")]]  # fmt: skip
    return lines


def _keys(command: Command, keymap: Keymap) -> str:
    return " ".join(show_keys(keymap.keys.get(command.id, ())))


def _line(keys: str, command: Command, off: str) -> Line:
    role = "text.faint" if off else "text.normal"
    return [
        Span(f"{keys:<{_KEY_CELLS}}", "text.faint" if off else "text.accent bold"),
        Span(f"{command.title:<24}", role),
        Span(f"not now: {off}" if off else command.help, "text.faint" if off else "text.muted"),
    ]
