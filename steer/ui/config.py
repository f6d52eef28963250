"""What the board is told at its start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from steer.commands.keymap import DEFAULT_LEAVE
from steer.ui.layout import Arrangement
from steer.ui.theme_folder import DEFAULT_THEME, user_folder


@dataclass(frozen=True)
class UiConfig:
    """`keys`: command id to keys (`commands.keymap.resolve_keys`); `leave`: chords in Textual's names
    (`commands.keymap.check_leave`); `sidebar`: None shows the list where there is room.
    `clock` gives seconds since the epoch, for ages. `on_welcomed` is called when the first-run screen is left.
    """

    theme: str = DEFAULT_THEME
    keys: dict[str, list[str]] = field(default_factory=dict)
    leave: tuple[str, ...] = DEFAULT_LEAVE
    layout: Arrangement = Arrangement.GRID
    sidebar: bool | None = None
    copy_on_release: bool = False
    notify: bool = True
    is_first_run: bool = False
    on_welcomed: Callable[[], None] = lambda: None
    theme_folder: Path = field(default_factory=user_folder)
    clock: Callable[[], float] = time.time
