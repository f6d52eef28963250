"""Install the pinned agents' programs into a cache folder: `python -m tests.agents.install [NAME...]`.

An install is made beside its place and renamed into it, so that a half one is never taken for whole. The folder is
`$STEER_TEST_CACHE`, else `steer-test-agents` in `$XDG_CACHE_HOME` or `~/.cache`; in it each agent's `steer-bin/`
holds one program, named as users call it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PINNED = Path(__file__).with_name("versions.toml")
TIMEOUT_S = 900.0
_NPM = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error")


class NotInstalled(Exception):
    """Why an agent could not be installed, in one sentence."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One table of `versions.toml`."""

    name: str
    version: str
    program: str
    npm: str = ""
    pypi: str = ""
    module: str = ""
    executable: str = ""
    python: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return cache() / f"{self.name}-{self.version}"

    @property
    def bin(self) -> Path:
        """The folder for PATH."""
        return self.folder / "steer-bin"

    @property
    def is_installed(self) -> bool:
        return (self.bin / self.name).exists()


def cache() -> Path:
    if given := os.environ.get("STEER_TEST_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steer-test-agents"


def pins() -> dict[str, Pin]:
    data = tomllib.loads(PINNED.read_text("utf-8"))
    return {name: Pin(name, **{**v, "python": tuple(v.get("python", ()))}) for name, v in data.items()}


def install(pin: Pin) -> bool:
    """Make sure that it is there; False where it was already. Raises `NotInstalled`."""
    if pin.is_installed:
        return False
    cache().mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{pin.name}-", dir=cache()))
    try:
        (_install_npm if pin.npm else _install_pypi)(pin, work)
        _link_program(pin, work)
        _settle(work, pin)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _settle(work: Path, pin: Pin) -> None:
    """Rename into place. Another process may have been faster; its install is as good."""
    work.chmod(0o755)
    try:
        work.rename(pin.folder)
    except OSError as e:
        if not pin.is_installed:
            raise NotInstalled(f"{pin.folder} is in the way: {e.strerror}; remove it") from e


def _install_npm(pin: Pin, work: Path) -> None:
    (work / "package.json").write_text('{"private": true}\n')  # npm looks for one in the parents otherwise
    _run([*_NPM, "--prefix", str(work), f"{pin.npm}@{pin.version}"], work)


def _install_pypi(pin: Pin, work: Path) -> None:
    _run([_python(pin.python), "-m", "venv", str(work)], work)
    pip = [
        str(work / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-input",
    ]
    _run([*pip, f"{pin.pypi}=={pin.version}"], work)


def _python(versions: Sequence[str]) -> str:
    for program in (*(f"python{v}" for v in versions), sys.executable):
        ask = [program, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            done = subprocess.run(ask, capture_output=True, text=True, check=False)
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() in versions:
            return program
    raise NotInstalled(f"it needs Python {' or '.join(versions)} with venv")


def _run(command: Sequence[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise NotInstalled(f"{command[0]} is not on PATH")
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as e:
        raise NotInstalled(f"{command[0]} did not end within {TIMEOUT_S:.0f} s") from e
    if done.returncode:
        last = " | ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        raise NotInstalled(f"{' '.join(command[:3])} failed with status {done.returncode}: {last}")


def _link_program(pin: Pin, work: Path) -> None:
    found = sorted(work.glob(pin.program))
    if not found:
        raise NotInstalled(f"{pin.program} is not in the package (is there none for this platform?)")
    for path in work.glob(pin.executable) if pin.executable else ():
        path.chmod(0o755)
    target = f"../{found[0].relative_to(work)}"
    folder = work / "steer-bin"
    folder.mkdir()
    if not pin.module:
        (folder / pin.name).symlink_to(target)
        return
    script = folder / pin.name
    script.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/{target}" -m {pin.module} "$@"\n')
    script.chmod(0o755)


def main(argv: Sequence[str] | None = None) -> int:
    known = pins()
    parser = argparse.ArgumentParser(
        prog="python -m tests.agents.install", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"agents: {', '.join(known)} (default: all)")
    names = parser.parse_args(argv).names or list(known)
    if unknown := [n for n in names if n not in known]:
        parser.error(f"there is no agent {unknown[0]!r}; known: {', '.join(known)}")
    failed = 0
    for name in names:
        pin = known[name]
        try:
            what = "installed" if install(pin) else "is there"
            print(f"{name:9} {pin.version:10} {what}: {pin.bin / name}", flush=True)
        except NotInstalled as e:
            failed += 1
            print(f"{name:9} {pin.version:10} NOT INSTALLED: {e}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
