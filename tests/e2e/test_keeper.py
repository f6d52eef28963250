"""A keeper with real programs on real ptys: what it records, types, tells and survives."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steer.errors import AgentError, EnvironmentFault, SteerError
from steer.record.reader import Kind
from steer.runtime.keeper_client import KeeperClient
from steer.runtime.keeper_launch import launch
from tests.e2e.stage import DEADLINE_S, READY, Stage, is_alive, output_of, python, read_recording

BYTES = bytes(range(256)) * 40 + "héllo wörld € 😀 ".encode() * 200 + b"\xe2\x82" + bytes(range(255, -1, -1))

WRITE_BYTES = f"""
ready()
data = {BYTES!r}
sys.stdin.buffer.raw.read(1)
i = 0
for size in [1] * 300 + [7, 4095, 4096, 3] * 10000:
    if i >= len(data): break
    i += os.write(1, data[i:i + size])
"""

# Waits for a line, then floods: {size} bytes that tell their position.
FLOOD = """
ready()
sys.stdin.buffer.raw.read(1)
data = b''.join(b'%07d ' % i for i in range(0, {size}, 8))
for i in range(0, len(data), 65536):
    rest = data[i:i + 65536]
    while rest: rest = rest[os.write(1, rest):]
"""


def flood_bytes(size: int) -> bytes:
    return b"".join(b"%07d " % i for i in range(0, size, 8))


class TestRecording:
    def test_every_byte_is_recorded_and_shown(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python(WRITE_BYTES))
            client = await stage.connect(session)
            await client.when()
            await client.type(b"g")
            await client.until_event("exited")
            assert client.shown == BYTES
            assert output_of(session.recording) == BYTES
            assert client.offset < session.recording.stat().st_size

        asyncio.run(story())

    @pytest.mark.parametrize(
        ("code", "status"), [("sys.exit(0)", 0), ("sys.exit(77)", 77), ("os.kill(os.getpid(), 9)", -9)]
    )
    def test_the_end_is_told_recorded_and_written_down(self, stage: Stage, code: str, status: int) -> None:
        async def story() -> None:
            session = stage.start(python(f"input()\n{code}"))
            client = await stage.connect(session)
            assert client.keeper.hello["exit"] is None
            await client.type(b"\n")
            assert (await client.until_event("exited"))["status"] == status
            events, problems = read_recording(session.recording)
            assert problems == [] and events[-1].kind is Kind.EXIT and events[-1].status == status
            assert json.loads((session.folder / "exit.json").read_text())["status"] == status
            late = await stage.connect(session, 0)
            assert late.keeper.hello["exit"] == status
            assert not (await late.request("status"))["alive"]

        asyncio.run(story())

    def test_the_last_output_of_a_fast_exit_is_complete(self, stage: Stage) -> None:
        async def story() -> None:
            for _ in range(5):
                session = stage.start(python("tty.setraw(1); os.write(1, b'x' * 11000); os._exit(0)"))
                client = await stage.connect(session)
                if client.keeper.hello["exit"] is None:
                    await client.until_event("exited")
                assert output_of(session.recording) == b"x" * 11000

        asyncio.run(story())

    def test_only_this_user_can_read_it_whatever_the_umask(self, stage: Stage) -> None:
        before = os.umask(0)
        try:
            session = stage.start(python("open('made', 'w').close(); input()"))
        finally:
            os.umask(before)

        async def story() -> None:
            client = await stage.connect(session)
            assert stat.S_IMODE(session.socket.stat().st_mode) == 0o600
            assert stat.S_IMODE(session.recording.stat().st_mode) == 0o600
            await client.type(b"\n")
            await client.until_event("exited")
            assert stat.S_IMODE((session.folder / "exit.json").stat().st_mode) == 0o600
            assert stat.S_IMODE((session.folder / "made").stat().st_mode) == 0o666  # the agent's is its own

        asyncio.run(story())

    def test_neither_secrets_nor_arguments_are_in_the_header(self, stage: Stage) -> None:
        session = stage.start(python("token = 'abc123'; input()"))
        text = session.recording.read_text()
        assert "hunter2" not in text and "abc123" not in text
        header = json.loads(text.splitlines()[0])
        assert header["term"] == {"cols": 80, "rows": 24, "type": "xterm-256color"}
        assert header["env"] == {"TERM": "xterm-256color"} and header["title"] == "a title"

    def test_resize_marker_and_dump(self, stage: Stage) -> None:
        code = "signal.signal(signal.SIGWINCH, lambda *a: print(*os.get_terminal_size(), flush=True))\n"

        async def story() -> None:
            session = stage.start(python(code + "print('up', flush=True)\nwhile 1: signal.pause()"))
            client = await stage.connect(session)
            await client.when(b"up")
            assert (await client.request("resize", cols=100, rows=30))["ok"]
            await client.until(lambda: b"100 30" in client.data)
            assert (await client.request("resize", cols=9999, rows=0))["cols"] == 1000
            assert (await client.request("marker", text="look"))["ok"]
            assert (await client.request("record", data_b64=base64.b64encode(b"DUMP\xff").decode()))["ok"]
            events, problems = read_recording(session.recording)
            assert problems == []
            assert [(e.cols, e.rows) for e in events if e.kind is Kind.RESIZE] == [(100, 30), (1000, 1)]
            assert [e.text for e in events if e.kind is Kind.MARKER] == ["look"]
            assert b"DUMP\xff" in output_of(session.recording) and b"DUMP" not in client.data

        asyncio.run(story())

    def test_a_full_disk_stalls_the_program_and_loses_nothing(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python(FLOOD.format(size=400_000)))
            client = await stage.connect(session)
            limits = resource.prlimit(session.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(session.pid, resource.RLIMIT_FSIZE, (100_001, limits[1]))
            await client.when()
            await client.type(b"g")
            stalled = await client.until_event("recording_stalled")
            assert "too large" in stalled["reason"].lower()
            status = await client.request("status")
            assert status["alive"] and status["stalled"] and len(client.data) < 400_000
            assert not (await client.request("marker", text="while stalled"))["ok"]
            resource.prlimit(session.pid, resource.RLIMIT_FSIZE, limits)
            await client.until_event("recording_resumed")
            await client.until_event("exited")
            assert client.shown == flood_bytes(400_000)
            assert output_of(session.recording) == flood_bytes(400_000)
            events, _ = read_recording(session.recording)
            assert any("stalled" in e.text for e in events) and any("while stalled" in e.text for e in events)

        asyncio.run(story())

    @pytest.mark.parametrize("harm", ["remove", "cut"])
    def test_a_recording_that_somebody_harmed_is_repaired(self, stage: Stage, harm: str) -> None:
        async def story() -> None:
            session = stage.start(["cat"])
            client = await stage.connect(session)
            await client.type(b"first\n")
            await client.until(lambda: client.data.count(b"first") == 2)
            if harm == "remove":
                session.recording.unlink()
            else:
                os.truncate(session.recording, session.recording.stat().st_size - 5)
            await client.type(b"second\n")
            event = await client.until_event("recording_damaged")
            assert harm in event["reason"].replace("removed", "remove")
            await client.type(b"third\n")
            await client.until(lambda: client.data.count(b"third") == 2)
            text = b"".join(e.data for e in read_recording(session.recording)[0] if e.kind is Kind.OUTPUT)
            assert text.count(b"third") == 2
            assert text.count(b"first") == 2 or harm == "cut"

        asyncio.run(story())

    def test_a_program_may_close_its_terminal_and_open_it_again(self, stage: Stage) -> None:
        code = """
