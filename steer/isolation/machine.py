"""Which levels this machine offers, found by trying: a program that is installed may still be forbidden to work."""

from __future__ import annotations

import functools
import shutil
import subprocess
from dataclasses import dataclass, field

from steer.isolation import landlock
from steer.isolation.bubblewrap import ALONE, BASE
from steer.model.isolation import Level

_TRY_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """`missing`: level -> one sentence why it cannot be had here."""

    landlock_abi: int = 0
    bwrap: str = ""
    missing: dict[Level, str] = field(default_factory=dict)

    def can(self, level: Level) -> bool:
        return level not in self.missing


@functools.cache
def look() -> Machine:
    """What this machine offers. Blocks for some 10 ms the first time; afterwards it is known."""
    abi, (bwrap, why) = landlock.abi(), _try_bwrap()
    missing = {}
    if abi < landlock.MIN_ABI:
        found = f"it has ABI {abi}" if abi else "it has none"
        missing[Level.L1] = (
            f"L1 needs a kernel with Landlock ABI {landlock.MIN_ABI} (Linux 6.12), and {found}"
        )
    if why:
        missing[Level.L2] = f"L2 needs bubblewrap, and {why}"
    return Machine(abi, bwrap, missing)


def _try_bwrap() -> tuple[str, str]:
    path = shutil.which("bwrap")
    if path is None:
        return "", "bwrap is not installed"
    try:
        done = subprocess.run(
            [path, *ALONE, *BASE, "--", "/bin/sh", "-c", "exit 0"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        return path, f"{path} does not run: {e}"
    if done.returncode == 0:
        return path, ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return path, f"{path} may not work here: {said[-1][:200] if said else f'status {done.returncode}'}"
