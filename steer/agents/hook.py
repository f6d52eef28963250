"""What an agent's hooks report: command hooks that drop each event as a file, without starting anything slow.

The settings are given to one session on its command line; the user's own are neither read nor changed. Observed
with Claude Code 2.1.329: `--settings FILE` adds to the user's hooks; Esc fires no hook at all.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steer.model.session import Activity

EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PermissionRequest",
    "PostToolUseFailure",
    "Stop",
    "StopFailure",
    "SessionEnd",
    "Notification",
)
MAX_EVENT_BYTES = 256 * 1024
MAX_EVENTS = 300  # files in a folder: more are dropped, as when nothing reads them any more
_TIMEOUT_S = 5  # an event that cannot be written by then is given up by the agent
_TEXT = 16 * 1024

# Reads the event whatever happens, so that the agent never writes into a closed pipe; writes nothing to stdout,
# which the agent would take for advice; always ends with 0. The renaming makes each file whole or absent.
_SCRIPT = (
    'd={folder}; umask 077; if [ -d "$d" ]; then set -- "$d"/e*; '
    'if [ $# -le {most} ] && t=$(mktemp "$d/.XXXXXXXXXX" 2>/dev/null); then '
    'head -c {size} >"$t" 2>/dev/null && mv "$t" "$d/e${{t##*/}}" 2>/dev/null; fi; fi; '
    "cat >/dev/null 2>&1; exit 0"
)


def settings(folder: Path) -> bytes:
    """Settings that make the agent drop its events into `folder`, as the bytes of a JSON file."""
    command = _SCRIPT.format(folder=shlex.quote(str(folder)), most=MAX_EVENTS, size=MAX_EVENT_BYTES)
    handler = {"type": "command", "command": command, "timeout": _TIMEOUT_S}
    return json.dumps({"hooks": {event: [{"hooks": [handler]}] for event in EVENTS}}, indent=1).encode()


@dataclass(frozen=True, slots=True)
class HookEvent:
    """One event. All texts are the agent's and untrusted."""

    name: str
    at: float
    conversation: str = ""
    transcript: str = ""  # path
    tool: str = ""
    tool_input: dict[str, Any] = field(default_factory=dict)
    text: str = ""  # the prompt, the error, the notification
    why: str = ""  # of a start (startup, resume, clear, compact), an end, a notification's or error's type

    @property
    def subject(self) -> str:
        """What the tool is to be used with: the command, path or address where it has one, else all of it."""
        for key in ("command", "file_path", "notebook_path", "url", "query", "pattern"):
            if isinstance(value := self.tool_input.get(key), str):
                return value
        return json.dumps(self.tool_input, ensure_ascii=False) if self.tool_input else ""

    @property
    def activity(self) -> Activity | None:
        """What the agent does from here on; None where the event does not say."""
        if self.name == "Notification":
            known = {"permission_prompt": Activity.ASKING, "idle_prompt": Activity.IDLE}
            return known.get(self.why)
        return _ACTIVITY.get(self.name)


_ACTIVITY = {
    "SessionStart": Activity.IDLE,
    "UserPromptSubmit": Activity.WORKING,
    "PermissionRequest": Activity.ASKING,
    "PostToolUseFailure": Activity.WORKING,
    "Stop": Activity.IDLE,
    "StopFailure": Activity.ERROR,
    "SessionEnd": Activity.UNKNOWN,
}


def parse_hook(data: bytes, at: float) -> HookEvent | None:
    """The event in a file that was written at `at`; None where it is none or was cut."""
    try:
        raw = json.loads(data)
        name = raw["hook_event_name"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    if name not in EVENTS:
        return None
    tool_input = raw.get("tool_input")
    return HookEvent(
        name=name,
        at=at,
        conversation=_text(raw, "session_id")[:100],
        transcript=_text(raw, "transcript_path")[:4096],
        tool=_text(raw, "tool_name")[:100],
        tool_input=tool_input if isinstance(tool_input, dict) else {},
        text=_text(raw, "prompt", "error_message", "message", "error"),
        why=_text(raw, "source", "reason", "notification_type", "error")[:100],
    )


def _text(raw: dict[str, Any], *keys: str) -> str:
    for key in keys:
        if isinstance(value := raw.get(key), str):
            return value[:_TEXT]
    return ""