name = os.ttyname(0)
for fd in (0, 1, 2): os.close(fd)
while not os.path.exists('go'): time.sleep(0.02)
fd = os.open(name, os.O_RDWR)
os.write(fd, b'back again')
os.read(fd, 1)
"""

        async def story() -> None:
            session = stage.start(python(code))
            client = await stage.connect(session)
            (session.folder / "go").touch()
            await client.until(
                lambda: b"back again" in client.data or b"back" in session.recording.read_bytes()
            )
            assert b"back again" in output_of(session.recording)

        asyncio.run(story())


class TestPolicy:
    def test_beyond_its_cap_the_recording_is_thinned_and_says_so(self, stage: Stage) -> None:
        async def story() -> None:
            size = 2_000_000
            session = stage.start(
                python(FLOOD.format(size=size) + "sys.stdin.buffer.raw.read(1)"), max_recording_bytes=300_000
            )
            client = await stage.connect(session)
            await client.when()
            await client.type(b"g")
            await client.until(lambda: len(client.shown) == size)
            assert client.shown == flood_bytes(size)
            assert (await client.until_event("thinned"))["is_over"] is False
            assert (await client.request("record", data_b64=base64.b64encode(b"SCREEN").decode()))["ok"]
            events, problems = read_recording(session.recording)
            recorded = output_of(session.recording)
            assert problems == [] and recorded.endswith(b"SCREEN") and len(recorded) < 500_000
            (gap,) = [e.text for e in events if e.kind is Kind.MARKER]
            assert gap == f"steer: {size - len(recorded) + 6} bytes of output not recorded"

        asyncio.run(story())

    def test_a_thin_rate_keeps_some_of_it(self, stage: Stage) -> None:
        async def story() -> None:
            size = 3_000_000
            session = stage.start(
                python(FLOOD.format(size=size)), max_recording_bytes=100_000, thin_bytes_per_s=300_000
            )
            client = await stage.connect(session)
            await client.when()
            await client.type(b"g")
            await client.until_event("exited")
            events, _ = read_recording(session.recording)
            missing = sum(int(e.text.split()[1]) for e in events if e.kind is Kind.MARKER)
            recorded = len(output_of(session.recording))
            assert recorded + missing == size and recorded >= 300_000

        asyncio.run(story())

    def test_a_flood_that_nobody_follows_is_slowed_down(self, stage: Stage) -> None:
        async def story() -> None:
            size = 7 << 20  # 4 MiB at once, then 2 MiB a second
            session = stage.start(python(FLOOD.format(size=size)), unattended_bytes_per_s=2 << 20)
            client = await stage.connect(session, 0)
            began = time.monotonic()
            await client.when()
            await client.type(b"g")
            await client.until_event("exited")
            assert time.monotonic() - began > 1.0
            assert output_of(session.recording) == flood_bytes(size)

        asyncio.run(story())


class TestCredit:
    def test_without_credit_nothing_is_sent_and_the_recording_has_it(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python(FLOOD.format(size=100_000) + "os.read(0, 1); os.write(1, b'live')"))
            follower = await stage.connect(session)
            idle = await stage.connect(session, 0)
            start = idle.keeper.hello["offset"]
            await idle.when()
            await idle.type(b"g")
            await follower.until(lambda: len(follower.shown) == 100_000)
            assert not idle.data and not idle.resyncs
            idle.keeper.grant(1 << 20)
            await idle.until(lambda: idle.resyncs)
            assert start < idle.resyncs[0] <= session.recording.stat().st_size
            await idle.type(b"g")
            await idle.until_event("exited")
            assert bytes(idle.data) == b"live"

        asyncio.run(story())

    def test_a_client_that_stops_granting_never_blocks_the_program(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python(FLOOD.format(size=1_000_000)))
            client = await stage.connect(session, 100_000)
            await client.when()
            await client.type(b"g")
            await client.until_event("exited")
            assert 100_000 <= len(client.data) <= 100_000 + 65_536 + 3
            assert flood_bytes(1_000_000).startswith(client.shown)
            assert output_of(session.recording) == flood_bytes(1_000_000)

        asyncio.run(story())

    def test_a_slow_follower_gets_everything_from_credit_and_recording_together(self, stage: Stage) -> None:
        async def story() -> None:
            size = 2_000_000
            session = stage.start(python(FLOOD.format(size=size)))
            client = await stage.connect(session, 0)
            pieces: list[bytes] = []
            seen = client.keeper.hello["offset"]

            def catch_up(offset: int) -> None:
                nonlocal seen
                with session.recording.open("rb") as file:
                    file.seek(seen)
                    lines = file.read(offset - seen).splitlines()
                pieces.extend(event[2].encode() for event in map(json.loads, lines) if event[1] == "o")
                seen = offset

            def output(data: bytes, offset: int) -> None:
                nonlocal seen
                pieces.append(data)
                seen = offset
                if random.random() < 0.9:
                    client.keeper.grant(len(data))

            client.keeper.on_resync = catch_up
            client.keeper.on_output = output
            client.keeper.grant(130_000)
            await client.when()
            await client.type(b"g")
            for _ in range(1000):
                if client.events:
                    break
                await client.request("status")
                client.keeper.grant(4096)
            end = await client.until_event("exited")
            catch_up(end["offset"])
            assert b"".join(pieces).removeprefix(READY) == flood_bytes(size)

        asyncio.run(story())


class TestTyping:
    def test_what_is_typed_without_echo_is_not_recorded(self, stage: Stage) -> None:
        code = """
