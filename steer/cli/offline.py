"""The fleet as it lies on disk, for `ls` while no supervisor runs: nothing is started to answer a question."""

from __future__ import annotations

from typing import Any

from steer.cli.connection import common_dir
from steer.errors import SteerError
from steer.model.codec import to_json
from steer.model.session import Place, ProcessState, SessionSpec, SessionView
from steer.runtime.store import Store
from steer.runtime.supervise import paths_for
from steer.runtime.sync_client import SyncClient


def list_offline() -> list[dict[str, Any]]:
    """Sessions as JSON views: process state from keepers' sockets and exit records, activity unknown."""
    paths = paths_for(common_dir())
    store = Store(paths)

    def state(spec: SessionSpec) -> tuple[ProcessState, int | None]:
        try:
            SyncClient(paths.keeper_socket(spec.id), timeout_s=1.0).close()
            return ProcessState.RUNNING, None
        except SteerError:
            status = store.exit_status(spec)
        if status is None:
            return (ProcessState.EXITED if spec.place is Place.TRASH else ProcessState.LOST), None
        was_told = spec.stopped == spec.generation
        return (ProcessState.EXITED if status == 0 or was_told else ProcessState.FAILED), status

    views = []
    for spec in store.load_all()[0]:
        if spec.place is not Place.GONE:
            process, status = state(spec)
            views.append(to_json(SessionView(spec, process, exit_status=status)))
    return views
