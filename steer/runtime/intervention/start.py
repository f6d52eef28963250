"""Starting sessions: worktree, branch, setup, keeper; and respawning an agent in its worktree."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from steer.agents.launch import Launch, child_environment, plan_launch, with_hooks
from steer.config import consent
from steer.config.path import private_dir, slug
from steer.config.schema import Config
from steer.errors import ConfigError, EnvironmentFault, InternalError, IsolationFault, SteerError, UserError
from steer.model import event as ev
from steer.model.operation import Operation, OperationState
from steer.model.session import LIVE, Place, SessionSpec
from steer.runtime.context import Context
from steer.runtime.crash_point import crash_point
from steer.runtime.intervention.opening import Opening, drop_copies, fresh, resumed
from steer.runtime.intervention.stop import clear_lost
from steer.runtime.isolating import Cages, plan_cages
from steer.runtime.keeper_launch import launch
from steer.runtime.store import write_atomically

MAX_FAN_OUT = 100
_LOOK_S = 0.2  # how soon a cancelled setup is ended


@dataclass(frozen=True, slots=True)
class Wish:
    """One call of `start`, checked."""

    task: str
    agent: str
    argv: tuple[str, ...]  # empty: `agent` says how it is started
    n: int
    name: str
    base: str
    scope: tuple[str, ...]
    check: str
    env: dict[str, str]

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Wish:
        n = int(params.get("n") or 1)
        if not 1 <= n <= MAX_FAN_OUT:
            raise UserError(f"cannot start {n} sessions at once", f"between 1 and {MAX_FAN_OUT}")
        return cls(
            task=str(params.get("task") or ""),
            agent=str(params.get("agent") or ""),
            argv=tuple(map(str, params.get("argv") or ())),
            n=n,
            name=str(params.get("name") or ""),
            base=str(params.get("base") or ""),
            scope=tuple(params.get("scope") or ()),
            check=str(params.get("check") or ""),
            env=dict(params.get("env") or os.environ),
        )


async def start(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """`n` sessions of one agent on one task; each in a worktree of its own from the same base commit."""
    wish = Wish.from_params(params)
    config = consented(c)
    plan = Launch(wish.agent, wish.argv)
    if not wish.argv:
        plan = plan_launch(wish.agent, wish.task, c.catalog(), wish.env.get("PATH"))
    commit, base_name = await c.trees.resolve_base(wish.base)
    sessions, notes = [], []
    for _ in range(wish.n):
        spec, found = await _start_one(c, wish, plan, commit, base_name, config)
        sessions.append(spec.id)
        notes += found
    return {"sessions": sessions, "notes": notes}


def consented(c: Context) -> Config:
    """The configuration. Raises `ConfigError` where the repository's wants to run what the operator did not allow."""
    loaded = c.load_config()
    commands = consent.wanted(loaded, c.trees.info.main_worktree)
    if not consent.is_given(c.paths.state, commands):
        what = "; ".join(f"{k} = {v!r}" for k, v in commands.items())
        raise ConfigError(
            f"this repository's .steer/config.toml wants to run commands: {what}",
            "read them, then allow exactly these with `steer config trust`",
        )
    return loaded.config


async def _start_one(
    c: Context, wish: Wish, plan: Launch, commit: str, base_name: str, config: Config
) -> tuple[SessionSpec, list[str]]:
    with c.reserve_name(slug(wish.name or _spoken_name(c, wish, plan), 24)) as name:
        return await _start_named(c, wish, plan, commit, base_name, config, name)


async def _start_named(
    c: Context, wish: Wish, plan: Launch, commit: str, base_name: str, config: Config, name: str
) -> tuple[SessionSpec, list[str]]:
    operation = c.journal.begin("start", "", f"start {name}", is_undoable=True)
    crash_point("start.begun")
    try:
        spec = SessionSpec(
            id=c.new_id(),
            name=name,
            argv=plan.argv,
            worktree=str(c.paths.worktrees / name),
            branch=await c.trees.free_branch(f"{config.worktree.branch_prefix}{name}"),
            base=commit,
            base_name=base_name,
            task=wish.task,
            agent=plan.agent,
            scope=wish.scope,
            check=wish.check,
            cols=c.pane_size[0],
            rows=c.pane_size[1],
            created_at=c.now(),
        )
        spec = replace(spec, worktree=str(c.trees.free_path(spec.name)))
        operation = c.journal.update(
            replace(operation, session=spec.id), worktree=spec.worktree, branch=spec.branch
        )
        crash_point("start.planned")
        report, cancelled = c.progress(operation, f"worktree for {name}")
        notes = await c.trees.add(spec, report, cancelled, config.worktree.include_max_mb << 20)
        await begin(c, spec, wish.env, config, operation)
    except BaseException as e:
        c.journal.finish(operation, OperationState.FAILED, f"start {name}: {e}")
        raise
    finally:
        c.end_progress(operation)
    c.journal.finish(operation, OperationState.DONE)
    return spec, [f"{name}: {n}" for n in notes]