import getpass
print('name?', input(), flush=True)
print(len(getpass.getpass('word: ')), flush=True)
print('more?', input(), flush=True)
"""

        async def story() -> None:
            session = stage.start([sys.executable, "-c", code])
            client = await stage.connect(session)
            assert await client.type(b"alice\n") == {"id": 1, "ok": True, "written": 6}
            await client.until(lambda: b"word: " in client.data)
            assert (await client.type(b"topsecret\n"))["ok"]
            await client.until(lambda: b"9\r\n" in client.data)
            assert (await client.type(b"bob\n"))["ok"]
            await client.until_event("exited")
            events, _ = read_recording(session.recording)
            assert b"".join(e.data for e in events if e.kind is Kind.INPUT) == b"alice\nbob\n"
            assert b"topsecret" not in session.recording.read_bytes()

        asyncio.run(story())

    def test_a_line_the_terminal_would_cut_is_refused_whole(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python("print(len(input()), flush=True); input()"))
            client = await stage.connect(session)
            refused = await client.type(b"x" * 4096 + b"\n")
            assert not refused["ok"] and refused["written"] == 0 and "4096 bytes" in refused["error"]
            assert (await client.type(b"y" * 4000))["ok"]
            assert not (await client.type(b"z" * 96 + b"\n"))["ok"]
            assert (await client.type(b"z" * 95 + b"\n"))["ok"]
            await client.until(lambda: b"4095\r\n" in client.data)

        asyncio.run(story())

    def test_a_program_that_does_not_read(self, stage: Stage) -> None:
        code = "ready(); signal.signal(15, lambda *a: 0); signal.pause(); "
        code += "total = 0\nwhile total < EXPECTED: total += len(os.read(0, 65536))\nprint('read', total)"

        async def story() -> None:
            session = stage.start(python(code.replace("EXPECTED", "int(open('n').read())")))
            client = await stage.connect(session)
            await client.when()
            text = b"t" * 200_000
            waiting = asyncio.create_task(client.type(text))
            await client.request("status")  # so that the text above goes first
            crowded = await client.type(b"u" * 100_000)
            assert not crowded["ok"] and "not reading" in crowded["error"]
            result = await waiting
            assert not result["ok"] and 0 < result["written"] < len(text)
            assert result["error"] == (
                f"the program is not reading: {result['written']} of 200000 bytes were typed"
            )
            (session.folder / "n").write_text(str(result["written"]))
            assert session.result
            os.kill(session.result.child_pid, signal.SIGTERM)
            await client.until(lambda: b"read %d" % result["written"] in client.data)

        asyncio.run(story())

    def test_a_long_text_arrives_whole_in_a_program_that_reads_slowly(self, stage: Stage) -> None:
        code = """
