"""What a session changed against its base: files on the left, the patch of one on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from steer.term.visible import visible
from steer.ui.dialog.card import Card, key_hint
from steer.ui.dialog.patch import patch_lines
from steer.ui.line import Line, Span, fit, spread
from steer.ui.line_widget import LineWidget

_STATUS = {"A": "added", "M": "changed", "D": "removed", "T": "changed", "R": "changed"}
_LIST_MIN, _LIST_MAX = 24, 44


class _Files(LineWidget):
    def __init__(self, files: list[dict[str, Any]]) -> None:
        super().__init__()
        self.files = files
        self.chosen = 0

    def lines(self, width: int, height: int) -> list[Line]:
        first = max(0, min(self.chosen - height // 2, len(self.files) - height))
        shown = self.files[first : first + height]
        return [self._line(f, first + i == self.chosen, width) for i, f in enumerate(shown)]

    def _line(self, f: dict[str, Any], is_chosen: bool, width: int) -> Line:
        on = " on:surface.selected" if is_chosen else ""
        counts = [
            Span(f"+{f['added']} ", f"diff.added{on}"),
            Span(f"−{f['removed']} ", f"diff.removed{on}"),
        ]
        mark = Span(f" {f['status']} ", f"diff.{_STATUS.get(f['status'], 'changed')}{on}")
        room = max(4, width - 6 - sum(len(s.text) for s in counts))
        name = visible(f["path"], 300)
        if len(name) > room:
            name = "…" + name[-(room - 1) :]
        return spread([mark, Span(name, f"text.normal{on}")], counts, width, role=f"text.normal{on}")


class _Patch(LineWidget):
    base = "text.normal on:surface.background"

    def __init__(self) -> None:
        super().__init__()
        self.text: list[Line] = []
        self.top = 0

    def lines(self, width: int, height: int) -> list[Line]:
        return [fit(line, width) for line in self.text[self.top : self.top + height]]

    def scroll(self, by: int) -> None:
        self.top = max(0, min(self.top + by, len(self.text) - max(1, self.size.height)))
        self.refresh()


class _Bar(LineWidget):
    DEFAULT_CSS = "_Bar { height: 1; }"

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line

    def lines(self, width: int, height: int) -> list[Line]:
        return [self.line]


class DiffDialog(Card[bool]):
    """`made` is the result of `diff`. Up and down choose the file, the page keys scroll its patch.

    `facts`: lines below the title.
    """

    DEFAULT_CSS = """
    DiffDialog { align: left top; background: $steer-surface-background; }
    DiffDialog Horizontal { height: 1fr; }
    DiffDialog _Files { height: 1fr; }
    DiffDialog _Patch { height: 1fr; width: 1fr; }
    """

    hints: tuple[tuple[str, str], ...] = ()

    def __init__(self, name: str, made: dict[str, Any], facts: Sequence[Line] = ()) -> None:
        super().__init__()
        self._made = made
        self._facts = facts
        self._title = name
        self._files = _Files(made["files"])
        self._patch = _Patch()

    def compose(self) -> ComposeResult:
        files = self._made["files"]
        added, removed = sum(f["added"] for f in files), sum(f["removed"] for f in files)
        yield _Bar([
            Span(f" {visible(self._title, 60)} ", "text.accent bold"),
            *([Span(f"against {visible(base, 40)}   ", "text.muted")] if (base := self._made.get("base")) else []),
            *([Span(f"as of {visible(moment, 60)}   ", "flag.info")] if (moment := self._made.get("moment")) else []),
            Span(f"{len(files)} files  "), Span(f"+{added} ", "diff.added"), Span(f"−{removed}", "diff.removed"),
        ])  # fmt: skip
        for line in self._facts:
            yield _Bar(line)
        longest = max((len(f["path"]) for f in files), default=0) + 14
        self._files.styles.width = min(max(longest, _LIST_MIN), _LIST_MAX)
        yield Horizontal(self._files, self._patch)
        hints = key_hint(("↑↓", "file"), ("PgUp PgDn", "patch"), *self.hints, ("Esc", "back"))
        yield _Bar([Span(" "), *hints])

    def on_mount(self, event: events.Mount) -> None:
        super().on_mount(event)
        self._show()

    def _show(self) -> None:
        files = self._made["files"]
        if files:
            chosen = files[self._files.chosen]
            self._patch.text = patch_lines(chosen["path"], chosen["patch"], is_binary=chosen["is_binary"])
        else:
            self._patch.text = [[Span("  nothing differs", "text.muted")]]
        self._patch.top = 0
        self._files.refresh()
        self._patch.refresh()

    def pressed(self, key: str) -> None:
        page = max(1, self._patch.size.height - 2)
        scrolls = {
            "pagedown": page,
            "pageup": -page,
            "space": page,
            "home": -(10**9),
            "end": 10**9,
            "J": 1,
            "K": -1,
        }
        moves = {"down": 1, "up": -1, "j": 1, "k": -1, "tab": 1, "shift+tab": -1}
        if key in moves and self._made["files"]:
            self._files.chosen = (self._files.chosen + moves[key]) % len(self._made["files"])
            self._show()
        elif key in scrolls:
            self._patch.scroll(scrolls[key])
        elif key in ("q", "enter", "d"):
            self.dismiss(None)

    def on_mouse_scroll_down(self) -> None:
        self._patch.scroll(3)

    def on_mouse_scroll_up(self) -> None:
        self._patch.scroll(-3)
