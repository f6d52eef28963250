"""R16: secrets of eleven kinds in six carriers, exported: which of them stay readable; and false alarms on real output.

The values are made up at run time. A secret is found where no piece of it of eight characters is left in the exported
bytes nor on the screen that they draw. False alarms are what is hidden in the sessions below `STEER_GOALS_CORPUS`,
else in the recordings that steer ships. Beside it detect-secrets, on the recording's file and on its screen.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import os
import random
import string
from collections.abc import Callable
from pathlib import Path

from steer.export.conceal import PIECE, Secrets
from steer.export.redraw import learn, redrawn
from steer.record import cast
from steer.record.reader import Event, Header, Kind, Reader
from steer.redact import find
from steer.replay.index import perform
from steer.replay.keyframe import blank
from tests.faults.goals.measure import Outcome, Size, Tally, package

COLS, ROWS = 60, 20
_LETTERS, _HEX = string.ascii_letters + string.digits, "0123456789abcdef"


def _random(chance: random.Random, count: int, letters: str = _LETTERS) -> str:
    return "".join(chance.choice(letters) for _ in range(count))


def made_up(chance: random.Random) -> dict[str, tuple[str, str]]:
    """By kind: (the line that holds it, the secret in it)."""

    def some(count: int, letters: str = _LETTERS) -> str:
        return _random(chance, count, letters)

    token = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": some(10), "iat": chance.randrange(10**9)})
    )
    secrets = {
        "AWS access key": ("id is {}", "AKIA" + some(16, string.ascii_uppercase + string.digits)),
        "AWS secret key": ("aws_secret_access_key = {}", some(40, _LETTERS + "+/")),
        "GitHub token": ("remote uses {} now", "ghp_" + some(36)),
        "Slack token": (
            "bot {} joined",
            f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}",
        ),
        "Stripe key": ("charge with {}", "sk_" + "live_" + some(24)),
        "Anthropic key": ("key {} works", "sk-ant-" + "api03-" + some(90, _LETTERS + "-_")),
        "Google key": ("maps {} ok", "AIza" + some(35, _LETTERS + "-_")),
        "web token": ("Cookie jar: {}", f"{token}.{some(43, _LETTERS + '-_')}"),
        "password by name": ("DB_PASSWORD={}", some(16)),
        "password in a URL": ("postgres://app:{}@db.example:5432/shop", some(18)),
        "private key": ("{}", _private_key(chance)),
    }
    return {kind: (line.replace("{}", value), value) for kind, (line, value) in secrets.items()}


def _private_key(chance: random.Random) -> str:
    body = "\r\n".join(_random(chance, 56, _LETTERS + "+/") for _ in range(6))
    edge = "-----{} RSA " + "PRIVATE KEY-----"
    return f"{edge.format('BEGIN')}\r\n{body}\r\n{edge.format('END')}"


def _events(pieces: list[str]) -> list[Event]:
    return [Event(n * 0.05, Kind.OUTPUT, piece.encode()) for n, piece in enumerate(pieces)]


def _coloured(line: str) -> str:
    return "".join(char + f"\x1b[{31 + n % 7}m" * (n % 5 == 4) for n, char in enumerate(line)) + "\x1b[0m"


def _wrapped(line: str) -> str:
    """So that the terminal breaks it in the middle of the secret."""
    first = line.partition("\r\n")[0]
    return "." * max(0, COLS - 2 * len(first) // 3) + line


CARRIERS: dict[str, Callable[[str], list[str]]] = {
    "plain": lambda line: [line + "\r\n"],
    "in pieces": lambda line: [line[at : at + 3] for at in range(0, len(line), 3)] + ["\r\n"],
    "coloured": lambda line: [_coloured(line) + "\r\n"],
    "wrapped": lambda line: [_wrapped(line) + "\r\n"],
    "typed": lambda line: ["$ ", *line, "\r\n"],
    "title": lambda line: [f"\x1b]2;{line.replace(chr(13) + chr(10), ' ')}\x07shown\r\n"],
}


def measure(size: Size, folder: Path) -> Outcome:
    chance, tries = random.Random(), size.tries(3, 60)
    found = {carrier: set(made_up(chance)) for carrier in CARRIERS}
    theirs = {carrier: set(made_up(chance)) for carrier in CARRIERS}
    on_screen = {carrier: set(made_up(chance)) for carrier in CARRIERS}
    tool = _DetectSecrets() if importlib.util.find_spec("detect_secrets") else None
    for _ in range(tries):
        for kind, (line, secret) in made_up(chance).items():
            for carrier, carry in CARRIERS.items():
                events = _events(["some words before\r\n", *carry(line), "and after it\r\n"])
                if _is_readable(events, secret):
                    found[carrier].discard(kind)
                if tool and not tool.finds(_file(events), secret):
                    theirs[carrier].discard(kind)
                if tool and not tool.finds(_screen(events), secret):
                    on_screen[carrier].discard(kind)
    counts = [len(kinds) for kinds in found.values()]
    alarms, megabytes, source = _false_alarms()
    said = (
        f"{_list(found)} of {len(made_up(chance))} kinds hidden in every one of {tries} tries ({', '.join(CARRIERS)})"
        f"; {alarms} things hidden in {megabytes:.1f} MB of {source}"
    )
    met = min(counts) >= 10 and len(set(counts)) == 1 and alarms <= max(1.0, megabytes / 10)
    beside = {"detect-secrets": "not measured: pip install detect-secrets"}
    if tool:
        name = package("detect-secrets") or "detect-secrets"
        beside = {f"{name} on the bytes": _list(theirs), f"{name} on the screen's text": _list(on_screen)}
    return Outcome(said, met, beside)


def _list(found: dict[str, set[str]]) -> str:
    return "/".join(str(len(kinds)) for kinds in found.values())


def _is_readable(events: list[Event], secret: str) -> bool:
    """Whether a piece of it is in an export's bytes, or on the screen at any moment of it."""
    header, secrets = Header(cols=COLS, rows=ROWS), Secrets(find)
    learn(header, lambda: events, secrets)
    out = list(redrawn(header, events, secrets))
    lines = [part for part in secret.splitlines() if "PRIVATE KEY" not in part]
    pieces = {part[i : i + PIECE] for part in lines for i in range(len(part) - PIECE + 1)}
    texts = [(event.data or b"").decode() + event.text for event in out]
    emulator = blank(header)
    for event in out:
        perform(emulator, [event])
        texts += [
            emulator.title,
            emulator.plain(0, emulator.history + emulator.rows_count - 1).replace("\n", ""),
        ]
    return any(piece in text for text in texts for piece in pieces)