def _spoken_name(c: Context, wish: Wish, plan: Launch) -> str:
    """Agents with a name of their own keep it, so that claude, codex and claude-2 stand beside each other."""
    return plan.agent if c.catalog().known(plan.agent) else wish.task or plan.agent


async def begin(
    c: Context,
    spec: SessionSpec,
    env: dict[str, str],
    config: Config,
    operation: Operation,
    open_conversation: Callable[[], Awaitable[Opening]] | None = None,
) -> None:
    """Set up the new worktree, start its agent and add the session. On failure the worktree goes to the trash.

    `open_conversation`: makes what the agent begins with, when the worktree is there; without, it begins anew.
    """
    try:
        crash_point("begin.added")
        await _run_setup(c, spec, env, config, operation)
        opening = await open_conversation() if open_conversation else fresh(c, spec)
        c.store.save(spec)
        crash_point("begin.saved")
        await run_agent(c, spec, env, config, opening)
        crash_point("begin.attached")
    except BaseException:
        drop_copies(c.journal.newest(operation))
        await c.trees.discard(spec)
        c.store.save(replace(spec, place=Place.GONE))
        c.fleet.forget(spec.id)
        raise


async def run_agent(
    c: Context, spec: SessionSpec, env: dict[str, str], config: Config, opening: Opening
) -> None:
    """Start a keeper for this generation and follow it. Raises `SteerError` with nothing left running."""
    await c.tripwires.settle()
    private_dir(c.store.folder(spec.id))
    agent_env = {**child_environment(env, spec.id, spec.name, spec.task), **c.profile(spec).env}
    argv = _argv(c, spec, opening.argv)  # before the cages: it makes files that the agent reads
    cages = await asyncio.to_thread(plan_cages, c, spec, config, agent_env)
    paths = c.paths.at_present()
    private_dir(paths.runtime)
    order: dict[str, Any] = {
        "session": spec.id,
        "generation": spec.generation,
        "argv": list(argv),
        "env": agent_env,
        "cwd": spec.worktree,
        "cols": spec.cols,
        "rows": spec.rows,
        "recording": str(c.store.recording(spec)),
        "socket": str(paths.keeper_socket(spec.id)),
        "sockets": [str(path) for path in paths.keeper_sockets(spec.id)],
        "title": spec.name,
        "max_recording_bytes": config.recording.max_mb << 20,
        "thin_bytes_per_s": config.recording.thin_kb_per_s << 10,
        "max_processes": config.limits.processes,
        "unattended_bytes_per_s": config.recording.unattended_mb_per_s << 20,
    }
    known = c.fleet.session(spec.id)
    if known is None:
        c.emit(ev.SessionAdded(spec, c.now(), recording=str(c.store.recording(spec))))
    c.conversations.begin(
        spec,
        agent_env,
        id=opening.id,
        path=opening.path,
        inherited_usd=opening.inherited_usd,
        reason=opening.reason,
    )
    why = await asyncio.to_thread(_launch_in, cages, c.store.launch_file(spec), order)
    crash_point("begin.launched")
    await c.attach(spec)
    if why:
        c.emit(ev.SessionNoted(spec.id, c.now(), why))


def _argv(c: Context, spec: SessionSpec, plain: tuple[str, ...]) -> tuple[str, ...]:
    """The command line `plain` with the hooks of this session where its agent takes them."""
    file = c.store.folder(spec.id) / "hooks.json"
    argv = with_hooks(plain, c.profile(spec), str(file))
    if argv != plain:
        c.hooks.prepare(spec.id, file)
    return argv


def _launch_in(cages: Cages, path: Path, order: dict[str, Any]) -> str:
    """Start the keeper with the first cage that holds; why that is not the wished one, or ""."""
    why = cages.why
    for cage in cages.options:
        try:
            _launch(path, {**order, **cage.order(), "env": {**order["env"], **cage.env}})
            return why and f"isolated at {cage.level} only: {why}"
        except IsolationFault as e:
            why = e.message
            if cage is cages.options[-1]:
                raise
    raise InternalError("there was no level to start at")


