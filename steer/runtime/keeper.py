"""The keeper: the small process that owns one session's pty and recording.

Run as `python -m steer.runtime.keeper LAUNCH.json` by `keeper_launch`. It records every byte before anyone
sees it, reaps and kills its whole tree on request, and outlives every client. It parses nothing the program
prints. Clients speak the messages of `wire`; `keeper_client` is one.

It says one JSON line on its standard output: `{"ok": true, "pid", "child_pid", "note"}` once the program
runs and the socket is bound, or `{"ok": false, "error": {kind, message, hint}}`, with nothing left behind.
"""

from __future__ import annotations

import binascii
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from steer.runtime.keeping import tree
from steer.runtime.keeping.audience import Audience
from steer.runtime.keeping.halt import Halt
from steer.runtime.keeping.launch import Launch, LaunchError, clamp_size, read_launch
from steer.runtime.keeping.loop import Loop
from steer.runtime.keeping.peer import Peer
from steer.runtime.keeping.place import Door, bind, open_tape, write_atomic
from steer.runtime.keeping.pump import Pump
from steer.runtime.keeping.recorder import Recorder
from steer.runtime.keeping.stop import Stop
from steer.runtime.keeping.tape import Tape
from steer.runtime.keeping.terminal import Terminal
from steer.runtime.keeping.typist import Typist
from steer.runtime.wire import PROTOCOL, WireError, parse_json

LINGER_S = 10.0  # how long a keeper whose tree has ended waits for a client
SOCKET_CHECK_S = 2.0  # how long nobody finds a keeper after its runtime folder was wiped
_EXIT_RETRY_S = 1.0
_LAST_WORDS_S = 1.0
_SHUTDOWN_GRACE_S = 2.0


