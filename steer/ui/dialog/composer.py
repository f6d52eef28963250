"""A text of several lines in a dialog."""

from __future__ import annotations

from textual import events

from steer.ui.entry import Area


class Composer(Area):
    """Enter sends; ctrl+j or alt+enter makes a new line, as in the agents' own boxes."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("ctrl+j", "alt+enter", "shift+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key in ("enter", "escape", "tab", "shift+tab"):
            event.prevent_default()  # not the text area's: they bubble to the dialog