def _launch(path: Path, order: dict[str, Any]) -> None:
    """Start the keeper. Its orders hold the agent's environment, secrets included: no file of them stays."""
    write_atomically(path, json.dumps(order).encode())
    crash_point("begin.ordered")
    try:
        launch(path)
    finally:
        path.unlink(missing_ok=True)


async def _run_setup(
    c: Context, spec: SessionSpec, env: dict[str, str], config: Config, operation: Operation
) -> None:
    """The configured setup command in the new worktree: time limit, log, and its failure is the start's."""
    if not config.setup.command:
        return
    report, is_cancelled = c.progress(operation, f"setup of {spec.name}")
    report(0, 0)
    folder = private_dir(c.store.folder(spec.id))
    log = folder / "setup.log"
    with log.open("wb") as out:
        setup_env = child_environment(env, spec.id, spec.name, spec.task)
        cage = (await asyncio.to_thread(plan_cages, c, spec, config, setup_env)).options[0]
        process = await asyncio.create_subprocess_exec(
            *(*cage.prefix(), "/bin/sh", "-c", config.setup.command),
            cwd=spec.worktree,
            env={**setup_env, **cage.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    status = await _wait_for_setup(process, config.setup.timeout_s, is_cancelled)
    if status is None:
        why = "was cancelled" if is_cancelled() else f"did not end within {config.setup.timeout_s:.0f} s"
        raise EnvironmentFault(f"setup.command {why}", f"its output: {log}")
    if status != 0:
        raise EnvironmentFault(f"setup.command ended with status {status}", f"its output: {log}")


async def _wait_for_setup(
    process: asyncio.subprocess.Process, timeout_s: float, is_cancelled: Callable[[], bool]
) -> int | None:
    """Its exit status, None where it took too long or was cancelled. What a failed one left running is ended."""
    loop = asyncio.get_running_loop()
    end, ended = loop.time() + timeout_s, asyncio.ensure_future(process.wait())
    status = None
    try:
        while not ended.done() and loop.time() < end and not is_cancelled():
            await asyncio.wait([ended], timeout=min(_LOOK_S, max(0.0, end - loop.time())))
        status = ended.result() if ended.done() else None
        return status
    finally:
        if status != 0:
            _end_group(process.pid)
            await ended


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


async def respawn(c: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Run the session's agent again in the same worktree, as a new generation with a new recording.

    It resumes its conversation where it can, unless `conversation` is "none".
    """
    wanted = str(params.get("conversation") or "resume")
    if wanted not in ("resume", "none"):
        raise UserError(f"a conversation cannot be {wanted!r} in a respawn", "resume or none")
    view = c.view(params["session"])
    if view.process in LIVE and view.spec.id in c.lives:
        raise UserError(f"{view.spec.name} is still running", "kill it first, or fork it")
    if view.spec.place is not Place.WORKTREE:
        raise UserError(f"the worktree of {view.spec.name} is in the trash", "undo its kill first")
    env = dict(params.get("env") or os.environ)
    with c.claim(view.spec, "being respawned"):
        spec = replace(view.spec, generation=view.spec.generation + 1)
        return await _respawn(c, spec, env, wanted == "resume")


async def _respawn(c: Context, spec: SessionSpec, env: dict[str, str], is_resuming: bool) -> dict[str, Any]:
    known = resumed(c, spec) if is_resuming else ""
    opening = known if isinstance(known, Opening) else fresh(c, spec)
    what = " with its conversation" if isinstance(known, Opening) else ""
    operation = c.journal.begin("respawn", spec.id, f"respawn {spec.name}{what}", conversation=opening.id)
    try:
        old = c.lives.pop(spec.id, None)
        if old:
            await old.detach(forget=True)
        await clear_lost(c, spec)
        crash_point("respawn.begun")
        c.save(spec)
        crash_point("respawn.saved")
        await run_agent(c, spec, env, c.load_config().config, opening)
    except SteerError as e:
        c.journal.finish(operation, OperationState.FAILED, f"respawn {spec.name}: {e}")
        raise
    c.session_changed(spec.id)
    c.journal.finish(operation, OperationState.DONE)
    return {"notes": [known] if isinstance(known, str) and known else []}
