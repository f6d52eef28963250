"""What is written: asciicast, text, SVG, the page; and where."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from steer.errors import EnvironmentFault, UserError
from steer.export.cast_file import v2, v3
from steer.export.destination import write_whole
from steer.export.job import Format, Job, format_of
from steer.export.page import page
from steer.export.range import part
from steer.export.svg import PLAIN, svg
from steer.export.text import text
from steer.record.reader import Event, Header, Kind, Reader
from steer.replay.index import perform
from steer.replay.keyframe import blank

HEADER = Header(cols=20, rows=4, timestamp=1_700_000_000, title="a <b>", env={"SHELL": "/bin/sh", "KEY": "x"})


def out(at: float, words: str) -> Event:
    return Event(at, Kind.OUTPUT, words.encode())


EVENTS = [
    out(0.5, "one\r\n"),
    Event(1.0, Kind.MARKER, text="flag: two"),
    Event(1.5, Kind.INPUT, b"q"),
    Event(2.0, Kind.RESIZE, cols=30, rows=5),
    out(2.5, "\x1b[1;31mbold\x1b[0m 日本\r\n"),
    Event(3.0, Kind.EXIT, status=3),
]


@pytest.mark.parametrize("write", [v2, v3])
def test_a_recording_written_reads_the_same(write: object) -> None:
    assert callable(write)
    reader = Reader()
    data = b"".join(write(HEADER, EVENTS))
    events = reader.feed(data) + reader.finish()
    assert reader.problems == [] and reader.header is not None
    assert (reader.header.cols, reader.header.title, reader.header.env) == (20, "a <b>", {"SHELL": "/bin/sh"})
    assert events == (EVENTS if write is v3 else EVENTS[:-1])


def test_version_2_is_what_its_specification_says() -> None:
    lines = [json.loads(line) for line in b"".join(v2(HEADER, EVENTS)).splitlines()]
    assert lines[0]["version"] == 2 and (lines[0]["width"], lines[0]["height"]) == (20, 4)
    assert [line[1] for line in lines[1:]] == ["o", "m", "i", "r", "o"]
    assert lines[4] == [2.0, "r", "30x5"]


def test_version_2_joins_characters_cut_in_two() -> None:
    data = "日".encode()
    events = [
        Event(0.0, Kind.OUTPUT, data[:1]),
        Event(1.0, Kind.OUTPUT, data[1:]),
        Event(2.0, Kind.OUTPUT, b"\xe6"),
    ]
    lines = [json.loads(line) for line in b"".join(v2(Header(), events)).splitlines()]
    assert lines[1:] == [[1.0, "o", "日"], [2.0, "o", "\ufffd"]]


def test_a_part_begins_with_what_was_there() -> None:
    header, events = part(HEADER, EVENTS, 2.2, 2.8, speed=2.0)
    found = list(events)
    assert (header.cols, header.rows) == (30, 5) and [e.at for e in found] == pytest.approx([0.0, 0.15])
    emulator = blank(header)
    perform(emulator, found)
    assert emulator.screen()[:2] == ["one", "bold 日本"]


def test_text_has_every_line_once() -> None:
    events = [out(i * 0.1, f"line {i}\r\n") for i in range(50)]
    events += [out(6.0, "\x1b[?1049hfull screen"), out(7.0, "\x1b[?1049lback\x07")]
    lines = b"".join(text(HEADER, events)).decode().splitlines()
    assert lines == [
        *(f"line {i}" for i in range(47)),
        "full screen",
        *(f"line {i}" for i in range(47, 50)),
        "back",
    ]


def test_a_still_is_xml_with_its_words_and_colours() -> None:
    hostile = out(4.0, '<&>"]]>\x1b[48;5;196m\x1b[4mx\x1b[0m\uffff\x1b[3mtail')
    root = ET.fromstring(b"".join(svg(HEADER, [*EVENTS, hostile], PLAIN)))
    texts = {e.text: e.attrib for e in root.iter() if e.tag.endswith("}text")}
    assert texts["bold"]["fill"] == PLAIN.ansi[1] and texts["bold"]["font-weight"] == "bold"
    assert texts["日"]["textLength"] == texts["本"]["textLength"] == "16.86"
    assert '<&>"]]>' in texts and texts["x"]["text-decoration"] == "underline"
    assert "#ff0000" in {e.get("fill") for e in root.iter()}


def test_a_page_holds_no_markup_of_the_recording() -> None:
    hostile = "</script><script>alert(1)</script><!--"
    data = b"".join(
        page(Header(title=hostile), [out(0.0, hostile), Event(1.0, Kind.MARKER, text=hostile)], PLAIN)
    )
    assert data.count(b"<script") == 3 and data.count(b"</script") == 3 and b"<!--" not in data
    assert b"default-src 'none'" in data


def test_the_format_follows_from_the_name() -> None:
    assert [format_of(Path(n)).value for n in ("a.cast", "a.TXT", "b.html")] == ["v3", "txt", "html"]
    with pytest.raises(UserError, match="does not say"):
        format_of(Path("a.mp4"))


def test_a_gif_needs_agg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="agg"):
        Job(Format.GIF).run(HEADER, lambda: EVENTS)
    agg = tmp_path / "agg"
    agg.write_text('#!/bin/sh\nread -r line < "$3"\nprintf "GIF89a %s %s" "$2" "$line" > "$4"\n')
    agg.chmod(0o700)
    data = b"".join(Job(Format.GIF).run(HEADER, lambda: EVENTS)).decode()
    assert data.startswith("GIF89a 14161b,d7dae0,000000") and '"version": 2' in data
    agg.write_text("#!/bin/sh\necho first >&2; echo it broke >&2; exit 3\n")
    with pytest.raises(EnvironmentFault, match="it broke"):
        list(Job(Format.GIF).run(HEADER, lambda: EVENTS))


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def broken() -> object:
        yield b"half"
        raise EnvironmentFault("no more")

    with pytest.raises(EnvironmentFault, match="no more"):
        write_whole(target, broken(), may_replace=False)  # type: ignore[arg-type]  # a generator
    assert list(tmp_path.iterdir()) == []
    assert write_whole(target, [b"a", b"bc"], may_replace=False) == 3
    with pytest.raises(UserError, match="already"):
        write_whole(target, [b"new"], may_replace=False)
    assert target.read_bytes() == b"abc" and target.stat().st_mode & 0o777 == 0o600
    write_whole(target, [b"new"], may_replace=True)
    assert target.read_bytes() == b"new" and list(tmp_path.iterdir()) == [target]


def test_nothing_is_written_over_what_came_meanwhile(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def slow() -> object:
        target.write_text("somebody else's")
        yield b"mine"

    with pytest.raises(UserError, match="already"):
        write_whole(target, slow(), may_replace=False)  # type: ignore[arg-type]  # a generator
    assert target.read_text() == "somebody else's" and list(tmp_path.iterdir()) == [target]
