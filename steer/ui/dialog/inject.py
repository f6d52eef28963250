"""Correcting an agent: a text, exactly what will be typed of it, and a result that is known.

The preview comes from the supervisor, which knows whether the agent asked for bracketed paste now; what is
sent is bound to what was shown (digest) and to this run of the agent (generation).
"""

from __future__ import annotations

import secrets
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from steer.detect.correction import hints
from steer.errors import SteerError
from steer.model.session import SessionView
from steer.term.visible import visible
from steer.ui.dialog.card import Card, CardText, CardTitle, key_hint
from steer.ui.dialog.composer import Composer
from steer.ui.line import Line, Span, fit
from steer.ui.status import state

_SETTLE_S = 0.12


class InjectDialog(Card[dict[str, Any]]):
    """The result is what `inject` takes besides the session: text, mode, generation, digest, token."""

    heading = "Correct the agent"
    width = 84
    DEFAULT_CSS = """
    InjectDialog Composer {
        height: 7; border: round $steer-border-normal; padding: 0 1; margin: 1 0;
        background: $steer-surface-raised; scrollbar-size-vertical: 1;
    }
    InjectDialog Composer:focus { border: round $steer-border-focus; }
    InjectDialog .preview { max-height: 8; }
    """

    def __init__(self, sessions: list[SessionView], modes: dict[str, Any], text: str = "") -> None:
        """`modes`: what the port's `modes` says of the (first) session. `text`: a suggestion."""
        super().__init__()
        self._sessions = sessions
        self._text = text
        self._modes = list(modes["modes"])
        self._mode = next((i for i, m in enumerate(self._modes) if m["id"] == modes["default"]), 0)
        self._mode_line = CardText([])
        self._preview: dict[str, Any] = {}
        self._previewed = ""  # the text it is of
        self._timer: Timer | None = None
        self._token = secrets.token_hex(8)
        self._facts = CardText([])
        self._facts.add_class("preview")
        if len(sessions) > 1:
            self.heading = f"Correct {len(sessions)} agents"

    def compose(self) -> ComposeResult:
        composer = Composer(self._text, soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        hints = key_hint(("⏎", "send"), ("^J", "new line"), ("Tab", "mode"), ("Esc", "leave it"))
        parts = [CardTitle(self.heading), CardText(self._targets()), composer, self._mode_line, self._facts]
        card = Vertical(*parts, CardText([[], hints]))
        card.styles.width = self.width
        yield card

    def _targets(self) -> list[Line]:
        lines: list[Line] = []
        for view in self._sessions[:6]:
            s = state(view)
            words = f"  {s.word}" + (f": {visible(view.activity_text, 40)}" if view.activity_text else "")
            name = Span(visible(view.spec.name, 30), "text.normal bold")
            lines.append([Span(f"{s.glyph} ", s.role), name, Span(words, "text.muted")])
        if len(self._sessions) > 6:
            lines.append([Span(f"and {len(self._sessions) - 6} more", "text.muted")])
        if self._text:
            lines.append([Span("suggested by the judge; your own words replace it", "text.muted")])
        return lines

    def on_mount(self, event: events.Mount) -> None:
        super().on_mount(event)
        composer = self.query_one(Composer)
        composer.focus()
        composer.select_all()
        self._mode_line.show([mode_line(self._modes, self._mode)])
        self._ask_soon()

    def on_text_area_changed(self) -> None:
        if self._previewed != self.query_one(Composer).text:
            self._preview = {}
            self._ask_soon()

    def _ask_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SETTLE_S, self._ask_preview)

    async def _ask_preview(self) -> None:
        text = self.query_one(Composer).text
        try:
            made = await self.steer.port.call("preview", session=self._sessions[0].spec.id, text=text)
        except SteerError as e:
            made = {"refusal": e.message, "shown": "", "size": 0, "warnings": []}
        if self.is_mounted and text == self.query_one(Composer).text:
            self._preview, self._previewed = made, text
            self._facts.show(preview_lines(made, text, bool(text.strip())))

    async def take_key(self, event: events.Key) -> None:
        """What the text does not use comes here; other keys (arrows, backspace) are its bindings' and go on."""
        if event.key not in ("escape", "tab", "shift+tab", "enter"):
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key in ("tab", "shift+tab"):
            step = 1 if event.key == "tab" else -1
            self._mode = (self._mode + step) % len(self._modes)
            self._mode_line.show([mode_line(self._modes, self._mode)])
        elif event.key == "enter" and not self._is_too_early(event):
            await self._send()

    def _is_too_early(self, event: events.Key) -> bool:
        """Whoever typed or changed the text has seen the dialog, however fast."""
        return self.query_one(Composer).text == self._text and self.is_guarded(event)

    async def _send(self) -> None:
        text = self.query_one(Composer).text
        if not self._preview or self._previewed != text:  # keys come faster than the change is told
            await self._ask_preview()
            if self._previewed != text or self._preview.get("shown") != text or self._preview["warnings"]:
                return  # there is something to read before it is sent
        made = self._preview
        mode = self._modes[self._mode]
        if not made or made["refusal"] or mode["reason"] or not self.is_mounted:
            return
        self.dismiss(
            {
                "text": text,
                "mode": mode["id"],
                "generation": made["generation"],
                "digest": made["digest"],
                "token": self._token,
            }
        )


def mode_line(modes: list[dict[str, Any]], at: int) -> Line:
    """All ways to say it, the chosen one marked, and why it is not possible now."""
    line: Line = []
    for i, mode in enumerate(modes):
        role = "text.accent bold" if i == at else "text.faint"
        line.append(Span(("● " if i == at else "○ ") + visible(mode["title"], 40) + "   ", role))
    if reason := modes[at]["reason"]:
        line.append(Span(visible(reason, 60), "activity.error"))
    return fit(line, 76)


def preview_lines(made: dict[str, Any], text: str, has_text: bool) -> list[Line]:
    """Size, framing and warnings; what will be typed where it differs from what was typed here."""
    if made["refusal"]:
        return [[Span(visible(made["refusal"], 76), "activity.error" if has_text else "text.muted")]]
    frame = "as one bracketed paste" if made["is_bracketed"] else "as plain keys"
    lines: list[Line] = [[Span(f"{made['size']} bytes {frame}, then Enter", "text.muted")]]
    for warning in made["warnings"]:
        lines.append([Span("▲ ", "flag.warn"), Span(visible(warning, 74), "text.normal")])
    lines += [[Span(visible(hint, 76), "text.muted")] for hint in hints(text)]
    if made["shown"] != text:
        lines.append([Span("will be typed:", "text.muted")])
        lines += [[Span(visible(line, 76))] for line in made["shown"].split("\n")[:5]]
    return lines
