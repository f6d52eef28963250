"""Program Status Protocol (OSC 7501): the agent itself says what it is doing.

`OSC 7501 ; state=<idle|working|blocked|done|error|clear>[:kind=..][:msg=<base64>][:app=..][:id=..] ST`,
as specified by termstate-store (rev 0.4) and observed in Claude Code 2.1 and Codex 0.169. A program may ask
`OSC 7501 ; ? ST` first and reports only if the terminal answers.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from steer.model.session import Activity

QUERY = b"7501;?"
ANSWER = b"\x1b]7501;?\x1b\\"

_ACTIVITY = {
    "idle": Activity.IDLE,
    "done": Activity.IDLE,
    "working": Activity.WORKING,
    "blocked": Activity.ASKING,
    "error": Activity.ERROR,
    "clear": Activity.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Status:
    activity: Activity
    text: str  # the program's own words, at most 200 characters; untrusted
    kind: str  # permission | question | auth | ""
    is_child: bool  # about a child record (a background task), not about the program itself


def parse_status(content: bytes) -> Status | None:
    """The report in an OSC's `content` ("7501;state=..."); None where it is not one."""
    if not content.startswith(b"7501;"):
        return None
    fields = _fields(content[5:].decode("ascii", "replace"))
    activity = _ACTIVITY.get(fields.get("state", ""))
    if activity is None:
        return None
    kind = fields.get("kind", "")[:20]
    text = _decode(fields.get("msg", "")) or kind
    return Status(activity, text[:200], kind, "id" in fields)


def _fields(body: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in body.split(":") if "=" in part)
    return {k: v for k, _, v in pairs}


def _decode(msg: str) -> str:
    try:
        return base64.b64decode(msg + "=" * (-len(msg) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return msg
