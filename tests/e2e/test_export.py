"""`steer export` and what `steer replay` takes, as processes; pages in a real browser where there is one."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard

from steer.record import cast
from tests.e2e.place import Done, Place

TOKEN = "ghp_0123456789abcdefABCDEF0123456789abcd"
TRANSCRIPTS = Path(__file__).parents[1] / "fixtures" / "transcripts"
CHROMIUM = next(
    (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "shop").mkdir()
    return Place(tmp_path)


def recording(*words: str) -> bytes:
    encoder = cast.Encoder()
    lines = [encoder.output(i + 1.0, word.encode()) for i, word in enumerate(words)]
    return b"".join([cast.header(60, 8, 1_700_000_000, title="a session"), *lines])


def leaky(place: Place) -> Path:
    path = place.repo / "leaky.cast"
    path.write_bytes(recording("hello\r\n", f"key {TOKEN[:9]}\x1b[1m", f"{TOKEN[9:]}\x1b[0m\r\n", "bye\r\n"))
    return path


def refused(done: Done, *words: str) -> None:
    assert done.status in (2, 4) and done.err.startswith("steer: ") and len(done.err.splitlines()) <= 2, done
    assert all(word in done.err for word in words), done.err


@pytest.mark.parametrize("format", ["v2", "v3", "txt", "svg", "html"])
def test_no_export_holds_the_secret(place: Place, format: str) -> None:
    source = leaky(place)
    before = source.read_bytes()
    done = place.run("export", "leaky.cast", "-o", f"out.{format}", "--format", format)
    assert (done.status, done.out) == (0, "")
    assert "1 secret hidden: 1 access key (first at 0:03)" in done.err
    data = (place.repo / f"out.{format}").read_bytes()
    assert b"hello" in data and b"bye" in data
    assert TOKEN[4:12].encode() not in data and TOKEN[-8:].encode() not in data
    assert source.read_bytes() == before


def test_unredacted_is_what_was_recorded(place: Place) -> None:
    source = leaky(place)
    done = place.run("export", "leaky.cast", "-o", "-", "--no-redact")
    assert (done.status, done.err) == (0, "") and done.raw == source.read_bytes()


def test_a_part_of_it_to_stdout(place: Place) -> None:
    leaky(place)
    done = place.run(
        "export", "leaky.cast", "-o", "-", "--format", "v2", "--from", "2", "--to", "4", "--speed", "2"
    )
    events = [json.loads(line) for line in done.out.splitlines()[1:]]
    assert done.status == 0 and events[0][0] == 0 and events[-1][0] == 1.0 and "hello" in events[0][2]
    still = place.run("export", "leaky.cast", "-o", "-", "--format", "svg", "--at", "1").out
    assert "hello" in still and "bye" not in still


def test_an_export_is_never_written_over(place: Place) -> None:
    leaky(place)
    for _ in range(2):
        done = place.run("export", "leaky.cast", "-o", "a.txt")
    refused(done, "is there already", "--force")
    assert place.run("export", "leaky.cast", "-o", "a.txt", "--force").status == 0
    assert sorted(p.name for p in place.repo.iterdir() if p.name.startswith((".a", "a"))) == ["a.txt"]
    refused(place.run("export", "leaky.cast"), "leaky.cast is there already")  # its own name


def test_what_cannot_be_done_is_one_sentence(place: Place) -> None:
    leaky(place)
    (place.repo / "empty").write_bytes(b"")
    refused(place.run("export", "nothing-here"), "no file and no session")
    refused(place.run("export", "leaky.cast", "-o", "a.mp4"), "does not say")
    refused(place.run("export", "leaky.cast", "-o", "missing/a.txt"), "cannot write in")
    refused(place.run("export", "leaky.cast", "-o", "a.txt", "--from", "5", "--to", "1"), "--to is before")
    refused(place.run("export", "leaky.cast", "-o", "a.txt", "--at", "noon"), "no time")
    refused(place.run("export", "empty", "-o", "a.txt"), "holds nothing")
    refused(place.run("replay", "-", "-", "--info"), "only once")
    without_agg = {k: v for k, v in os.environ.items() if k != "PATH"} | {"PATH": str(place.root)}
    refused(place.run("export", "leaky.cast", "-o", "a.gif", env=without_agg), "agg")
    assert not (place.repo / "a.txt").exists() and not (place.repo / "a.gif").exists()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_recording_from_standard_input(place: Place, pack: Callable[[bytes], bytes]) -> None:
    done = place.run("replay", "-", "--text", input=pack(recording("one ", "two")))
    assert (done.status, done.out) == (0, "one two\n")
    done = place.run("export", "-", "-o", "-", "--format", "txt", input=pack(recording("one ", "two")))
    assert done.out == "one two\n"


@pytest.mark.parametrize("name", ["claude-loop", "codex-loop"])
def test_a_transcript_replays_and_exports(place: Place, name: str) -> None:
    shutil.copy(TRANSCRIPTS / f"{name}.jsonl", place.repo / "t.jsonl")
    facts = json.loads(place.run("replay", "t.jsonl", "--json").out)["recordings"][0]
    assert facts["transcript"] == name.split("-")[0] and facts["problems"] == []
    assert {"intervention", "flag", "note"} <= {m["kind"] for m in facts["markers"]}
    assert "failed" in place.run("export", "t.jsonl", "-o", "-", "--format", "txt").out


# -- from the network ------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    asked = 0


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.asked += 1
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(recording("from afar"))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched_unasked(place: Place, server: _Server) -> None:
    address = f"http://127.0.0.1:{server.server_port}"
    refused(place.run("replay", f"{address}/a.cast", "--text"), "--download")
    assert server.asked == 0
    done = place.run("replay", "--download", f"{address}/a.cast", "--text")
    assert (done.status, done.out) == (0, "from afar\n")
    refused(place.run("replay", "--download", f"{address}/missing", "--text"), "Not Found")
    refused(place.run("replay", "--download", "http://127.0.0.1:1/x", "--text"), "refused")


# -- damage ----------------------------------------------------------------------------------------------


def test_damaged_files_export_what_is_whole_or_say_why(place: Place) -> None:
    whole = recording("one\r\n", "two\r\n", "three\r\n")
    packed = gzip.compress(whole)
    cases = [whole[: len(whole) // 2], packed[: len(packed) // 2], zstandard.compress(whole)[:-3],
             packed[:3] + b"xxxxx",
             whole.replace(b"0.0", b"1e9"), whole.decode().encode("utf-16"), b"[" * 100_000]  # fmt: skip
    for i, case in enumerate(cases):
        (place.repo / f"{i}.bin").write_bytes(case)
        done = place.run("export", f"{i}.bin", "-o", "-", "--format", "txt")
        assert "Traceback" not in done.err and done.status in (0, 2), (i, done)
        if done.status:
            refused(done, "holds nothing")
        else:
            assert done.err.count("\n") <= 6, done.err


# -- in a browser ----------------------------------------------------------------------------------------


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_page_plays_in_a_browser_and_asks_nobody(place: Place) -> None:
    breaks_out = (
        "</script><script>document.body.id='broken'</script><img src=x onerror=document.body.id='broken'>"
    )
    (place.repo / "a.cast").write_bytes(recording(f"played {breaks_out}", "\r\n", "later"))
    assert place.run("export", "a.cast", "-o", "a.html").status == 0
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--disable-gpu", "--no-sandbox", "--virtual-time-budget=4000",
               f"--user-data-dir={place.root}/browser", "--enable-logging=stderr", "--dump-dom",
               (place.repo / "a.html").as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    dom = done.stdout
    assert "played" in dom.partition("<script")[0] and 'id="broken"' not in dom, done.stderr[-2000:]
    assert "CONSOLE" not in done.stderr, done.stderr  # no error, no refused request
