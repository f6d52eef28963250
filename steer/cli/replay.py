"""`steer replay`: recordings on the timeline screen, or their text and facts for scripts."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steer.cli.option import add_json
from steer.cli.output import emit, say
from steer.errors import UserError

if TYPE_CHECKING:
    from steer.model.port import FleetPort
    from steer.runtime.recording_file import RecordingFile
    from steer.ui.replay.opening import Source


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "replay",
        help="watch recordings: play, seek, search; also those of other programs",
        description="Play recordings on one timeline: asciicast v1 to v3, also packed with gzip or zstd; agents' "
        "transcripts; sessions by name; - for standard input. Several are aligned by the time of day.",
    )
    p.add_argument("recording", nargs="*", metavar="FILE|SESSION")
    p.add_argument("--fleet", action="store_true", help="all sessions of this repository")
    p.add_argument("--at", metavar="TIME", help="go to 90, 1:30 or 1:02:03 and stay there")
    p.add_argument("--speed", type=float, default=1.0, help="0.25 to 64 (default 1)")
    p.add_argument(
        "--text", action="store_true", help="print the last screen (or the one at --at) as plain text"
    )
    p.add_argument("--info", action="store_true", help="print length, size, markers and problems")
    p.add_argument("--download", action="store_true", help="allow http:// and https:// addresses")
    p.add_argument(
        "--rules", type=Path, metavar="FILE", help="flag with these rules (TOML) instead of as recorded"
    )
    p.add_argument("--flags", choices=("recorded", "found"), default="", help="whose flags: those that were recorded "
                   "(default where there are any), or what the detectors find now")  # fmt: skip
    add_json(p)
    p.set_defaults(run=_replay)


def _replay(args: argparse.Namespace) -> int:
    from steer.cli.intake import STDIN, fleet, opened, take_terminal
    from steer.cli.launcher import need_terminal
    from steer.detect.rules import default_rules, read_rules

    at = parse_time(args.at)
    if args.recording.count(STDIN) > 1:
        raise UserError("standard input can be read only once")
    names = [*args.recording, *(fleet() if args.fleet else [])]
    if not names:
        raise UserError("name a recording or a session", "or --fleet for all sessions of this repository")
    rules = read_rules(args.rules, default_rules()) if args.rules else None
    with ExitStack() as stack:
        sources = [stack.enter_context(opened(name, may_download=args.download)) for name in names]
        if args.text or args.info or args.json:
            return _print(args, sources, at)
        if STDIN in args.recording:
            take_terminal()
        need_terminal("a replay", "--text and --info need none")
        replaces_flags = args.flags == "found" or (rules is not None and args.flags != "recorded")
        return open_screen(sources, at, args.speed, rules=rules, replaces_flags=replaces_flags)


def parse_time(text: str | None) -> float | None:
    """Seconds; None for none. Raises `UserError`."""
    from steer.replay.clock import parse_clock

    if text is None:
        return None
    at = parse_clock(text)
    if at is None:
        raise UserError(f"{text!r} is no time", "write it as 90, 1:30 or 1:02:03")
    return at


def open_screen(
    sources: list[Source], at: float | None, speed: float, align_by: str = "clock", **how: Any
) -> int:
    """The replay screen in a guarded child; its exit status. `align_by`: clock or start; `how`: for `open_replay`.

    Raises `UserError` for what cannot be opened.
    """
    from steer.cli.launcher import run_guarded
    from steer.replay.playhead import SPEEDS
    from steer.runtime.recording_file import RecordingFile

    for source in sources:
        RecordingFile(source.path).close()  # before the screen is taken: its errors are sentences
    speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
    return run_guarded(lambda: _run_ui(sources, at, speed, align_by, how))


def _run_ui(sources: list[Source], at: float | None, speed: float, align_by: str, how: dict[str, Any]) -> int:
    from steer.cli.main import report_any
    from steer.cli.ui_config import ui_config
    from steer.replay.alignment import AlignBy
    from steer.ui.app import run_app
    from steer.ui.replay.opening import open_replay
    from steer.ui.replay.screen import ReplayScreen

    def run() -> int:
        state = open_replay(sources, at=at, speed=speed, is_playing=at is None, **how)
        state.align_by = AlignBy(align_by)
        return run_app(_fleet(sources), ui_config(None), ReplayScreen(state))

    return report_any(run)


def _fleet(sources: list[Source]) -> FleetPort:
    """The sessions' fleet, where its supervisor runs: a fork from a moment is its work. Starts nothing."""
    from steer.config.repository import find_common_dir
    from steer.runtime.supervise import paths_for
    from steer.ui.replay.no_fleet import NoFleet

    common = find_common_dir(Path.cwd()) if any(source.session for source in sources) else None
    if common is None or not paths_for(common).socket.exists():
        return NoFleet()
    from steer.runtime.client import FleetClient
    from steer.runtime.supervise import ensure_supervisor

    return FleetClient(lambda: ensure_supervisor(common))


