"""What is kept of sessions on disk: one folder each, written atomically.

sessions/<id>/session.json         SessionSpec
sessions/<id>/recording-<g>.cast   asciicast v3 of generation g
sessions/<id>/launch-<g>.json      what the keeper was told (no environment)
sessions/<id>/checkpoints.jsonl    one line per checkpoint
sessions/<id>/check.log            output of the newest check
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from steer.config.path import RepositoryPath, private_dir
from steer.errors import EnvironmentFault
from steer.model.codec import from_json, to_json
from steer.model.session import CheckResult, SessionSpec


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` (mode 0600), or leave it as it was; durable when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        temporary.rename(path)
        _sync_folder(path.parent)
    except OSError as e:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise EnvironmentFault(f"cannot write {path}: {e.strerror}", "is the disk full?") from e


def _sync_folder(folder: Path) -> None:
    """Without this a new name may be gone after a power cut although its file was synced (fsync(2))."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def append_line(path: Path, value: Any) -> None:
    """Append one JSON line durably. A torn line from a crash before is closed first, so it stays alone."""
    line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            while line:  # the last piece of a disk takes a part, and only the next write says that it is full
                line = line[os.write(fd, line) :]
            os.fdatasync(fd)
        finally:
            os.close(fd)
        if not size:
            _sync_folder(path.parent)
    except OSError as e:
        raise EnvironmentFault(f"cannot write {path}: {e.strerror}", "is the disk full?") from e


def read_lines(path: Path) -> list[Any]:
    """The JSON values of a line file; lines that are none (torn by a crash) are left out."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    values = []
    for line in raw.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            values.append(json.loads(line))
    return values


class Store:
    def __init__(self, paths: RepositoryPath) -> None:
        self._paths = paths

    def folder(self, session: str) -> Path:
        return self._paths.session_dir(session)

    def save(self, spec: SessionSpec) -> None:
        folder = private_dir(self.folder(spec.id))
        write_atomically(folder / "session.json", json.dumps(to_json(spec), indent=1).encode())

    def load_all(self) -> tuple[list[SessionSpec], list[str]]:
        """(sessions by creation, one sentence for each that cannot be read)."""
        found, problems = [], []
        for path in sorted(self._paths.sessions.glob("*/session.json")):
            try:
                found.append(from_json(SessionSpec, json.loads(path.read_bytes())))
            except (OSError, ValueError, RecursionError) as e:
                problems.append(f"{path} cannot be read: {e}")
        return sorted(found, key=lambda s: (s.created_at, s.id)), problems

    def recording(self, spec: SessionSpec) -> Path:
        return self.folder(spec.id) / f"recording-{spec.generation}.cast"

    def launch_file(self, spec: SessionSpec) -> Path:
        return self.folder(spec.id) / f"launch-{spec.generation}.json"

    def remove_orders(self) -> None:
        """Launch files that a killed supervisor left: they hold an environment, secrets included."""
        for path in self._paths.sessions.glob("*/*launch-*.json*"):
            path.unlink(missing_ok=True)

    def exit_status(self, spec: SessionSpec) -> int | None:
        """What the keeper wrote down when the agent ended while nobody was there; None if nothing."""
        try:
            record = json.loads((self.folder(spec.id) / "exit.json").read_bytes())
            same = record.get("generation", spec.generation) == spec.generation
            return int(record["status"]) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save_check_result(self, session: str, result: CheckResult) -> None:
        write_atomically(self.folder(session) / "check.json", json.dumps(to_json(result)).encode())

    def check_result(self, session: str) -> CheckResult:
        try:
            return from_json(CheckResult, json.loads((self.folder(session) / "check.json").read_bytes()))
        except (OSError, ValueError):
            return CheckResult()

    def add_checkpoint(self, session: str, record: dict[str, Any]) -> None:
        append_line(self.folder(session) / "checkpoints.jsonl", record)

    def checkpoints(self, session: str) -> list[dict[str, Any]]:
        values = read_lines(self.folder(session) / "checkpoints.jsonl")
        return [v for v in values if isinstance(v, dict)]
