"""From the current folder to its repository's supervisor."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from steer.config.repository import find_common_dir
from steer.errors import EnvironmentFault, SteerError, UserError
from steer.runtime.supervise import ensure_supervisor, is_current, paths_for
from steer.runtime.sync_client import SyncClient, answer
from steer.term.visible import visible


def common_dir() -> Path:
    """The `.git` of the repository around the current folder. Raises `UserError` where there is none or it is bare."""
    from steer.cli.main import here

    start = here()
    found = find_common_dir(start)
    if found is None:
        raise UserError(f"{start} is not in a git repository", "cd into one, or try `steer demo`")
    if found.name != ".git" and not (found.parent / ".git").exists():
        from steer.adapters.git.repository import discover

        discover(found)  # bare: says so
    return found


def call(method: str, **params: Any) -> dict[str, Any]:
    """One question to the repository's supervisor, which is started if need be."""
    with SyncClient(ensure_supervisor(common_dir())) as client:
        return client.call(method, **params)


def call_long(method: str, **params: Any) -> dict[str, Any]:
    """A call that may take long: progress on stderr where that is a terminal; ctrl+c gives the work up."""
    if not sys.stderr.isatty():
        return call(method, **params)
    with SyncClient(ensure_supervisor(common_dir())) as client:
        messages = client.subscribe()
        client.ask(method, params)
        shown = ""
        while True:
            try:
                for message in messages:
                    if (value := answer(message)) is not None:
                        return value
                    shown = _show_progress(message, shown)
                raise EnvironmentFault("the supervisor ended before it answered", "see `steer log`")
            except KeyboardInterrupt:
                _give_up()
                messages = client.messages()
            finally:
                if shown:
                    print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _show_progress(message: dict[str, Any], shown: str) -> str:
    """Draw the work under way over what was drawn before; what is drawn now."""
    work = (message.get("progress") or [None])[0] if message.get("t") == "fleet" else None
    if work is None:
        return shown
    done, total = int(work["done"]), int(work["total"])
    text = (
        f"{visible(work['title'], 50)} {done * 100 // total} %"
        if total
        else f"{visible(work['title'], 50)} ..."
    )
    if text != shown:
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    return text


def _give_up() -> None:
    """Cancel the long work that is under way; it rolls back what it began and its call answers so."""
    for work in call("view")["fleet"]["progress"][:1]:
        with contextlib.suppress(SteerError):
            call("cancel", progress=work["id"])


def environment() -> dict[str, str]:
    """What an agent should inherit: the environment of the terminal the operator works in."""
    return dict(os.environ)


def running_supervisor() -> SyncClient | None:
    """A connection if a supervisor runs; None otherwise. Starts none but in the place of an older one."""
    common = common_dir()
    try:
        client = SyncClient(paths_for(common).socket, timeout_s=10.0)
    except EnvironmentFault:
        return None
    if is_current(client.call("ping")):
        return client
    client.close()
    return SyncClient(ensure_supervisor(common), timeout_s=10.0)
