"""All flags of the fleet with their evidence, the most urgent first, and the key that helps."""

from __future__ import annotations

from dataclasses import dataclass

from textual.containers import VerticalScroll
from textual.widget import Widget

from steer.commands.registry import BY_ID
from steer.model.flag import Flag, Severity
from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.dialog.card import Card, CardText, key_hint
from steer.ui.line import Line, Span, fit
from steer.ui.status import duration

_ROLES = {Severity.URGENT: "flag.urgent", Severity.WARN: "flag.warn", Severity.INFO: "flag.info"}
_WIDTH = 92
SNOOZE_MIN = 30


@dataclass(frozen=True, slots=True)
class FlagChoice:
    """What the operator wants done: `act` help | show | dismiss | snooze."""

    session: str
    flag: Flag
    act: str


class FlagsDialog(Card[FlagChoice]):
    """Up and down choose; the chosen one shows all its evidence."""

    heading = "Flags"
    width = _WIDTH + 8
    DEFAULT_CSS = """
    FlagsDialog VerticalScroll { height: auto; max-height: 20; scrollbar-size-vertical: 1; margin: 0 0 1 0; }
    """

    def __init__(self, sessions: list[SessionView], now: float) -> None:
        super().__init__()
        self._flags = flags_of(sessions)
        self._now = now
        self._at = 0
        self._text = CardText([])

    def body(self) -> list[Widget]:
        hints = key_hint(
            ("⏎", "do what helps"), ("s", "show it"), ("x", "dismiss"), ("z", "snooze"), ("Esc", "back")
        )  # fmt: skip
        self._show()
        return [VerticalScroll(self._text, can_focus=False), CardText([hints])]

    def pressed(self, key: str) -> None:
        if not self._flags:
            return
        if key in ("down", "j", "up", "k", "tab"):
            self._at = (self._at + (-1 if key in ("up", "k") else 1)) % len(self._flags)
            self._show()
        elif act := {"enter": "help", "i": "help", "s": "show", "x": "dismiss", "z": "snooze"}.get(key):
            view, flag = self._flags[self._at]
            self.dismiss(FlagChoice(view.spec.id, flag, act))

    def _show(self) -> None:
        lines, chosen = flag_lines(self._flags, self._at, self._now)
        self._text.show(lines)
        if self._text.is_mounted and isinstance(scroll := self._text.parent, VerticalScroll):
            scroll.scroll_to(y=max(0, chosen - 4), animate=False)


def flags_of(sessions: list[SessionView]) -> list[tuple[SessionView, Flag]]:
    """Every flag with its session: urgent ones first, among alike the oldest first."""
    pairs = [(view, flag) for view in sessions for flag in view.flags]
    order = (Severity.URGENT, Severity.WARN, Severity.INFO)
    return sorted(pairs, key=lambda pair: (order.index(pair[1].severity), pair[1].at))


def flag_lines(flags: list[tuple[SessionView, Flag]], at: int, now: float) -> tuple[list[Line], int]:
    """All rows, the one at `at` with its evidence; and the line on which that row stands."""
    lines: list[Line] = []
    chosen = 0
    for i, (view, flag) in enumerate(flags):
        is_chosen = i == at
        if is_chosen:
            chosen = len(lines)
        lines.append(_row(view, flag, now, is_chosen=is_chosen))
        if is_chosen:
            lines += [[Span("      " + visible(text, _WIDTH - 6), "text.muted")] for text in flag.evidence]
            if command := BY_ID.get(flag.propose):
                lines.append(
                    [Span("      ⏎ ", "text.accent bold"), Span(command.title.lower(), "text.accent")]
                )
    return lines or [[Span("nothing is flagged", "text.muted")]], chosen


def _row(view: SessionView, flag: Flag, now: float, *, is_chosen: bool) -> Line:
    times = f" ×{flag.count}" if flag.count > 1 else ""
    weight = " bold" if is_chosen else ""
    line = [
        Span("❯ " if is_chosen else "  ", "text.accent bold"),
        Span("▲ ", _ROLES[flag.severity]),
        Span(f"{duration(now - flag.at):>4}  ", "text.muted"),
        Span(visible(view.spec.name, 24) + "  ", "text.normal" + weight),
        Span(visible(flag.title, 60) + times, _ROLES[flag.severity] + weight),
    ]
    return fit(line, _WIDTH)