import hashlib
ready()
data = b''
while len(data) < 250000: data += os.read(0, 1000)
print(hashlib.sha256(data).hexdigest())
"""
        import hashlib

        async def story() -> None:
            session = stage.start(python(code))
            client = await stage.connect(session)
            await client.when()
            text = random.Random(1).randbytes(250_000)
            assert (await client.type(text))["written"] == 250_000
            await client.until(lambda: hashlib.sha256(text).hexdigest().encode() in client.data)

        asyncio.run(story())

    def test_after_the_end_nothing_is_typed(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(python("input()"))
            client = await stage.connect(session)
            await client.type(b"\n")
            await client.until_event("exited")
            result = await client.type(b"x")
            assert not result["ok"] and "ended" in result["error"]

        asyncio.run(story())


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


class TestClients:
    def test_killed_clients_leave_the_session_alone(self, stage: Stage) -> None:
        follower = """
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'\\0\\0\\0\\4W\\x7f\\xff\\xff\\xff')
n = int(sys.argv[2])
while n > 0: n -= len(s.recv(4096))
print('there', flush=True)
while s.recv(4096): pass
"""

        async def story() -> None:
            size = 3_000_000
            session = stage.start(python(FLOOD.format(size=size)))
            client = await stage.connect(session)
            chance = random.Random(7)
            points = [chance.randrange(1, size) for _ in range(4)]
            followers = [start(follower, session.socket, point) for point in points]

            def kill_when_there(process: subprocess.Popen[bytes]) -> None:
                assert process.stdout
                process.stdout.readline()
                process.kill()
                process.wait()
                process.stdout.close()

            ending = [asyncio.create_task(asyncio.to_thread(kill_when_there, p)) for p in followers]
            await client.when()
            await client.type(b"g")
            await client.until_event("exited")
            for process in followers:
                process.kill()
            await asyncio.gather(*ending)
            assert client.shown == flood_bytes(size)
            assert output_of(session.recording) == flood_bytes(size)
            assert (await client.request("status"))["ok"]

        asyncio.run(story())

    @pytest.mark.parametrize(
        "damage",
        [
            b"\xff\xff\xff\xff" + b"C" + b"x" * 100,
            b"GET / HTTP/1.0\r\n\r\n",
            struct.pack(">IB", 3, ord("C")) + b"{[}",
            struct.pack(">IB", 2, ord("C")) + b"[]",
            struct.pack(">IB", 2, ord("W")) + b"xx",
            struct.pack(">IB", 0, 0),
            struct.pack(">IB", 200_000, ord("C")) + b"[" * 200_000,
        ],
    )
    def test_nonsense_ends_only_its_own_connection(self, stage: Stage, damage: bytes) -> None:
        async def story() -> None:
            session = stage.start(["cat"])
            client = await stage.connect(session)
            with socket.socket(socket.AF_UNIX) as bad:
                bad.settimeout(DEADLINE_S)
                bad.connect(str(session.socket))
                try:
                    bad.sendall(damage)
                    while bad.recv(65536):
                        pass
                except (ConnectionResetError, BrokenPipeError):
                    pass
            await client.type(b"still here\n")
            await client.until(lambda: client.data.count(b"still here") == 2)

        asyncio.run(story())

    @pytest.mark.parametrize("op", ["nonsense", "resize", "marker", "record", "stop"])
    def test_malformed_requests_are_answered(self, stage: Stage, op: str) -> None:
        async def story() -> None:
            client = await stage.connect(stage.start(["cat"]))
            wrong = {"cols": "x", "rows": [], "soft": ["x"], "grace_s": {}, "data_b64": "!"}
            result = await client.request(op, **wrong)
            assert not result["ok"] and result["error"]
            assert (await client.request("status"))["alive"]

        asyncio.run(story())

    def test_a_half_message_ends_its_connection(self, stage: Stage) -> None:
        session = stage.start(["cat"])
        with socket.socket(socket.AF_UNIX) as slow:
            slow.settimeout(DEADLINE_S)
            slow.connect(str(session.socket))
            slow.sendall(b"\0\0\0\x20C{")
            while slow.recv(65536):
                pass

    def test_many_connections_are_bounded(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(["cat"])
            first = await stage.connect(session)
            crowd = []
            for _ in range(100):
                one = socket.socket(socket.AF_UNIX)
                one.connect(str(session.socket))
                crowd.append(one)
            with pytest.raises(EnvironmentFault):
                await KeeperClient.connect(str(session.socket))
            await first.type(b"a\n")
            await first.until(lambda: b"a\r\na\r\n" in first.data)
            for one in crowd:
                one.close()
            while not (await first.request("status"))["ok"]:
                pass
            again = await stage.connect(session)
            assert again.keeper.hello["session"] == "s12345678"

        asyncio.run(story())

    def test_the_program_cannot_reach_its_own_keeper(self, stage: Stage) -> None:
        code = """
