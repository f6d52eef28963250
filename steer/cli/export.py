"""`steer export`: a recording as a file for others, without its secrets."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steer.errors import UserError

if TYPE_CHECKING:
    from steer.export.conceal import Secrets
    from steer.export.job import Format, Job
    from steer.export.svg import Palette
    from steer.runtime.recording_file import RecordingFile

FORMATS = ("v2", "v3", "txt", "svg", "gif", "html")


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "export",
        help="a recording as asciicast, text, picture, GIF or web page, its secrets hidden",
        description="Write a recording or a session as asciicast v2 or v3, plain text, an SVG still, an animated GIF "
        "(with agg) or one HTML page that plays anywhere. What looks like a secret is hidden on the screens, typed "
        "keys are left out, and what was hidden is told on stderr. The recording itself stays as it is.",
    )
    p.add_argument("recording", metavar="FILE|SESSION", help="as for `steer replay`")
    p.add_argument(
        "-o", "--output", metavar="OUT", help="the file (default: beside you, by name); - is stdout"
    )
    p.add_argument("--format", choices=FORMATS, help="default: by the end of OUT's name, else v3")
    p.add_argument("--at", metavar="TIME", help="the moment of a still (default: the end)")
    p.add_argument("--from", dest="start", metavar="TIME", help="begin there")
    p.add_argument("--to", dest="end", metavar="TIME", help="end there")
    p.add_argument("--speed", type=float, default=1.0, help="0.1 to 100 times as fast (default 1)")
    p.add_argument(
        "--no-redact", action="store_true", help="hide nothing, keep every byte and what was typed"
    )
    p.add_argument("--download", action="store_true", help="allow an http:// or https:// address")
    p.add_argument("--force", action="store_true", help="replace OUT")
    p.set_defaults(run=_export)


def _export(args: argparse.Namespace) -> int:
    from steer.cli.intake import opened
    from steer.export.destination import check_free, write_whole

    with opened(args.recording, may_download=args.download) as source:
        target = _target(args, source.name)
        format = _format(args, target)
        if target is not None:
            check_free(target, may_replace=args.force)
        elif not format.is_text and sys.stdout.isatty():
            raise UserError(f"a {format.value} is no text for a terminal", "name a file with -o")
        job = _job(args, format)
        with closing(_loaded(source.path, source.is_live)) as recording:
            pieces = _pieces(job, recording)
            if target is None:
                for piece in pieces:
                    sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            else:
                size = write_whole(target, pieces, may_replace=args.force)
                _tell(f"{target}: {format.value}, {size} bytes")
            for problem in recording.problems:
                _tell(f"problem: {problem}")
        if job.secrets is not None:
            _tell_secrets(job.secrets)
    return 0


def _target(args: argparse.Namespace, name: str) -> Path | None:
    """None: stdout."""
    if args.output == "-":
        return None
    if args.output:
        return Path(args.output)
    suffix = {"v2": "cast", "v3": "cast", None: "cast"}.get(args.format, args.format)
    stem = name.split(".")[0].replace("/", "-") or "recording"
    return Path(f"{stem}.{suffix}")


def _format(args: argparse.Namespace, target: Path | None) -> Format:
    from steer.export.job import Format, format_of

    if args.format:
        return Format(args.format)
    return format_of(target) if target is not None and args.output else Format.V3


def _job(args: argparse.Namespace, format: Format) -> Job:
    from steer.cli.replay import parse_time
    from steer.export.conceal import Secrets
    from steer.export.job import Job
    from steer.redact import find

    if not 0.1 <= args.speed <= 100:
        raise UserError("the speed is from 0.1 to 100")
    start, end, at = (parse_time(text) for text in (args.start, args.end, args.at))
    if start is not None and end is not None and end < start:
        raise UserError("--to is before --from")
    return Job(
        format,
        palette=_palette(),
        secrets=None if args.no_redact else Secrets(find),
        start=start or 0.0,
        end=math.inf if end is None else end,
        at=math.inf if at is None else at,
        speed=args.speed,
    )


def _palette() -> Palette:
    """The user's theme."""
    from dataclasses import replace

    from steer.config.load import load
    from steer.export.svg import PLAIN
    from steer.ui.theme_folder import load_themes, pick_theme, shipped_folder, user_folder

    themes, _ = load_themes((shipped_folder(), user_folder()))
    theme = pick_theme(load(None).config.ui.theme, themes)
    return replace(
        PLAIN,
        foreground=theme.pane_foreground or theme.colours["text.normal"],
        background=theme.pane_background or theme.colours["surface.background"],
        ansi=theme.ansi or PLAIN.ansi,
    )


def _loaded(path: Path, is_live: bool) -> RecordingFile:
    """Raises `UserError` where there is nothing to export."""
    from steer.runtime.recording_file import RecordingFile

    recording = RecordingFile(path, is_growing=is_live, has_keyframes=False)
    recording.load()
    if not recording.index.timeline.events:
        problems = recording.problems
        recording.close()
        raise UserError(f"{path.name} holds nothing to export", "; ".join(problems))
    return recording


def _pieces(job: Job, recording: RecordingFile) -> Iterator[bytes]:
    from steer.replay.player import events_from

    header = recording.index.header
    assert header is not None, "a recording with events has a header"
    return job.run(header, lambda: events_from(recording.index, recording.read, None))


def _tell_secrets(secrets: Secrets) -> None:
    from steer.export.conceal import summary
    from steer.replay.clock import clock

    _tell(summary(secrets.found(), clock))


def _tell(text: str) -> None:
    from steer.term.visible import visible

    print(visible(text, 2000), file=sys.stderr)
