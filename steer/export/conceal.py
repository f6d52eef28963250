"""Hiding secrets on what is seen: learn all of them from the whole recording, then cover every piece of them.

A terminal's bytes say little about what is read on it: a secret is cut by colours, wrapped, typed letter by letter,
scrolled half out of sight. So secrets are looked for in the text of rows, where a row that reaches the right edge
goes on in the next one, with and without the frames drawn around it; and once more in the output without its escape
sequences. Whatever was found anywhere is then covered everywhere, and so is each piece of it that is `PIECE` long,
and its first letters where they end a word, as while it is typed. Shorter pieces may be seen.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from steer.redact import Secret
from steer.term.width import cell_width, text_width

Find = Callable[[str], list[Secret]]

PIECE = 8  # characters of a secret that are covered wherever they stand
MAX_VALUES = 5000  # different ones that are remembered; later ones are covered only where they look like one
MAX_PIECES = 1_000_000
COVER = "▒"
_FIRST = 3  # letters of a secret from which on it is covered while it is typed
_SHORTEST = 4  # characters of a secret that is covered elsewhere too
_NEAR_EDGE = 12  # columns before the right edge at which programs wrap lines themselves
_BORDER = " \t│┃║|▌▐╎╏┆┇┊┋▏▕"
_PROMPT = _BORDER + ">›❯"
_WORD_END = re.compile(r"[^\s" + re.escape(_BORDER) + r"\"'`](?=[\s" + re.escape(_BORDER) + r"\"'`]|\Z)")
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f]"
)
_OVERLAP = 4096  # characters of output looked at again with what follows
_NAMES = {
    "key": ("access key", "access keys"),
    "private-key": ("private key", "private keys"),
    "token": ("web token", "web tokens"),
    "login": ("password in a URL", "passwords in URLs"),
    "header": ("authorization header", "authorization headers"),
    "value": ("password or token by its name", "passwords or tokens by their names"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A secret's value, as `Secrets` learned it."""

    kind: str
    at: float  # when it was first seen


class Secrets:
    """Feed it all that a viewer might see (`learn_rows`, `learn_text`, `learn_output`), then have it cover."""

    def __init__(self, find: Find) -> None:
        self._find = lru_cache(maxsize=4096)(find)
        self._found: dict[str, Found] = {}
        self._pieces: set[str] = set()
        self._short: dict[int, set[str]] = {}  # by length
        self._beginnings: set[str] = set()  # the character before and the first letters
        self._output = ""

    # -- learning -----------------------------------------------------------------------------------------

    def learn_rows(self, at: float, rows: Sequence[str], cols: int) -> None:
        """Rows of plain text, from above to below, of a terminal of `cols` columns."""
        for reading in _readings(rows, cols):
            self.learn_text(at, reading.text)

    def learn_text(self, at: float, text: str) -> None:
        for secret in self._find(text):
            self._learn(
                at,
                secret.kind,
                text[max(0, secret.start - 1) : secret.start],
                text[secret.start : secret.end],
            )

    def learn_output(self, at: float, data: bytes) -> None:
        """What a program wrote, in order."""
        self._output += data.decode("utf-8", "replace")
        if len(self._output) > 4 * _OVERLAP:
            self.end_output(at)

    def end_output(self, at: float) -> None:
        self.learn_text(at, _ESCAPE.sub("", self._output))
        self._output = self._output[-_OVERLAP:]

    def _learn(self, at: float, kind: str, before: str, value: str) -> None:
        if value in self._found or len(self._found) >= MAX_VALUES:
            return
        self._found[value] = Found(kind, at)
        for n in range(_FIRST, min(PIECE, len(value))):
            if len(set(value[:n])) > 1:
                self._beginnings.add((before if before.strip() else "") + value[:n])
        for part in value.split():
            if _SHORTEST <= len(part) < PIECE and len(set(part)) > 2:
                self._short.setdefault(len(part), set()).add(part)
            for i in range(len(part) - PIECE + 1):
                piece = part[i : i + PIECE]
                if len(set(piece)) > 3 and len(self._pieces) < MAX_PIECES:  # not a rule of dashes
                    self._pieces.add(piece)

    # -- covering -----------------------------------------------------------------------------------------

    def masks(self, rows: Sequence[str], cols: int) -> list[list[tuple[int, int]]]:
        """For each row of plain text, what of it to cover: (start, end) of characters."""
        covered: list[list[tuple[int, int]]] = [[] for _ in rows]
        for reading in _readings(rows, cols):
            for start, end in self._spans(reading.text):
                reading.spread(start, end, covered)
        return covered

    def cover_text(self, text: str) -> str:
        return cover(text, self._spans(text))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        spans = [(s.start, s.end) for s in self._find(text)]
        if not self._found:
            return spans
        for n, known in ((PIECE, self._pieces), *self._short.items()):
            spans += [(i, i + n) for i in range(len(text) - n + 1) if text[i : i + n] in known]
        return spans + self._typed(text)

    def _typed(self, text: str) -> list[tuple[int, int]]:
        """First letters of a secret that end a word, after what stood before the secret."""
        spans = []
        for match in _WORD_END.finditer(text):
            end = match.end()
            for n in range(_FIRST, PIECE):
                start = end - n
                if start < 0:
                    break
                before = text[start - 1 : start] if start else ""
                if (before if before.strip() else "") + text[start:end] in self._beginnings:
                    spans.append((start, end))
        return spans

    # -- telling ------------------------------------------------------------------------------------------

    def found(self) -> list[Found]:
        """One for each secret, in order of time; what is a part of a longer one (as while typed) is not counted."""
        longest: list[tuple[str, Found]] = []
        for value, found in sorted(self._found.items(), key=lambda item: -len(item[0])):
            if not any(value in other for other, _ in longest):
                longest.append((value, found))
        return sorted((found for _, found in longest), key=lambda found: found.at)