def _print(args: argparse.Namespace, sources: list[Source], at: float | None) -> int:
    from steer.runtime.recording_file import RecordingFile

    found: list[dict[str, Any]] = []
    for source in sources:
        recording = RecordingFile(source.path, is_growing=source.is_live, has_keyframes=False)
        recording.load()
        facts = _facts(source, recording)
        if args.text:
            facts["text"] = _screen(recording, at)
        found.append(facts)
        recording.close()
    return emit(args, {"recordings": found}, lambda: _show(found, has_facts=args.info, has_text=args.text))


def _facts(source: Source, recording: RecordingFile) -> dict[str, Any]:
    header, timeline = recording.index.header, recording.index.timeline
    return {
        "name": source.name,
        "path": str(source.path),
        "file_bytes": recording.size_bytes,
        "transcript": recording.transcript,
        "version": header.version if header else 0,
        "cols": header.cols if header else 0,
        "rows": header.rows if header else 0,
        "began_at": header.timestamp if header else 0.0,
        "duration_s": round(timeline.duration, 6),
        "events": timeline.events,
        "output_bytes": timeline.output_bytes,
        "resizes": timeline.resizes,
        "markers": [{"at": m.at, "kind": m.kind.value, "label": m.label} for m in timeline.marks],
        "ended": timeline.exit.label if timeline.exit else "",
        "unchanged": not recording.verdict.changed if recording.verdict.is_known else None,
        "problems": recording.problems,
    }


def _screen(recording: RecordingFile, at: float | None) -> list[str]:
    """The screen at a moment (default: the last) as plain lines, blank ones at the end left out."""
    from steer.replay.player import Player

    player = Player(recording.index, recording.read)
    player.seek(recording.index.timeline.duration if at is None else at)
    player.work()
    emulator = player.emulator
    lines = emulator.lines()[emulator.history :] if emulator else []
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _show(found: list[dict[str, Any]], *, has_facts: bool, has_text: bool) -> None:
    for facts in found:
        if has_facts or not has_text:
            _show_facts(facts)
        for line in facts.get("text", []):
            say(line)


def _show_facts(facts: dict[str, Any]) -> None:
    from steer.replay.clock import clock

    size = f"{facts['cols']}×{facts['rows']}"
    format = f"{facts['transcript']} transcript" if facts["transcript"] else f"asciicast v{facts['version']}"
    say(f"{facts['name']}: {format}, {size}, {clock(facts['duration_s'], tenths=True)}")
    say(
        f"  {facts['events']} events, {facts['output_bytes']} bytes of output, {facts['file_bytes']} in the file"
    )
    for mark in facts["markers"]:
        say(f"  {clock(mark['at'], tenths=True):>9}  {mark['kind']:<12}  {mark['label']}")
    if facts["unchanged"]:
        say("  unchanged since it was recorded")
    for problem in facts["problems"]:
        say(f"  problem: {problem}")
