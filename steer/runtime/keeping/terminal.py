"""The pty and the program in it. The only file that knows ptyprocess, which has no types."""

from __future__ import annotations

import errno
import os
import select
import signal
import termios
from typing import NamedTuple

import ptyprocess

from steer.runtime.keeping.entrance import Entrance
from steer.runtime.keeping.inherited import set_inherited
from steer.runtime.keeping.launch import Launch, LaunchError, find_command

BATCH_BYTES = 64 * 1024
# Python ignores these, and what is ignored stays ignored across exec.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Modes(NamedTuple):
    """How the program has set its terminal."""

    echo: bool = True
    icanon: bool = True
    icrnl: bool = True


class Terminal:
    """The master side. Reads and writes never block."""

    def __init__(self, process: ptyprocess.PtyProcess) -> None:
        self._process = process  # kept: it closes the pty when it is collected
        self.pid: int = process.pid
        self.fd: int = process.fd
        os.set_blocking(self.fd, False)
        self._edge: select.epoll | None = None

    @classmethod
    def spawn(cls, launch: Launch, umask: int) -> Terminal:
        """Run the command with `umask` in a new pty. Raises `LaunchError`; then no process is left."""
        command = find_command(launch)
        entrance = Entrance(launch)

        def prepare() -> None:
            os.umask(umask)
            os.chdir(launch.cwd)
            for signum in _RESTORED:
                signal.signal(signum, signal.SIG_DFL)
            set_inherited(launch.session)
            entrance.ignore_signals()

        try:
            process = ptyprocess.PtyProcess.spawn(
                entrance.argv([command, *launch.argv[1:]]),
                env=launch.env,
                preexec_fn=prepare,
                dimensions=(launch.rows, launch.cols),
                pass_fds=entrance.passed,
            )
        except (OSError, ptyprocess.PtyProcessError, ValueError) as e:
            reason = os.strerror(e.errno) if isinstance(e, OSError) and e.errno else str(e)
            entrance.close()
            raise LaunchError("agent", f"cannot run {launch.argv[0]}: {reason}") from e
        terminal = cls(process)
        try:
            entrance.wait(terminal.read)
        except LaunchError:
            terminal.end()
            raise
        return terminal

    def end(self) -> None:
        """Kill the program and reap it; for one that must not go on."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._process.fileobj.close()
        self._process.closed = True

    def read(self) -> bytes | None:
        """All that is there, at most `BATCH_BYTES`; b"" for nothing, None when no one has the tty open.

        Linux hands out at most 4 KiB a read, so one event is gathered from many.
        """
        pieces: list[bytes] = []
        size = 0
        while size < BATCH_BYTES:
            try:
                piece = os.read(self.fd, BATCH_BYTES - size)
            except BlockingIOError:
                break
            except OSError as e:
                if e.errno != errno.EIO:
                    raise
                piece = b""
            if not piece:
                return b"".join(pieces) if pieces else None
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def write(self, data: bytes) -> int:
        """How many bytes the pty took; 0 when it is full or gone."""
        try:
            return os.write(self.fd, data)
        except OSError:
            return 0

    def modes(self) -> Modes:
        """As they are now; the defaults once the terminal is gone."""
        try:
            iflag, _, _, lflag, *_ = termios.tcgetattr(self.fd)
        except termios.error:
            return Modes()
        return Modes(bool(lflag & termios.ECHO), bool(lflag & termios.ICANON), bool(iflag & termios.ICRNL))

    def resize(self, cols: int, rows: int) -> None:
        try:
            termios.tcsetwinsize(self.fd, (rows, cols))
        except termios.error:
            pass  # gone; the program will never know

    def reopening(self) -> int:
        """A descriptor that becomes readable when somebody opens the tty again after `read` gave None.

        While no one has the tty open, the master is always ready with an error; only an edge-triggered watch
        stays silent until that changes.
        """
        if self._edge is None:
            self._edge = select.epoll(select.EPOLL_CLOEXEC)
            self._edge.register(self.fd, select.EPOLLIN | select.EPOLLET)
        self._edge.poll(0)
        return self._edge.fileno()
