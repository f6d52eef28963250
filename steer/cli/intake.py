"""Where a recording comes from: a file, a session of this repository, standard input, or an address."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from steer.errors import EnvironmentFault, UserError

if TYPE_CHECKING:
    from steer.config.path import RepositoryPath
    from steer.model.session import SessionSpec
    from steer.runtime.store import Store
    from steer.ui.replay.opening import Source

STDIN = "-"
MAX_BYTES = 1 << 30  # of standard input or a download
DOWNLOAD_S = 120.0  # in all
_SILENCE_S = 20.0  # of a server
_PIECE = 64 * 1024


@contextmanager
def opened(name: str, *, may_download: bool = False) -> Iterator[Source]:
    """The recording `name`; what had to be fetched is removed afterwards. Raises `SteerError` in one sentence."""
    from steer.ui.replay.opening import Source

    if name == STDIN:
        with _temporary() as (path, file):
            _copy(sys.stdin.buffer.read, file, "standard input", lambda: None)
            yield Source("stdin", path)
    elif name.lower().startswith(("http://", "https://")):
        if not may_download:
            raise UserError("nothing is fetched from the network unasked", "--download allows it")
        with _temporary() as (path, file):
            _download(name, file)
            yield Source(name.rstrip("/").rpartition("/")[2] or "recording", path)
    else:
        yield _named(name)


def _named(name: str) -> Source:
    """A file by its path, else a session of this repository by name or id."""
    from steer.ui.replay.opening import Source

    path = Path(name)
    if path.exists() or "/" in name:
        return Source(path.name, path)
    from steer.cli.main import here
    from steer.config.repository import find_common_dir
    from steer.runtime.store import Store
    from steer.runtime.supervise import paths_for

    common = find_common_dir(here())
    if common is not None:
        paths = paths_for(common)
        store = Store(paths)
        for spec in store.load_all()[0]:
            if name in (spec.name, spec.id):
                return of_session(spec, store, paths)
    raise UserError(f"there is no file and no session {name!r}", "`steer ls --all` names the sessions")


def fleet() -> list[str]:
    """The ids of all sessions of this repository that are not in the trash. Raises `UserError` where there are none."""
    from steer.cli.connection import common_dir
    from steer.model.session import Place
    from steer.runtime.store import Store
    from steer.runtime.supervise import paths_for

    specs, _ = Store(paths_for(common_dir())).load_all()
    ids = [spec.id for spec in specs if spec.place is Place.WORKTREE]
    if not ids:
        raise UserError("there are no sessions here", "`steer run` starts some")
    return ids


def of_session(spec: SessionSpec, store: Store, paths: RepositoryPath) -> Source:
    from steer.runtime.recording_findings import background_of
    from steer.ui.replay.opening import Source

    is_live = paths.keeper_socket(spec.id).exists()
    background = background_of(spec, store.folder(spec.id))
    return Source(spec.name, store.recording(spec), is_live, spec.id, background)


@contextmanager
def _temporary() -> Iterator[tuple[Path, BinaryIO]]:
    with tempfile.NamedTemporaryFile(prefix="steer-recording-") as file:
        yield Path(file.name), cast(BinaryIO, file)


def _copy(read: Callable[[int], bytes], file: BinaryIO, what: str, check: Callable[[], None]) -> None:
    size = 0
    while piece := read(_PIECE):
        check()
        size += len(piece)
        if size > MAX_BYTES:
            raise UserError(f"{what} is larger than {MAX_BYTES >> 30} GiB")
        file.write(piece)
    file.flush()


def _download(address: str, file: BinaryIO) -> None:
    import http.client
    from urllib.request import Request, urlopen

    end = time.monotonic() + DOWNLOAD_S

    def check() -> None:
        if time.monotonic() > end:
            raise EnvironmentFault(f"the download took longer than {DOWNLOAD_S:.0f} seconds")

    try:
        # Only http and https come here, and urllib follows redirects to nothing else but ftp, which has no file.
        with urlopen(Request(address, headers={"User-Agent": "steer"}), timeout=_SILENCE_S) as answer:
            _copy(answer.read1, file, "the download", check)
    except (OSError, http.client.HTTPException, ValueError) as e:
        reason = getattr(e, "reason", None) or getattr(e, "strerror", None) or type(e).__name__
        raise EnvironmentFault(f"cannot download it: {reason}") from e


def take_terminal() -> None:
    """Have the terminal as standard input again, after a recording was read from there."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)