import socket
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        s = socket.socket(socket.AF_UNIX); s.connect('k.sock')
        try: print('got', len(s.recv(100)), flush=True)
        except OSError: print('got 0', flush=True)
    os._exit(0)
input()
"""

        async def story() -> None:
            session = stage.start([sys.executable, "-c", "import os\n" + code])
            client = await stage.connect(session)
            await client.when(b"got ")
            assert b"got 0" in output_of(session.recording)

        asyncio.run(story())


class TestLife:
    def test_a_keeper_outlives_the_process_that_started_it(self, stage: Stage) -> None:
        session = stage.prepare(["cat"])
        code = (
            "import sys, os, signal; from steer.runtime.keeper_launch import launch; "
            "print(*launch(sys.argv[1])[:2], flush=True); os.killpg(0, signal.SIGKILL)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, session.folder / "launch.json"],
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        keeper, child = map(int, done.stdout.split())
        assert done.returncode == -signal.SIGKILL and is_alive(keeper) and is_alive(child)

        async def story() -> None:
            client = await stage.connect(session)
            await client.type(b"hello\n")
            await client.until(lambda: client.data.count(b"hello") == 2)
            await client.request("stop", soft=[], grace_s=0)
            await client.request("forget")

        asyncio.run(story())

    def test_no_zombie_is_left_with_the_starter(self, stage: Stage) -> None:
        mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
        if not mine.exists():
            pytest.skip("this kernel does not list children")
        before = set(mine.read_text().split())
        stage.start(["cat"])
        new = set(mine.read_text().split()) - before
        names = [Path(f"/proc/{pid}/stat").read_text() for pid in new]
        assert not [name for name in names if ") Z " in name]

    @pytest.mark.parametrize(
        ("argv", "changes", "error", "words"),
        [
            (["no-such-command-here"], {}, AgentError, "command not found: no-such-command-here"),
            (["./plain"], {}, AgentError, "not executable"),
            (["./folder"], {}, AgentError, "is a folder"),
            (["./broken"], {}, AgentError, "cannot run ./broken: Exec format error"),
            (["cat"], {"cwd": "/no/such/folder"}, EnvironmentFault, "/no/such/folder does not exist"),
            (["cat"], {"recording": "/no/such/r.cast"}, EnvironmentFault, "cannot create /no/such/r.cast"),
            (["cat"], {"recording": "/dev/full"}, EnvironmentFault, "cannot create /dev/full"),
            (["cat"], {"socket": "/tmp/" + "x" * 120}, EnvironmentFault, "cannot use the socket"),
            ([], {}, SteerError, "no command was given"),
            (["cat"], {"cols": "many"}, SteerError, "launch file"),
        ],
    )
    def test_a_start_that_fails_says_why_and_leaves_nothing(
        self, stage: Stage, argv: list[str], changes: dict[str, object], error: type[SteerError], words: str
    ) -> None:
        session = stage.prepare(argv, **changes)
        (session.folder / "plain").touch()
        (session.folder / "folder").mkdir()
        (session.folder / "broken").write_text("\x7fELF not really\x00")
        (session.folder / "broken").chmod(0o755)
        before = sorted(session.folder.iterdir())
        with pytest.raises(error) as caught:
            launch(session.folder / "launch.json")
        assert words in caught.value.message and "\n" not in caught.value.message
        assert sorted(session.folder.iterdir()) == before

    def test_a_second_keeper_for_a_session_is_refused_a_dead_ones_socket_reused(self, stage: Stage) -> None:
        session = stage.start(["cat"])
        with pytest.raises(SteerError, match="listening"):
            launch(session.folder / "launch.json")
        assert session.socket.exists()
        os.kill(session.pid, signal.SIGKILL)
        session.wait_until_gone()
        assert session.socket.exists()
        session.recording.unlink()
        session.result = launch(session.folder / "launch.json")
        assert session.socket.exists()

    def test_killing_the_keeper_loses_at_most_a_torn_line(self, stage: Stage) -> None:
        async def story(limit: int) -> None:
            session = stage.start(python(FLOOD.format(size=4_000_000)))
            client = await stage.connect(session)
            await client.when()
            await client.type(b"g")
            await client.until(lambda: len(client.data) >= limit)
            os.kill(session.pid, signal.SIGKILL)
            await asyncio.to_thread(session.wait_until_gone)
            events, problems = read_recording(session.recording)
            output = (e.data for e in events if e.kind is Kind.OUTPUT)
            recorded = b"".join(output).removeprefix(READY)
            assert recorded.startswith(client.shown) and flood_bytes(4_000_000).startswith(recorded)
            assert problems == [] or "cut off" in problems[0]

        for limit in (1, 10_000, 500_000, 1_234_567):
            asyncio.run(story(limit))

    def test_unattended_it_writes_the_end_down_and_leaves(self, stage: Stage) -> None:
        session = stage.start(python("sys.exit(5)"))
        session.wait_until_gone()
        assert json.loads((session.folder / "exit.json").read_text())["status"] == 5
        assert not session.socket.exists()

    def test_forget_waits_for_the_programs_end(self, stage: Stage) -> None:
        async def story() -> None:
            session = stage.start(["cat"])
            client = await stage.connect(session)
            assert (await client.request("forget"))["ok"]
            assert (await client.request("status"))["alive"]
            await client.type(b"\x04")
            await client.until_event("exited")
            await asyncio.to_thread(session.wait_until_gone)

        asyncio.run(story())

    def test_at_shutdown_the_tree_is_ended_and_recorded(self, stage: Stage) -> None:
        session = stage.start(python("signal.pause()"))
        os.kill(session.pid, signal.SIGTERM)
        session.wait_until_gone()
        events, problems = read_recording(session.recording)
        assert problems == [] and events[-1].status == -signal.SIGHUP