def _file(events: list[Event]) -> str:
    """The text of a recording of them."""
    encoder = cast.Encoder()
    return b"".join([cast.header(COLS, ROWS, 0), *(encoder.output(e.at, e.data) for e in events)]).decode()


def _screen(events: list[Event]) -> str:
    emulator = blank(Header(cols=COLS, rows=ROWS))
    perform(emulator, events)
    return emulator.plain(0, emulator.history + emulator.rows_count - 1)


class _DetectSecrets:
    def __init__(self) -> None:
        from detect_secrets.core.scan import scan_line
        from detect_secrets.settings import default_settings

        self._scan, self._settings = scan_line, default_settings

    def finds(self, text: str, secret: str) -> bool:
        """Whether a finding covers the secret, or the first line of a private key."""
        with self._settings():
            values = [found.secret_value or "" for line in text.split("\n") for found in self._scan(line)]
        edge = "PRIVATE KEY" if "PRIVATE KEY" in secret else secret
        return any(secret in value or edge in value for value in values)


def _false_alarms() -> tuple[int, float, str]:
    """(what is hidden, megabytes of output, where)"""
    folder, source = os.environ.get("STEER_GOALS_CORPUS", ""), "real sessions"
    if not folder:
        folder, source = str(Path(__file__).parents[3] / "recordings"), "the recordings that steer ships"
    alarms, size = Tally(), 0
    for path in sorted(Path(folder).rglob("*.cast*")):
        secrets, reader = Secrets(find), Reader()
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for event in [*reader.feed(data), *reader.finish()]:
            if event.kind is Kind.OUTPUT:
                secrets.learn_output(event.at, event.data)
                size += len(event.data)
        secrets.end_output(0.0)
        for found in secrets.found():
            alarms.add(found.kind)
    return alarms.wrong, size / 1e6, source
