"""Texts that try to break out of their paste, and the programs that would then run what stands in them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tests.e2e.place import Place, until

_END = (
    "\x1b[201~",
    "\x9b201~",
    "\u009b201~",
    "\x1b[201~\x1b[200~",
    "\udc9b201~",
    "\x1b\x1b[201~",
    "\x1b[0201~",
)
_KEYS = ("\r", "\n", "\r\n", "\x0a\x0d", "\x0f", "\x1bOM", "\x1b[13~")  # what a shell takes for Enter
_CONTROL = "".join(map(chr, range(1, 32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0)))

PAYLOADS = [
    *(f"x{end}{key}{{}}{key}" for end in _END for key in _KEYS),
    "\x1b[20\x1b[201~1~\r{}\r",  # nested: what is left after one removal is an end again
    "\x1b[2\x1b[201~\x1b[201~01~\r{}\r",
    "\x9b2\x9b201~01~\r{}\r",
    "\x1b[201~;{}\x1b[200~",
    "\x1b\n[201~\n{}\n",
    "\x1b[201\x7f~\r{}\r",
    "\x03\r{}\r",
    "\x04\x03\x15{}\r",
    "\x1a\x1c{}\r",
    "\x16\x1b[201~\r{}\r",  # quoted insert
    "\x18\x05{}\x1b[201~\r",  # edit and run
    "\x12a\x1b[201~{}\r",
    "\x1bx{}\r",
    "\x1b]0;t\x07\r{}\r",
    "\x1bP1$r\x1b\\\r{}\r",
    "\x00\r{}\r",
    "\u2028{}\u2028",
    "\ud800\r{}\r",
    _CONTROL + "{}" + _CONTROL,
    "".join(f"{c}{{0}}{c}" for c in _CONTROL),
    "\x1b[201~" * 500 + "\r{}\r",
    ("a" * 4090) + "\x1b[201~\r{}\r",
]


@dataclass(frozen=True)
class Shell:
    """`{n}` in `echo` is a number, `{path}` in `attack` a file that is made where it runs."""

    argv: tuple[str, ...]
    prompt: str
    attack: str = "touch {path}"
    echo: str = "echo ok-$(({n}+1000))"
    prepare: str = ""  # makes ctrl+u throw away all lines of what was pasted


SHELLS = {
    "bash": Shell(("bash", "--norc", "--noprofile"), ">"),
    "zsh": Shell(("zsh", "-f"), ">", prepare="bindkey '^u' kill-buffer"),
    "python3": Shell(
        ("python3", "-q", "-i"),
        ">>>",
        attack="open('{path}','w')",
        echo="print('ok-%d' % ({n}+1000))",
        prepare="import readline; readline.parse_and_bind('set enable-bracketed-paste on')",
    ),
}


class AtShell:
    """One shell in a session of `place`; `try_out` says whether a text ran the attack in it."""

    def __init__(self, place: Place, shell: Shell, name: str) -> None:
        self._place, self._shell = place, shell
        self.marker = place.root / f"{name}.marker"
        env = {**os.environ, "PS1": "> "}
        self._session = place.start(list(shell.argv), name=name, env=env)
        self._client = place.client()
        place.shows(self._session, shell.prompt)
        self._line(-1, shell.prepare)
        self._at_prompt()

    @property
    def attack(self) -> str:
        return self._shell.attack.format(path=self.marker)

    def _at_prompt(self) -> None:
        """While it runs a command a shell takes bracketed paste back: then there is no paste to break."""
        until(
            "a prompt", lambda: self._client.call("preview", session=self._session, text="x")["is_bracketed"]
        )

    def _line(self, number: int, before: str = "") -> None:
        """Throw the line away; the next command can only run on a clean prompt."""
        keys = [
            "ctrl+u",
            *([*before, "enter"] if before else []),
            *self._shell.echo.format(n=number),
            "enter",
        ]
        self._client.call("send_keys", session=self._session, keys=keys)
        shown = f"ok-{number + 1000}"
        until(
            f"the shell goes on: {shown}",
            lambda: any(shown in line for line in self._place.lines(self._session)),
        )

    def try_out(self, number: int, payload: str) -> str:
        """What went wrong with it, or ""."""
        self.marker.unlink(missing_ok=True)
        text = payload.replace("{0}", "{}").replace("{}", self.attack)
        self._at_prompt()
        sent = self._client.call("inject", session=self._session, text=text, submit=False)
        if sent["delivery"] != "typed, not submitted":
            return f"{payload!r} was not typed: {sent}"
        self._line(number)
        return f"{payload!r} ran a command" if self.marker.exists() else ""

    def try_typed(self) -> None:
        """The trap works: the same command as a line of its own does run."""
        self.marker.unlink(missing_ok=True)
        self._at_prompt()
        self._client.call("inject", session=self._session, text=self.attack)
        until("a submitted line runs", self.marker.exists)

    def close(self) -> None:
        self._client.close()
