"""R14: texts that end their own paste, typed by a real fleet into bash, zsh, readline and a full-screen program.

A shell's break-out is a command of the text that runs although nobody pressed Enter; the full-screen program's a byte
that it is given outside of its paste. Beside it tmux, which pastes the same texts into bash (`paste-buffer -p`).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

from steer.term.paste import END, START
from tests.e2e.paste_attacks import PAYLOADS, SHELLS, AtShell
from tests.e2e.place import Place, until
from tests.faults.goals import ground
from tests.faults.goals.measure import Outcome, Size, Tally, tool

FULL_SCREEN = """
import os, sys, tty
log = open(sys.argv[1], "ab", buffering=0)
tty.setraw(0)
sys.stdout.write("\\x1b[?1049h\\x1b[?2004hready"); sys.stdout.flush()
while data := os.read(0, 65536):
    log.write(data)
"""


def measure(size: Size, folder: Path) -> Outcome:
    payloads = (
        PAYLOADS if size.share >= 1 else random.sample(PAYLOADS, size.tries(len(PAYLOADS), len(PAYLOADS)))
    )
    tallies: dict[str, Tally] = {}
    with ground.fleet() as place:
        for name, shell in SHELLS.items():
            if shutil.which(shell.argv[0]) is None:
                continue
            tallies[name] = _in_a_shell(AtShell(place, shell, name), payloads)
        tallies["full screen"] = _on_full_screen(place, payloads)
    said = ", ".join(f"{name} {tally}" for name, tally in tallies.items())
    absent = [name for name in SHELLS if name not in tallies]
    said += f"; not measured: {', '.join(absent)} not installed" if absent else ""
    met = not any(tally.wrong for tally in tallies.values()) and not absent
    return Outcome(f"texts that broke out: {said}", met, _tmux(folder, payloads))


def _in_a_shell(shell: AtShell, payloads: list[str]) -> Tally:
    tally = Tally()
    for number, payload in enumerate(payloads):
        tally.add(shell.try_out(number, payload))
    shell.try_typed()
    shell.close()
    return tally


def _on_full_screen(place: Place, payloads: list[str]) -> Tally:
    log, tally = place.root / "given", Tally()
    session = place.start([*place.script("fullscreen", FULL_SCREEN), str(log)], name="full")
    place.shows(session, "ready")
    with place.client() as client:
        for payload in payloads:
            before = log.stat().st_size if log.exists() else 0
            text = payload.replace("{0}", "{}").replace("{}", "touch x")
            size = client.call("preview", session=session, text=text)["size"]
            client.call("inject", session=session, text=text, submit=False)
            until("the text is there", partial(_has, log, before + size))
            tally.add(_outside(log.read_bytes()[before:]))
    return tally


def _has(log: Path, size: int) -> bool:
    return log.stat().st_size >= size


def _outside(given: bytes) -> str:
    """What a program took as keys: all but the texts between the marks of a paste."""
    outside = b""
    while given:
        before, start, rest = given.partition(START)
        outside += before
        _, end, given = rest.partition(END) if start else (b"", b"", b"")
        if start and not end:
            return "a paste without end"
    return repr(outside) if outside else ""


def _tmux(folder: Path, payloads: list[str]) -> dict[str, str]:
    name = tool("tmux", "-V")
    if not name or not shutil.which("bash"):
        return {"tmux": "not measured: apt install tmux"}
    tally, marker = Tally(), folder / "marker"
    env = {k: v for k, v in os.environ.items() if k != "TMUX"} | {"PS1": "> "}

    def run(*words: str, data: bytes | None = None) -> bytes:
        tmux = ["tmux", "-f", "/dev/null", "-S", str(folder / f"tmux{tally.tries}")]  # one server for each
        return subprocess.run([*tmux, *words], env=env, input=data, capture_output=True, timeout=30).stdout

    for payload in payloads:
        text = payload.replace("{0}", "{}").replace("{}", f"touch {marker}")
        run("new-session", "-d", "-x", "80", "-y", "24", "bash", "--norc", "--noprofile")
        until("a prompt of bash in tmux", lambda: b">" in run("capture-pane", "-p"))
        run("load-buffer", "-", data=text.encode("utf-8", "surrogatepass"))
        run("paste-buffer", "-p")
        run("send-keys", "-l", f"\x15echo $((1000+{tally.tries}))")
        run("send-keys", "Enter")
        end = time.monotonic() + 4  # some texts leave bash where it takes no line any more
        while time.monotonic() < end and f"{1000 + tally.tries}".encode() not in run("capture-pane", "-p"):
            time.sleep(0.02)
        ran = marker.exists()
        marker.unlink(missing_ok=True)
        run("kill-server")
        tally.add("it ran" if ran else "")
    return {f"{name} paste-buffer -p": f"{tally.wrong} of {tally.tries} texts ran their command in bash"}
