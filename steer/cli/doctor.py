"""`steer doctor`: what this machine, terminal and repository offer, and what is in the way."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from steer import __version__
from steer.agents.profile import Profile
from steer.agents.version import ask_version, warning
from steer.cli.option import add_json
from steer.cli.output import emit, say
from steer.config.schema import Config
from steer.errors import IsolationFault, SteerError
from steer.isolation.choose import choose
from steer.isolation.machine import Machine, look
from steer.model.isolation import Level

_LIBRARIES = ("textual", "pyghostty", "pygit2", "watchfiles", "ptyprocess", "anthropic")
_OPTIONAL = {"tmux": "only for the benchmarks", "notify-send": "desktop notices"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: ok | note | bad. A bad one keeps something from working and says what to do."""

    name: str
    state: str
    text: str
    more: tuple[str, ...] = ()


def add(verbs: Any) -> None:
    p = verbs.add_parser(
        "doctor",
        help="what works on this machine and what does not, with what to do",
        description="Checks Python, libraries, terminal, folders and repository. "
        "Exit status 4 when something is broken.",
    )
    p.add_argument(
        "--bench", action="store_true", help="also measure this machine beside tmux and git (minutes)"
    )
    add_json(p)
    p.set_defaults(run=_doctor)


def _doctor(args: argparse.Namespace) -> int:
    found = [
        *_program(),
        *isolation(look()),
        *_agents(),
        judge(os.environ),
        *_terminal(),
        *_folders(),
        *_logout(),
        *_repository(),
    ]
    value = {"findings": [asdict(f) for f in found]}

    def show() -> None:
        marks = {"ok": "✓", "note": "·", "bad": "✗"}
        for f in found:
            say(f"{marks[f.state]} {f.name:<12} {f.text}")
            for line in f.more:
                say(f"{'':<15}{line}")

    emit(args, value, show)
    if args.bench:
        _bench()
    return 4 if any(f.state == "bad" for f in found) else 0


def _program() -> list[Finding]:
    from importlib import metadata  # 25 ms that every other verb would pay

    found = [
        Finding("steer", "ok", f"{__version__} on Python {platform.python_version()}, {platform.system()}")
    ]
    for name in _LIBRARIES:
        try:
            found.append(Finding(name, "ok", metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, "bad", f"is not installed: pip install {name}"))
    found.append(_emulator())
    if shutil.which("git") is None:
        found.append(Finding("git", "bad", "is not on PATH; checkpoints need it"))
    for name, use in _OPTIONAL.items():
        there = shutil.which(name)
        found.append(Finding(name, "ok" if there else "note", there or f"not installed ({use})"))
    return found


def isolation(machine: Machine) -> list[Finding]:
    """Which levels can be had here, and what keeps from the others."""
    landlock = machine.missing.get(Level.L1)
    bwrap = machine.missing.get(Level.L2)
    return [
        Finding(
            "landlock", "note" if landlock else "ok", landlock or f"ABI {machine.landlock_abi}: L1 works"
        ),
        Finding("bubblewrap", "note" if bwrap else "ok", bwrap or f"{machine.bwrap}: L2 works"),
    ]


def level_of(profile: Profile, config: Config, machine: Machine) -> str:
    """The level that a session of this agent gets here, or why it does not start."""
    agent = config.agents.get(profile.name)
    wished = (agent.isolation if agent else "") or config.isolation.level
    try:
        found = choose(config.isolation, wished, profile.isolation, machine)
    except IsolationFault as e:
        return f"isolation: it does not start: {e.message}"
    return f"isolation {found.levels[0]} ({wished})" + (f": {found.why}" if found.why else "")


def _agents() -> list[Finding]:
    """Which known agents are installed, their versions as they say themselves, and what to know of each."""
    from steer.agents.catalog import load_catalog
    from steer.config.load import load

    try:
        config = load().config
        catalog = load_catalog(config.agents)
    except SteerError as e:
        return [Finding("agents", "bad", f"{e.message}; {e.hint}")]
    profiles = [p for p in map(catalog.get, catalog.names()) if p.argv]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda p: _agent(p, config), profiles))


def _agent(profile: Profile, config: Config) -> Finding:
    path = shutil.which(profile.argv[0])
    if path is None:
        return Finding(profile.name, "note", "not installed")
    try:
        said = ask_version(path)
    except (OSError, subprocess.TimeoutExpired) as e:
        return Finding(profile.name, "bad", f"{path} does not run: {e}")
    if old := warning(profile.title or profile.name, said, profile.observed):
        return Finding(profile.name, "note", f"{old} ({path})")
    what = f"{said or 'no version'} ({path}); {profile.note or profile.title}"
    return Finding(profile.name, "ok", what, (*abilities(profile), level_of(profile, config, look())))


