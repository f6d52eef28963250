"""Text that is typed for an agent: exactly what goes into the pty, and what the operator is shown of it.

A bracketed paste is a fence only if the text cannot close it: `ESC[201~` inside a paste ran a command in
bash 5.2 and through tmux 3.3a. So control characters never reach the agent: C0 (but newline and tab), DEL,
C1 in both encodings and lone surrogates are replaced by their visible pictures before anything is shown or
sent, and what is shown is what is sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

START, END = b"\x1b[200~", b"\x1b[201~"
CANONICAL_LINE_MAX = 4095  # bytes; N_TTY_BUF_SIZE - 1: a longer line is cut by the kernel (termios(3))
MAX_PIECE_CHARS = 500  # Claude Code 2.1 shows pastes of more than 800-1200 as pasted content (observed)
MAX_TEXT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Paste:
    """`data` are the bytes for the pty without the final Enter; `text` is what they say."""

    data: bytes
    text: str
    replaced: int  # control characters made visible
    is_bracketed: bool

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def make_paste(text: str, *, is_bracketed: bool, max_lines: int = 0) -> Paste:
    """`text` neutralised; framed as a paste where the program asked for bracketed paste (mode 2004).

    With `max_lines` it is framed as several pastes of at most so many lines and `MAX_PIECE_CHARS` characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    safe = "".join(map(_picture, text))
    replaced = sum(1 for c in text if _picture(c) != c)
    if not is_bracketed:
        return Paste(safe.encode(), safe, replaced, False)
    pieces = _pieces(safe, max_lines) if max_lines else [safe]
    body = b"".join(START + piece.encode() + END for piece in pieces)
    return Paste(body, safe, replaced, True)


def _pieces(text: str, max_lines: int) -> list[str]:
    """`text` in pieces that join to it again, cut after lines where it can be."""
    pieces: list[str] = []
    piece: list[str] = []
    for line in text.splitlines(keepends=True):
        for part in (line[i : i + MAX_PIECE_CHARS] for i in range(0, len(line), MAX_PIECE_CHARS)):
            if piece and (len(piece) == max_lines or sum(map(len, piece)) + len(part) > MAX_PIECE_CHARS):
                pieces.append("".join(piece))
                piece = []
            piece.append(part)
    return [*pieces, "".join(piece)] if piece or not pieces else pieces


def _picture(char: str) -> str:
    code = ord(char)
    if char in "\n\t":
        return char
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code <= 0x9F or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return char


def warnings(paste: Paste) -> list[str]:
    """What the operator should know before sending, one sentence each; empty when nothing is odd."""
    found = []
    if paste.replaced:
        found.append(f"{paste.replaced} control characters are sent as visible pictures (such as ␛)")
    if "\n" in paste.text and not paste.is_bracketed:
        found.append("the agent did not ask for bracketed paste: each line break is an Enter to it")
    if paste.text.lstrip()[:1] in ("!", "/"):
        found.append(f"begins with {paste.text.lstrip()[0]!r}: many agents run that as a command")
    return found


def refusal(paste: Paste) -> str:
    """Why this text cannot be sent at all, or an empty string."""
    if not paste.text.strip():
        return "there is nothing to send"
    if len(paste.data) > MAX_TEXT_BYTES:
        return f"the text is {len(paste.data)} bytes; the limit is {MAX_TEXT_BYTES}"
    return ""
