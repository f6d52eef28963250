"""One export: a recording in, the bytes of a file out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePath

from steer.errors import UserError
from steer.export import cast_file, gif, page, svg, text
from steer.export.conceal import Secrets
from steer.export.range import part
from steer.export.redraw import Read, learn, redrawn
from steer.record.reader import Event, Header


class Format(StrEnum):
    V2 = "v2"
    V3 = "v3"
    TXT = "txt"
    SVG = "svg"
    GIF = "gif"
    HTML = "html"

    @property
    def is_text(self) -> bool:
        return self is not Format.GIF


_SUFFIXES = {
    ".cast": Format.V3,
    ".json": Format.V2,
    ".txt": Format.TXT,
    ".svg": Format.SVG,
    ".gif": Format.GIF,
    ".html": Format.HTML,
    ".htm": Format.HTML,
}


def format_of(path: PurePath) -> Format:
    """By the name's end. Raises `UserError` where it says nothing."""
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        known = ", ".join(_SUFFIXES)
        raise UserError(f"{path.name!r} does not say which format is wanted", f"--format, or one of {known}")
    return found


@dataclass(frozen=True, slots=True)
class Job:
    """`start`, `end`: seconds of the recording; `at`: the moment of a still. `secrets` None: nothing is hidden."""

    format: Format
    palette: svg.Palette = svg.PLAIN
    secrets: Secrets | None = None
    start: float = 0.0
    end: float = math.inf
    at: float = math.inf
    speed: float = 1.0

    def run(self, header: Header, read: Read) -> Iterator[bytes]:
        """The file's bytes. `read` gives the recording's events from the beginning and is called once or twice."""
        if self.format is Format.GIF:
            gif.find_agg()
        events: Iterable[Event] = read()
        if self.secrets is not None:
            learn(header, read, self.secrets)
            events = redrawn(header, events, self.secrets)
            header = replace(header, title=self.secrets.cover_text(header.title))
        end = min(self.end, self.at) if self.format is Format.SVG else self.end
        header, events = part(header, events, min(self.start, end), end, self.speed)
        return self._written(header, events)

    def _written(self, header: Header, events: Iterable[Event]) -> Iterator[bytes]:
        match self.format:
            case Format.V2:
                return cast_file.v2(header, events)
            case Format.V3:
                return cast_file.v3(header, events)
            case Format.TXT:
                return text.text(header, events)
            case Format.SVG:
                return svg.svg(header, events, self.palette)
            case Format.GIF:
                return gif.gif(header, events, self.palette)
            case Format.HTML:
                return page.page(header, events, self.palette)
