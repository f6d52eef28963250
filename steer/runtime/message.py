"""Messages between the supervisor and its clients: frames and fleet changes as compact JSON.

client -> supervisor                              supervisor -> client
{"t":"hello","protocol":1}                        {"t":"hello","protocol":1,"role":"operator"|"reporter","pid":n}
{"t":"call","id":n,"method":m,"params":{}}        {"t":"result","id":n,"value":{}} | {"t":"result","id":n,"error":{}}
{"t":"subscribe"}                                 {"t":"fleet", ...}   whole first, then what changed
{"t":"watch","s":id,"cols":n,"rows":n}            {"t":"frame","s":id, ...}
{"t":"unwatch"|"ack"|"scroll"|"key"|"paste"|"mouse"|"focus", "s":id, ...}
                                                  {"t":"notice","text":s,"severity":s}
"""

from __future__ import annotations

from typing import Any

from steer.model.codec import from_json, to_json
from steer.model.fleet import FleetView
from steer.model.frame import Cursor, Frame, Modes
from steer.model.operation import Operation, Progress
from steer.model.session import SessionView


def frame_to_json(f: Frame) -> dict[str, Any]:
    c, m = f.cursor, f.modes
    return {
        "t": "frame",
        "s": f.session,
        "q": f.seq,
        "z": (f.cols, f.rows, f.is_full),
        "l": f.lines,
        "c": (c.x, c.y, c.is_visible, c.style),
        "m": (m.is_alternate, m.has_mouse, m.has_paste, m.kitty_flags),
        "h": f.title,
        "o": (f.offset, f.history),
    }


def frame_from_json(d: dict[str, Any]) -> Frame:
    cols, rows, is_full = d["z"]
    lines = tuple((y, text) for y, text in d["l"])
    cursor, modes = Cursor(*d["c"]), Modes(*d["m"])
    return Frame(d["s"], d["q"], cols, rows, is_full, lines, cursor, modes, d["h"], *d["o"])


def fleet_delta(old: FleetView | None, new: FleetView) -> dict[str, Any] | None:
    """What a client that knows `old` needs to know `new`; None where nothing changed."""
    if old == new:
        return None
    known = {v.spec.id: v for v in old.sessions} if old else {}
    return {
        "t": "fleet",
        "repository": new.repository,
        "order": [v.spec.id for v in new.sessions],
        "sessions": [to_json(v) for v in new.sessions if known.get(v.spec.id) != v],
        "undo": to_json(new.undo),
        "progress": to_json(new.progress),
        "notices": list(new.notices),
    }


def apply_fleet_delta(old: FleetView | None, d: dict[str, Any]) -> FleetView:
    """The inverse: `old` brought up to date. Raises `ValueError` on a message of the wrong shape."""
    known = {v.spec.id: v for v in old.sessions} if old else {}
    for raw in d["sessions"]:
        view = from_json(SessionView, raw)
        known[view.spec.id] = view
    return FleetView(
        repository=d["repository"],
        sessions=tuple(known[i] for i in d["order"] if i in known),
        undo=from_json(Operation, d["undo"]) if d["undo"] else None,
        progress=tuple(from_json(Progress, p) for p in d["progress"]),
        notices=tuple(d["notices"]),
    )
