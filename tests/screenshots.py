"""Make the pictures of the README: the real board on the demo's agents, as SVG.

    python -m tests.screenshots [--out recordings/screenshots] [--theme NAME] [SIZE ...]     e.g. 120x40

The agents run for real (supervisor, keepers, worktrees); only the terminal is Textual's headless one.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from steer.cli.connection import call, common_dir
from steer.demo.sandbox import chosen, sandbox, session_wish
from steer.model.session import Activity
from steer.runtime.client import FleetClient
from steer.runtime.supervise import ensure_supervisor, shut_down
from steer.ui.app import SteerApp
from steer.ui.config import UiConfig

SIZES = ("80x24", "120x40", "200x50")
PACE = 0.6
LIMIT_S = 120.0


def is_telling(app: SteerApp) -> bool:
    """Every kind of news is on the board: one idle, one asking, the loop and the drift flagged."""
    views = app.board.state.fleet.sessions
    rules = {f.rule for v in views for f in v.flags}
    activities = {v.activity for v in views}
    return {"repeated-failure", "out-of-scope", "asking"} <= rules and Activity.IDLE in activities


async def shoot(sizes: list[str], out: Path, theme: str) -> None:
    common = common_dir()
    for size in sizes:
        cols, rows = map(int, size.split("x"))
        app = SteerApp(FleetClient(lambda: ensure_supervisor(common)), UiConfig(theme=theme))
        async with app.run_test(size=(cols, rows)) as pilot:
            deadline = time.monotonic() + LIMIT_S
            while not is_telling(app) and time.monotonic() < deadline:
                await pilot.pause(0.2)
            await pilot.press("2")
            await pilot.pause(1.5)
            path = out / f"board-{size}{'' if theme == 'harbor' else '-' + theme}.svg"
            path.write_text(app.export_screenshot(title="steer"))
            print(path)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("sizes", nargs="*", default=list(SIZES))
    p.add_argument("--out", type=Path, default=Path("recordings/screenshots"))
    p.add_argument("--theme", default="harbor")
    args = p.parse_args()
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with sandbox():
        try:
            for name in chosen([]):
                call("start", **session_wish(name, PACE))
            asyncio.run(shoot(args.sizes, out, args.theme))
        finally:
            shut_down(common_dir())


if __name__ == "__main__":
    main()
