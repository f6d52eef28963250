"""An animated GIF, drawn by agg (https://docs.asciinema.org/manual/agg/) where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from steer.errors import EnvironmentFault
from steer.export.cast_file import v2
from steer.export.svg import Palette
from steer.record.reader import Event, Header

TIMEOUT_S = 1800
_PIECE = 1 << 20


def gif(header: Header, events: Iterable[Event], palette: Palette) -> Iterator[bytes]:
    """Raises `EnvironmentFault` where agg is missing or fails."""
    program = find_agg()
    with tempfile.TemporaryDirectory(prefix="steer-gif-") as folder:
        source, target = Path(folder, "recording.cast"), Path(folder, "recording.gif")
        with source.open("wb") as file:
            file.writelines(v2(header, events))
        _run([program, "--theme", _theme(palette), str(source), str(target)])
        with target.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def find_agg() -> str:
    """Where agg is. Raises `EnvironmentFault` where it is not."""
    program = shutil.which("agg")
    if program is None:
        raise EnvironmentFault(
            "an animated GIF is drawn by agg, which is not installed",
            "https://docs.asciinema.org/manual/agg/ has it; --format html plays everywhere without it",
        )
    return program


def _theme(palette: Palette) -> str:
    """agg's own form: background, foreground and the sixteen, without the number signs."""
    return ",".join(c.removeprefix("#") for c in (palette.background, palette.foreground, *palette.ansi))


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentFault(
            f"agg took longer than {TIMEOUT_S // 60} minutes", "cut with --from and --to"
        ) from None
    except OSError as e:
        raise EnvironmentFault(f"agg cannot be run: {e.strerror}") from e
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EnvironmentFault(f"agg failed: {words[-1] if words else f'status {done.returncode}'}")
