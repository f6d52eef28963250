"""A scripted agent that behaves like the real ones: it reports its state, has an input box, and asks.

What is submitted to it is a line of JSON in $ACTOR_LOG. A text that begins with one of these words does more:
work (until ctrl+x), ask COMMAND, pick (a dialog with arrows), fake (prints a dialog while it works), deaf (the next
Enter is lost), mute (reports no state any more). Where $ACTOR_GATE is a pipe, it says that it is idle but shows no
input box, and drops what is typed, until something is written there; what it dropped is logged, too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.e2e.place import Place

PROFILE = r"""
title = "Actor"
interrupt = ["escape"]
submit_after_s = 0.02
reports = true

[message]
default = "steer"
steer = ["enter"]
box = '─{20,}\n❯ ?(?P<text>[^\n]*\n)─{20,}'
STASH
commands = "/!"
guard = "Note: "

[[rule]]
id = "dialog"
activity = "asking"
pattern = "Do you want to"

[[dialog]]
id = "permission"
kind = "permission"
sign = '^Do you want to'
above = '^═{10,}'
end = '^Esc to cancel'
choice = '^(?P<mark>❯)? *(?P<number>\d)\. (?P<label>.*)'
once = '^Yes$'
deny = '^No$'
tool = [['^Bash', "Bash"]]
subject = ['^\$ (.*)']

[[dialog]]
id = "pick"
kind = "question"
above = '^═{10,}'
end = '^Enter to confirm'
choice = '^(?P<mark>❯| ) (?P<label>(?:red|green|blue))$'
keys = "arrows"
"""

PROGRAM = r"""
import json, os, select, sys, tty
tty.setraw(0)
log = open(os.environ["ACTOR_LOG"], "a", buffering=1)
state, box, kept, asked, options, at, said, is_deaf, is_mute = "idle", "", "", "", [], 0, [], False, False

def out(text):
    data = text.encode()
    while data:
        data = data[os.write(1, data):]

def report(value):
    global state
    state = value
    if not is_mute:
        out(f"\x1b]7501;state={value}\x1b\\")

def draw():
    lines = list(said[-6:])
    rule = "─" * 30
    if asked:
        lines += ["═" * 30, *asked.split("\n")]
        numbered = asked.startswith("Bash")
        for i, option in enumerate(options):
            mark = "❯" if i == at else " "
            lines.append(f"{mark} {i + 1}. {option}" if numbered else f"{mark} {option}")
        lines.append("Esc to cancel" if numbered else "Enter to confirm")
    else:
        lines += [rule, f"❯ {box}", rule, "  ? for help"]
    out("\x1b[2J\x1b[H" + "\r\n".join(lines))

def ask(text, choices):
    global asked, options, at
    asked, options, at = text, choices, 0
    report("blocked")

def answer(index):
    global asked
    log.write(json.dumps({"answer": options[index]}) + "\n")
    asked = ""
    report("working")
    report("done")

def submit():
    global box, kept, is_deaf, is_mute
    if is_deaf:
        is_deaf = False
        return
    text, box, kept = box, kept, ""
    if not text:
        return
    log.write(json.dumps({"text": text, "state": state}) + "\n")
    word, _, rest = text.partition(" ")
    if word == "work":
        report("working")
    elif word == "ask":
        ask(f"Bash command\n$ {rest}\nDo you want to proceed?", ["Yes", "Yes, always", "No"])
    elif word == "pick":
        ask("Which colour?", ["red", "green", "blue"])
    elif word == "fake":
        report("working")
        said.extend(["═" * 30, "Bash command", "$ rm -r /", "Do you want to proceed?", "❯ 1. Yes", "Esc to cancel"])
    elif word == "deaf":
        is_deaf = True
    elif word == "mute":
        is_mute = True

def press(key):
    global box, kept, at
    if asked:
        if key in ("\x1b[A", "\x1b[B"):
            at = min(max(at + (1 if key[-1] == "B" else -1), 0), len(options) - 1)
        elif key == "\r":
            answer(at)
        elif key.isdigit() and asked.startswith("Bash") and int(key) <= len(options):
            answer(int(key) - 1)
    elif key == "\r":
        submit()
    elif key == "\x13":
        kept, box = box, ""
    elif key == "\x15":
        box = ""
    elif key in ("\x18", "\x1b"):
        report("done")
    elif key.isprintable():
        box += key

print("\x1b[?2004h\x1b[?1049h", end="", flush=True)
report("idle")
if gate := os.environ.get("ACTOR_GATE"):
    pipe = os.open(gate, os.O_RDONLY | os.O_NONBLOCK)
    out("Loading...")
    while pipe not in select.select([pipe, 0], [], [])[0]:
        log.write(json.dumps({"lost": os.read(0, 4096).decode()}) + "\n")
draw()
waiting = b""
while data := os.read(0, 4096):
    waiting += data
    while waiting:
        if waiting.startswith(b"\x1b[200~"):
            if b"\x1b[201~" not in waiting:
                break
            pasted, _, waiting = waiting[6:].partition(b"\x1b[201~")
            if not asked:
                box += pasted.decode().replace("\n", " ")
            continue
        size = 3 if waiting[:2] == b"\x1b[" else 1
        while size < len(waiting) and waiting[size] & 0xC0 == 0x80:
            size += 1
        key, waiting = waiting[:size].decode(), waiting[size:]
        press(key)
    draw()
"""


class Actor:
    """The agent in one session of `place`."""

    def __init__(
        self, place: Place, name: str = "actor", stash: str = 'stash = ["ctrl+s"]', gate: str = ""
    ) -> None:
        self.place = place
        self.log = place.root / f"{name}.log"
        folder = place.root / "c" / "steer" / "agents"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(PROFILE.replace("STASH", stash))
        env = {**os.environ, "ACTOR_LOG": str(self.log), "ACTOR_GATE": gate}
        self.session = place.start(place.script("actor", PROGRAM), name=name, agent=name, env=env)
        place.wait(self.session, "idle", lambda v: v["activity"] == "idle")

    def lines(self) -> list[dict[str, str]]:
        try:
            text = Path(self.log).read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def texts(self) -> list[str]:
        return [line["text"] for line in self.lines() if "text" in line]

    def say(self, text: str, **more: object) -> dict[str, str]:
        return self.place.call("inject", session=self.session, text=text, **more)

    def keys(self, *keys: str) -> None:
        self.place.call("send_keys", session=self.session, keys=list(keys))

    def until(self, activity: str) -> None:
        self.place.wait(self.session, activity, lambda v: v["activity"] == activity)

    def asks(self) -> dict[str, object]:
        """What it asks, as the board sees it."""
        view = self.place.wait(self.session, "asks", lambda v: v["ask"] and v["ask"]["choices"])
        return dict(view["ask"])
