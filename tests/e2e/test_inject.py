"""Text typed for an agent stays text: against real shells, deaf programs, and races with the agent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from steer.errors import UserError
from tests.e2e.paste_attacks import PAYLOADS, SHELLS, AtShell
from tests.e2e.place import Place, until

LISTENER = """
import os, sys, tty
log = open(os.environ["STDIN_LOG"], "ab", buffering=0)
tty.setraw(0)
sys.stdout.write("\\x1b[?2004hready\\r\\n"); sys.stdout.flush()
while data := os.read(0, 65536):
    log.write(data)
    if data.endswith(b"!"):
        sys.stdout.write("\\x1b[?2004l bare\\r\\n"); sys.stdout.flush()
"""
LINES = """
import os, sys
log = open(os.environ["STDIN_LOG"], "ab", buffering=0)
print("ready", flush=True)
for line in sys.stdin.buffer:
    log.write(line)
"""
DEAF = """
import signal, tty
tty.setraw(0)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def log(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the scripted agents write what they are given."""
    monkeypatch.setenv("STDIN_LOG", str(place.root / "stdin"))
    return place.root / "stdin"


@pytest.mark.parametrize("shell", SHELLS)
def test_no_text_breaks_out_of_its_paste(place: Place, shell: str) -> None:
    if shutil.which(SHELLS[shell].argv[0]) is None:
        pytest.skip(f"{shell} is not installed")
    assert len(PAYLOADS) >= 50
    at = AtShell(place, SHELLS[shell], shell)
    assert [wrong for n, payload in enumerate(PAYLOADS) if (wrong := at.try_out(n, payload))] == []
    at.try_typed()
    at.close()


def test_what_is_typed_is_what_was_shown(place: Place, log: Path) -> None:
    s = place.start(place.script("listener", LISTENER))
    place.shows(s, "ready")
    text = "ünï\x1b[201~\r\ntab\there \x9b"
    shown = place.call("preview", session=s, text=text)
    assert shown["shown"] == "ünï␛[201~\ntab\there \ufffd" and len(shown["warnings"]) == 1
    place.call("inject", session=s, text=text, digest=shown["digest"], generation=1)
    expected = b"\x1b[200~" + shown["shown"].encode() + b"\x1b[201~"
    until("all is typed", lambda: log.exists() and log.read_bytes() == expected + b"\r")
    assert shown["size"] == len(expected)
    operation = place.operations("inject")[-1]
    assert (operation["detail"]["digest"], operation["state"]) == (shown["digest"], "done")


def test_what_changed_since_it_was_shown_is_not_typed(place: Place, log: Path) -> None:
    s = place.start(place.script("listener", LISTENER))
    place.shows(s, "ready")
    shown = place.call("preview", session=s, text="go on")
    with pytest.raises(UserError, match="respawned meanwhile"):
        place.call("inject", session=s, text="go on", generation=2)
    with pytest.raises(UserError, match="no longer what was shown"):
        place.call("inject", session=s, text="go on now", digest=shown["digest"])
    place.call("send_keys", session=s, keys=["!"])  # the program leaves bracketed paste
    place.shows(s, "bare")
    with pytest.raises(UserError, match="no longer what was shown"):
        place.call("inject", session=s, text="go on", digest=shown["digest"], generation=1)
    for empty in ("", " \n "):
        with pytest.raises(UserError, match="nothing to send"):
            place.call("inject", session=s, text=empty)
    with pytest.raises(UserError, match="the limit is"):
        place.call("inject", session=s, text="x" * 65_537)
    place.call("send_keys", session=s, keys=["z"])
    until("the key arrived", lambda: log.read_bytes().endswith(b"z"))
    assert log.read_bytes() == b"!z"
    assert not place.operations("inject")


def test_the_same_token_is_typed_once(place: Place, log: Path) -> None:
    s = place.start(place.script("listener", LISTENER))
    place.shows(s, "ready")
    first = place.call("inject", session=s, text="once", token="t")
    assert place.call("inject", session=s, text="once", token="t") == first
    place.kill_supervisor()
    later = place.call("inject", session=s, text="once", token="t")
    assert (first["delivery"], later["delivery"]) == ("unverified", "unverified")
    place.call("send_keys", session=s, keys=["z"])
    until("the key arrived", lambda: log.read_bytes().endswith(b"z"))
    assert log.read_bytes() == b"\x1b[200~once\x1b[201~\rz"


def test_a_line_that_the_terminal_would_cut_is_refused_whole(place: Place, log: Path) -> None:
    s = place.start(place.script("lines", LINES))
    place.shows(s, "ready")
    sent = place.call("inject", session=s, text="x" * 4096)
    assert sent["delivery"] == "not delivered" and "would be cut" in sent["detail"]
    assert place.operations("inject")[-1]["state"] == "failed"
    whole = place.call("inject", session=s, text="y" * 4000)
    assert whole["delivery"] == "unverified"
    until("the line is read", lambda: log.exists() and log.read_bytes() == b"y" * 4000 + b"\n")


def test_a_program_that_does_not_read_is_not_said_to_have_got_it(place: Place) -> None:
    s = place.start(place.script("deaf", DEAF))
    place.shows(s, "ready")
    other = place.start(["cat"], name="other")
    sent = place.call("inject", session=s, text="x" * 60_000)
    assert sent["delivery"] == "not delivered" and "not reading" in sent["detail"]
    assert place.call("inject", session=other, text="hello")["delivery"] == "unverified"
    place.shows(other, "hello")