def summary(found: Sequence[Found], clock: Callable[[float], str]) -> str:
    """ "2 secrets hidden: 1 access key, 1 password in a URL (first at 0:12)"; says what it cannot promise."""
    if not found:
        return "no secrets found; what does not look like one is not hidden"
    counts = Counter(f.kind for f in found)
    kinds = ", ".join(f"{n} {_NAMES.get(kind, (kind, kind))[n > 1]}" for kind, n in counts.most_common())
    what = "1 secret" if len(found) == 1 else f"{len(found)} secrets"
    return f"{what} hidden: {kinds} (first at {clock(found[0].at)})"


def cover(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with as many cells of `COVER` in place of the spans."""
    if not spans:
        return text
    out, at = [], 0
    for start, end in sorted(spans):
        if end > at:
            out.append(text[at : max(at, start)])
            out.append(COVER * sum(map(cell_width, text[max(at, start) : end])))
            at = end
    return "".join([*out, text[at:]])


class _Reading:
    """Rows read as one text. Knows which character came from where."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._starts: list[int] = []  # in the text
        self._places: list[tuple[int, int]] = []  # (row, first character of it)
        self._length = 0
        self.text = ""

    def add(self, row: int, first: int, part: str, is_open: bool) -> None:
        """`is_open`: the next row goes on where this one ends."""
        self._starts.append(self._length)
        self._places.append((row, first))
        self._parts.append(part if is_open else part + "\n")
        self._length += len(self._parts[-1])

    def end(self) -> _Reading:
        self.text = "".join(self._parts)
        return self

    def spread(self, start: int, end: int, covered: list[list[tuple[int, int]]]) -> None:
        """Note the characters `start` to `end` of the text in the rows that they came from."""
        i = max(0, bisect_right(self._starts, start) - 1)
        while i < len(self._starts) and self._starts[i] < end:
            row, first = self._places[i]
            length = len(self._parts[i].rstrip("\n"))
            low, high = max(start - self._starts[i], 0), min(end - self._starts[i], length)
            if high > low:
                covered[row].append((first + low, first + high))
            i += 1


def _readings(rows: Sequence[str], cols: int) -> list[_Reading]:
    """The rows as wrapped by the terminal; and, where they differ, as wrapped by a program inside a frame."""
    plain, framed, differs = _Reading(), _Reading(), False
    for i, row in enumerate(rows):
        is_full = text_width(row) >= cols - 1
        plain.add(i, 0, row, is_full)
        body = row.rstrip(_BORDER)
        content = body.lstrip(_PROMPT)
        is_open = bool(content) and text_width(body) >= cols - _NEAR_EDGE
        framed.add(i, len(body) - len(content), content, is_open)
        differs = differs or is_open
    return [plain.end(), framed.end()] if differs else [plain.end()]