def abilities(profile: Profile) -> list[str]:
    """What steer can do with this agent, as its profile says."""
    sources = [
        "its own reports" if profile.reports else "",
        "hooks" if profile.hooks else "",
        "title and screen" if profile.rules else "",
    ]
    message, talk = profile.message, profile.conversation
    ways = [
        "within a turn" if message.steer else "",
        "after a turn" if message.queue or message.steer else "when it is idle",
        "after stopping it" if profile.interrupt else "",
    ]
    found = ["state from " + (", ".join(filter(None, sources)) or "nothing: unknown")]
    found.append("messages " + ", ".join(filter(None, ways)))
    found.append(
        "answered from the board" if any(d.keys for d in profile.dialogs) else "answered in its terminal"
    )
    found.append("steps and tokens from its transcript" if talk.format else "steps from its terminal")
    kinds = (("resume", talk.resume), ("fork", talk.fork or talk.copied), ("fork from a turn", talk.copied))
    can = [word for word, has in kinds if has]
    return [*found, "conversation: " + (", ".join(can) or "files only, with a brief")]


def judge(environment: Mapping[str, str]) -> Finding:
    """Whether a model is asked for its opinion, which one, and with whose key."""
    from steer.agents.price import Prices
    from steer.config.load import load, user_file
    from steer.judge.judge import KEYS, key_source
    from steer.model.step import Usage

    try:
        config = load().config
    except SteerError as e:
        return Finding("judge", "bad", f"{e.message}; {e.hint}")
    wish = config.judge
    if not wish.enabled:
        return Finding("judge", "note", f"off; [judge] enabled = true in {user_file()} turns it on")
    if not (key := key_source(environment)):
        return Finding("judge", "note", f"off: it is enabled, but ${KEYS[0]} is not set")
    if Prices(config.prices).cost(Usage(wish.model)) is None:
        return Finding(
            "judge", "note", f'off: the price of {wish.model} is not known; add [prices."{wish.model}"]'
        )
    at = f" at {wish.base_url}" if wish.base_url else ""
    return Finding(
        "judge", "ok", f"on: {wish.model}{at}, key from ${key}, ${wish.budget_usd:.2f} a day at most"
    )


def _emulator() -> Finding:
    try:
        from steer.term.emulator import Emulator

        e = Emulator(10, 2)
        e.feed(b"ok")
        return Finding("emulator", "ok" if e.rows()[0] == "ok" else "bad", "libghostty-vt answers")
    except (ImportError, OSError) as e2:
        return Finding("emulator", "bad", f"libghostty-vt cannot be loaded here: {e2}")


def _terminal() -> list[Finding]:
    term, color = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    found = [Finding("terminal", "bad" if term in ("", "dumb") else "ok", f"TERM={term or 'not set'}")]
    if "truecolor" not in color and "24bit" not in color:
        found.append(Finding("colours", "note", "COLORTERM does not say truecolor; colours are approximated"))
    if not sys.stdout.isatty():
        found.append(Finding("tty", "note", "output is no terminal: the verbs work, the board does not"))
    if os.environ.get("TMUX"):
        found.append(
            Finding("tmux", "note", "inside tmux: give steer a key it does not take (leave chord: ctrl+q)")
        )
    return found


def _folders() -> list[Finding]:
    from steer.config.path import check_private, data_home, runtime_home, state_home

    found = []
    for name, folder in (("state", state_home()), ("worktrees", data_home()), ("sockets", runtime_home())):
        try:
            if folder.exists():
                check_private(folder)
            parent = next(p for p in (folder, *folder.parents) if p.exists())
            free = shutil.disk_usage(parent).free
            can = os.access(parent, os.W_OK)
            text = f"{folder} ({free / 1e9:.1f} GB free)" if can else f"{parent} is not writable"
            state = "bad" if not can else "note" if free < 2e9 else "ok"
            found.append(Finding(name, state, text))
        except SteerError as e:
            found.append(Finding(name, "bad", f"{e.message}; {e.hint}"))
    return found


def _logout() -> list[Finding]:
    """Nothing where agents outlive a logout, or where nobody can say."""
    from steer.adapters.logout import look_at_logout

    found = look_at_logout()
    return [Finding("logout", "note", f"{found.why}, agents too; {found.cure}")] if found.why else []


def _repository() -> list[Finding]:
    from steer.cli.connection import common_dir, running_supervisor
    from steer.config.load import load

    try:
        common = common_dir()
        load(common.parent)
    except SteerError as e:
        return [Finding("repository", "note", f"{e.message}; {e.hint}")]
    found = [Finding("repository", "ok", str(common.parent))]
    try:
        client = running_supervisor()
    except SteerError as e:
        return [*found, Finding("supervisor", "bad", f"{e.message}; {e.hint}")]
    if client is None:
        return [*found, Finding("supervisor", "note", "not running; it starts by itself")]
    with client:
        return [*found, Finding("supervisor", "ok", f"pid {client.call('ping')['pid']}")]


def _bench() -> None:
    """The benchmarks live with the tests; an installed wheel does not carry them."""
    try:
        panes = importlib.import_module("tests.benchmarks.panes")  # only in a checkout
    except ImportError:
        say("the benchmarks are part of a source checkout: run `python -m tests.benchmarks.panes` there")
        return
    panes.main([])