class Keeper:
    """Serves one session until its tree has ended and nobody needs it any more."""

    def __init__(
        self, launch: Launch, folder: str, listener: socket.socket, tape: Tape, terminal: Terminal, loop: Loop
    ) -> None:
        self.status: int | None = None  # of the program; None while it runs
        self._launch = launch
        self._door = Door(launch.socket, launch.sockets)
        self._exit_path = os.path.join(folder, "exit.json")
        self._loop = loop
        self._tape = tape
        self._terminal = terminal
        self._size = (launch.cols, launch.rows)
        self._has_exit_record = False
        self._is_forgotten = False
        self._recorder = Recorder(tape, launch.max_recording_bytes, launch.thin_bytes_per_s)
        self._audience = Audience(loop, listener, self._hello, self._message, self._changed)
        self._pump = Pump(loop, terminal, self._recorder, self._audience, launch.unattended_bytes_per_s)
        self._pump.on_ended = self._ended
        self._pump.on_resumed = self._consider_leaving
        self._typist = Typist(loop, terminal, self._typed, self._pump.settle)
        self._pump.typist = self._typist
        self._stop = Stop(loop, self._soften)
        self._halt = Halt(loop, launch.max_processes, self._living, self._crowded)
        loop.on_wake = self._pump.synced
        loop.on_signal(signal.SIGCHLD, self._reap)
        loop.on_signal(signal.SIGTERM, self._shut_down)

    @property
    def child(self) -> int:
        """Process id of the program."""
        return self._terminal.pid

    def _living(self) -> int:
        return self.child if self.status is None else 0

    def serve(self) -> None:
        self._pump.settle()
        self._reap()  # a program may have ended before SIGCHLD was ours
        self._loop.set_timer("socket", SOCKET_CHECK_S, self._keep_socket)
        self._halt.watch()
        self._loop.run()
        self._tape.finish()
        self._audience.event({"event": "sums", "mark": self._tape.sums.newest, "is_over": True})
        self._audience.close()
        self._tape.close()
        self._door.close()

    def _keep_socket(self) -> None:
        self._pump.at()  # notes a sleep, although nothing else may happen for long
        if listener := self._door.put_back():
            self._audience.listen(listener)
        self._loop.set_timer("socket", SOCKET_CHECK_S, self._keep_socket)

    def _crowded(self) -> None:
        crowd = self._halt.crowd
        if crowd.count:
            self._recorder.marker(self._pump.at(), f"steer: stopped with {crowd.count} processes")
            self._pump.settle()
        self._audience.event({"event": "crowded", **crowd.to_json()})

    def _hello(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "child": self.child,
            "session": self._launch.session,
            "generation": self._launch.generation,
            "isolation": self._launch.isolation,
            "cols": self._size[0],
            "rows": self._size[1],
            "offset": self._pump.offset,
            "paused": self._halt.is_paused,
            "sums": self._tape.sums.newest,
            "crowded": self._halt.crowd.to_json(),
            "exit": self.status if self._has_exit_record else None,
            "stalled": self._tape.reason,
        }

    def _changed(self) -> None:
        self._pump.settle()
        self._consider_leaving()

    # Messages

    def _message(self, peer: Peer, kind: str, payload: bytes) -> None:
        if kind == "W" and len(payload) == 4:
            self._audience.grant(peer, int.from_bytes(payload, "big"), self._pump.offset)
        elif kind == "I" and len(payload) >= 4:
            ident = int.from_bytes(payload[:4], "big")
            self._typist.type(payload[4:], self._answer(peer, ident))
        elif kind == "C":
            self._request(peer, parse_json(payload))
        else:
            raise WireError(f"unknown message {kind!r}")

    def _answer(self, peer: Peer, ident: Any) -> Callable[[dict[str, Any]], None]:
        return lambda result: self._audience.send(peer, "R", {"id": ident, **result})

    def _request(self, peer: Peer, request: dict[str, Any]) -> None:
        answer = self._answer(peer, request.get("id"))
        handler = self._HANDLERS.get(str(request.get("op")))
        if handler is None:
            answer({"ok": False, "error": f"unknown request {request.get('op')!r}"})
            return
        try:
            handler(self, request, answer)
        except (KeyError, TypeError, ValueError, OverflowError) as e:
            answer({"ok": False, "error": f"malformed request: {e!r}"})

    def _resize(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        size = clamp_size(int(request["cols"]), int(request["rows"]))
        if size != self._size:
            self._size = size
            self._recorder.resize(self._pump.at(), *size)
            self._terminal.resize(*size)
            self._pump.settle()
            self._audience.event({"event": "resized", "cols": size[0], "rows": size[1]})
        answer({"ok": True, "cols": size[0], "rows": size[1]})

    def _marker(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        is_written = self._recorder.marker(self._pump.at(), str(request["text"]))
        self._pump.settle()
        answer(self._recorded(is_written))

    def _record(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        data = binascii.a2b_base64(request["data_b64"], strict_mode=True)
        answer(self._recorded(self._pump.dump(data)))

    def _recorded(self, is_written: bool) -> dict[str, Any]:
        if is_written:
            return {"ok": True, "offset": self._pump.offset}
        return {"ok": False, "error": f"the recording is stalled: {self._tape.reason}"}

    def _pause(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        self._halt.pause()
        answer({"ok": True, "processes": len(tree.descendants(os.getpid()))})

    def _continue(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        self._halt.go_on()
        answer({"ok": True})

    def _stop_tree(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        soft = [signal.Signals(n) for n in request.get("soft") or []]
        if self._halt.crowd.count:
            soft = []  # whoever has to be continued to be asked would multiply again
        self._stop.request(list(map(int, soft)), float(request.get("grace_s") or 0.0), answer)

    def _soften(self, signals: list[int]) -> None:
        """To the program's process group while it lives, else to whatever it left behind."""
        for signum in signals:
            if self.status is None:
                os.killpg(self.child, signum)  # not reaped yet, so the id is still its own
            else:
                for process in tree.descendants(os.getpid()):
                    tree.send(process, signum)
        self._halt.go_on()  # a stopped process would never see the signal

    def _status(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        modes = self._terminal.modes()
        answer(
            {
                "ok": True,
                "child": self.child,
                "alive": self.status is None,
                "exit": self.status if self._has_exit_record else None,
                "cols": self._size[0],
                "rows": self._size[1],
                "echo": modes.echo,
                "icanon": modes.icanon,
                "offset": self._pump.offset,
                "paused": self._halt.is_paused,
                "processes": len(tree.descendants(os.getpid())),
                "stalled": self._tape.reason,
            }
        )

    def _ping(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        answer({"ok": True})

    def _forget(self, request: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
        self._is_forgotten = True
        answer({"ok": True, "processes": len(tree.descendants(os.getpid()))})
        self._consider_leaving()

    _HANDLERS = {  # noqa: RUF012 (a table, never changed; ClassVar would need typing at run time)
        "resize": _resize,
        "marker": _marker,
        "record": _record,
        "pause": _pause,
        "continue": _continue,
        "stop": _stop_tree,
        "status": _status,
        "ping": _ping,
        "forget": _forget,
    }

    # Life and death

    def _typed(self, data: bytes) -> None:
        self._recorder.input(self._pump.at(), data)

    def _reap(self) -> None:
        ended = tree.reap()
        if len(ended) == 1000:
            os.kill(os.getpid(), signal.SIGCHLD)  # more may be waiting: come back after serving others
        for pid, status in ended:
            if pid == self.child and self.status is None:
                self.status = status
                self._typist.has_ended = True
                self._typist.end("the program has ended")
                self._pump.end()
        if ended:
            self._stop.check()
            self._consider_leaving()

    def _ended(self) -> None:
        """The last output is recorded: now the end is."""
        assert self.status is not None
        self._recorder.exit(self._pump.at(), self.status)
        self._pump.mark_sums()
        self._has_exit_record = True
        self._write_exit()
        self._audience.event({"event": "exited", "status": self.status, "offset": self._pump.offset})
        self._consider_leaving()

    def _write_exit(self) -> None:
        """`exit.json` beside the launch file, for a supervisor that comes when nobody is here any more."""
        value = {
            "session": self._launch.session,
            "generation": self._launch.generation,
            "status": self.status,
            "at": time.time(),  # seconds since the epoch, for showing
        }
        try:
            write_atomic(self._exit_path, json.dumps(value).encode())
        except OSError:
            self._loop.set_timer("exit", _EXIT_RETRY_S, self._write_exit)
        else:
            self._consider_leaving()

    def _consider_leaving(self) -> None:
        is_over = self._has_exit_record and not self._loop.has_timer("exit") and not self._tape.reason
        if self._is_forgotten and self._has_exit_record:
            self._loop.set_timer("leave", 0.0 if not self._audience.has_queue else _LAST_WORDS_S, self._leave)
        elif is_over and not self._audience.peers and not tree.has_children():
            if not self._loop.has_timer("leave"):
                self._loop.set_timer("leave", LINGER_S, self._leave)
        else:
            self._loop.cancel_timer("leave")

    def _leave(self) -> None:
        self._loop.is_running = False

    def _shut_down(self) -> None:
        """The system goes down: end the tree while there is time to record how it ended."""
        self._is_forgotten = True
        soft = [] if self._halt.crowd.count else [int(signal.SIGHUP)]
        self._stop.request(soft, _SHUTDOWN_GRACE_S, lambda result: None)


def start(launch: Launch, folder: str, umask: int) -> Keeper:
    """Socket, recording, program, in this order. Raises `LaunchError`, and leaves nothing of the three."""
    loop = Loop()
    listener = bind(launch.socket)
    try:
        tape = open_tape(launch, loop)
        try:
            terminal = Terminal.spawn(launch, umask)
        except LaunchError:
            tape.close()
            os.unlink(launch.recording)
            raise
    except LaunchError:
        os.unlink(launch.socket)
        listener.close()
        raise
    return Keeper(launch, folder, listener, tape, terminal, loop)


def detach() -> None:
    """Become a process of init's, in a session of its own, that no terminal's hangup can reach."""
    try:
        os.setsid()
    except PermissionError:
        pass  # the launcher did it
    if os.fork():
        os._exit(0)
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_IGN)
    os.chdir("/")


def say(value: dict[str, Any]) -> None:
    """One line to the launcher, which may be gone; then the pipe is closed."""
    try:
        os.write(1, json.dumps(value).encode() + b"\n")
    except OSError:
        pass
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def main(path: str) -> int:
    """Keep the session described at `path` until it is over. Returns the process's exit status."""
    folder = os.path.dirname(os.path.abspath(path))
    detach()
    umask = os.umask(0o077)
    try:
        launch = read_launch(path)
        note = tree.become_subreaper()
        keeper = start(launch, folder, umask)
    except LaunchError as e:
        say({"ok": False, "error": e.to_json()})
        return 1
    say({"ok": True, "pid": os.getpid(), "child_pid": keeper.child, "note": note})
    keeper.serve()
    return 0


if __name__ == "__main__":
    os._exit(main(sys.argv[1]))  # no interpreter shutdown: a thread may be syncing
