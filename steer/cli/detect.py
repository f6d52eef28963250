"""`steer detect`: the flags that recordings, transcripts and steps files would have raised, in order."""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from steer.cli.option import add_json
from steer.cli.output import say
from steer.errors import SteerError, UserError

if TYPE_CHECKING:
    from steer.detect.finding import Finding
    from steer.detect.rules import Rules
    from steer.detect.source import Source

_CHUNK = 1 << 20
_GZIP = 31  # zlib's number for a gzip stream
MAX_BYTES = 2 << 30  # of one file, unpacked: a bomb ends here


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "detect",
        help="the flags a recording or transcript would have raised",
        description="Run the detectors over recordings (asciicast), transcripts of agents and steps files; also "
        "gzipped, told apart by content. Prints what would have been flagged, when, and why.",
    )
    p.add_argument("file", nargs="+", metavar="FILE", type=Path)
    p.add_argument("--task", default="", help="what the agent was asked to do")
    p.add_argument(
        "--scope", nargs="+", default=[], metavar="GLOB", help="paths it should have stayed inside"
    )
    p.add_argument("--rules", type=Path, metavar="FILE", help="thresholds and rules to try (TOML)")
    add_json(p)
    p.set_defaults(run=_detect)


def _detect(args: argparse.Namespace) -> int:
    from steer.detect.rules import default_rules, read_rules

    rules = read_rules(args.rules, default_rules()) if args.rules else default_rules()
    failed = 0
    for path in args.file:
        try:
            _one(args, path, rules)
        except SteerError as e:
            failed += 1
            _problem(args, path, 0, e.message)
    return 1 if failed else 0


def _one(args: argparse.Namespace, path: Path, rules: Rules) -> None:
    from steer.detect.pipeline import Pipeline
    from steer.detect.source import Source

    source = Source(Pipeline(args.task, tuple(args.scope), rules))
    count = 0
    damage: UserError | None = None
    try:
        for chunk in _chunks(path):
            for finding in source.feed(chunk):
                count += _show(args, path, source, finding)
    except UserError as e:
        if not source.has_begun:
            raise
        damage = e
    for finding in source.finish():
        count += _show(args, path, source, finding)
    for note in source.notes():
        _problem(args, path, note.line, note.text)
    if damage:
        raise damage
    if not count and not args.json:
        say(f"{path}: nothing to flag ({source.format})")


def _chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked. Raises `UserError`, after everything that could be read."""
    seen = 0
    try:
        with path.open("rb") as file:
            for chunk in _unpacked(file):
                yield chunk
                seen += len(chunk)
                if seen > MAX_BYTES:
                    raise UserError(f"it is larger than {MAX_BYTES >> 30} GiB unpacked; the rest is left out")
    except (EOFError, zlib.error) as e:
        raise UserError(f"the packed file is damaged after {seen} bytes; what came before was read") from e
    except OSError as e:
        raise UserError(f"it cannot be read: {e.strerror or e}") from e
    if not seen:
        raise UserError("it is empty")


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """Piece by piece, so that what stands before damage is given first."""
    data = file.read(_CHUNK)
    if data[:2] != b"\x1f\x8b":
        while data:
            yield data
            data = file.read(_CHUNK)
        return
    member = zlib.decompressobj(wbits=_GZIP)
    while data := data or file.read(_CHUNK):
        if member.eof:
            member = zlib.decompressobj(wbits=_GZIP)
        if chunk := member.decompress(data, _CHUNK):
            yield chunk
        data = member.unconsumed_tail or member.unused_data.lstrip(b"\0")  # members may be padded with zeros
    while chunk := member.flush():
        yield chunk
    if not member.eof:
        raise EOFError


def _show(args: argparse.Namespace, path: Path, source: Source, finding: Finding) -> int:
    """Print one finding; 1 where it was one, 0 where it only says that trouble is over."""
    if finding.is_over:
        return 0
    at = source.seconds(finding.at)
    if args.json:
        print(json.dumps(_as_json(path, at, finding)))
        return 1
    minutes, seconds = divmod(int(at), 60)
    what = f"{finding.level.value} {finding.kind.value}: {finding.title}"
    say(f"{path}: step {finding.step} ({minutes}:{seconds:02}) {what}")
    for line in finding.evidence:
        say(f"    {line}")
    return 1


def _as_json(path: Path, at: float, finding: Finding) -> dict[str, Any]:
    return {
        "file": str(path),
        "kind": finding.kind.value,
        "severity": finding.level.value,
        "step": finding.step,
        "at": round(at, 3),
        "onset_step": finding.onset_step,
        "evidence": list(finding.evidence),
        "proposed": finding.propose,
        "rule": finding.rule,
        "title": finding.title,
    }


def _problem(args: argparse.Namespace, path: Path, line: int, text: str) -> None:
    import sys

    from steer.term.visible import visible

    where = f"{path}:{line}" if line else str(path)
    print(visible(f"{where}: {text}", 2000), file=sys.stderr)
