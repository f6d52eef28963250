"""Versions of agent CLIs, as they say themselves, against the one that a profile was observed with."""

from __future__ import annotations

import re
import subprocess

LIMIT_S = 15.0  # Node programs start slowly on a cold disk
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def ask_version(path: str) -> str:
    """The first line that `path --version` prints, at most 40 characters; "" where it prints none.

    Raises `OSError` or `subprocess.TimeoutExpired` where it does not run.
    """
    done = subprocess.run(
        [path, "--version"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
        errors="replace",
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0][:40] if lines else ""


def is_older(said: str, observed: str) -> bool:
    """Whether the version in `said` ("2.1.100 (Claude Code)") is before `observed`; False where either is unknown."""
    found, known = _NUMBER.search(said), _NUMBER.search(observed)
    return bool(found and known) and _parts(found) < _parts(known)


def _parts(match: re.Match[str] | None) -> tuple[int, ...]:
    return tuple(int(n) for n in match.group(0).split(".")) if match else ()


def warning(title: str, said: str, observed: str) -> str:
    """One sentence for the operator; "" where nothing is to be said."""
    if not is_older(said, observed):
        return ""
    number = _NUMBER.search(said)
    found = number.group(0) if number else said
    return (
        f"{title} {found} is older than {observed}, with which its profile was made: its state may be misread"
    )
