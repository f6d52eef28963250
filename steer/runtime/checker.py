"""The session's check command, run by steer on a copy of the newest checkpoint: evidence that is not the agent's.

It runs in a scratch folder of steer's that is brought to the checkpoint's tree, so the agent's work is never
disturbed and a check never sees half-written files. One at a time for the whole fleet, at low priority.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

from steer.agents.launch import child_environment
from steer.config.path import private_dir
from steer.errors import SteerError
from steer.model.session import CheckResult, SessionSpec
from steer.runtime.isolating import Cage
from steer.runtime.tree import Trees

LINKED = ("node_modules", ".venv", "venv")  # dependencies, ignored by git, that a check cannot do without
MAX_LOG_BYTES = 4 * 1024 * 1024
_CSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")

# (pattern, group of passed, group of failed) for the summary lines of common test runners
_PASSED = re.compile(r"(\d+) (?:passed|passing|pass\b|ok\b)", re.I)
_FAILED = re.compile(r"(\d+) (?:failed|failing|fail\b|errors?\b)", re.I)
_UNITTEST_RAN = re.compile(r"^Ran (\d+) tests?", re.M)
_UNITTEST_BAD = re.compile(r"^FAILED \(([^)]*)\)", re.M)


class Checker:
    def __init__(self, trees: Trees, scratch: Path, now: Callable[[], float]) -> None:
        self._trees = trees
        self._scratch = scratch
        self._now = now
        self._turn = asyncio.Lock()

    async def run(
        self,
        spec: SessionSpec,
        commit: str,
        log: Path,
        timeout_s: float,
        started: Callable[[CheckResult], None],
        enter: Callable[[Path], Cage] = lambda folder: Cage(),
    ) -> CheckResult:
        """The outcome of `spec.check` on checkpoint `commit`; its output goes to `log`. Never raises.

        `enter`: the cage for work in a folder; it may block, and raise `SteerError`.
        """
        async with self._turn:
            started(CheckResult("running", at=self._now()))
            folder = private_dir(self._scratch) / spec.id
            try:
                await self._trees.materialize(commit, folder)
                link_dependencies(Path(spec.worktree), folder)
                cage = await asyncio.to_thread(enter, folder)
                status = await _run(spec, folder, log, timeout_s, cage)
            except (SteerError, OSError) as e:
                return CheckResult("error", text=str(e), at=self._now())
        return self._judge(status, log, timeout_s)

    def _judge(self, status: int | None, log: Path, timeout_s: float) -> CheckResult:
        if status is None:
            return CheckResult("error", text=f"did not end within {timeout_s:.0f} s", at=self._now())
        with log.open("rb") as f:
            f.seek(max(0, log.stat().st_size - 65536))
            output = _CSI.sub(b"", f.read()).decode("utf-8", "replace")
        passed, failed = read_summary(output)
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        last = lines[-1][:200] if lines else f"status {status}"
        return CheckResult("passed" if status == 0 else "failed", passed, failed, last, self._now())


def read_summary(output: str) -> tuple[int, int]:
    """(passed, failed) as a test runner's closing lines say; -1 where they do not."""
    ran = _UNITTEST_RAN.findall(output)
    if ran:
        bad = _UNITTEST_BAD.findall(output)
        failed = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", bad[-1])) if bad else 0
        return int(ran[-1]) - failed, failed
    tail = "\n".join(output.splitlines()[-15:])
    good, bad_ones = _PASSED.findall(tail), _FAILED.findall(tail)
    if not good and not bad_ones:
        return -1, -1
    return int(good[-1]) if good else 0, int(bad_ones[-1]) if bad_ones else 0


def link_dependencies(worktree: Path, folder: Path) -> None:
    """Links to ignored dependency folders of the worktree, where the checkpoint does not hold them itself."""
    for name in LINKED:
        target, link = worktree / name, folder / name
        if target.is_dir() and not target.is_symlink() and not os.path.lexists(link):
            link.symlink_to(target, target_is_directory=True)


async def _run(spec: SessionSpec, folder: Path, log: Path, timeout_s: float, cage: Cage) -> int | None:
    env = {**child_environment(os.environ, spec.id, spec.name, spec.task), **cage.env}
    env.update(STEER_WORKTREE=spec.worktree, PYTHONDONTWRITEBYTECODE="1")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *("nice", "-n", "10", *cage.prefix()),
            *("/bin/sh", "-c", f"ulimit -f {MAX_LOG_BYTES // 512}\n{spec.check}"),
            cwd=folder,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            return await asyncio.wait_for(process.wait(), timeout_s)
        except TimeoutError:
            return None
        finally:
            _end_group(process.pid)
            await process.wait()


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
