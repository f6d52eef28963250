"""From configuration files to what the board is told at its start."""

from __future__ import annotations

from pathlib import Path

from steer.config.load import load
from steer.config.path import cache_home
from steer.errors import ConfigError
from steer.ui.config import UiConfig
from steer.ui.layout import Arrangement


def ui_config(common_dir: Path | None) -> UiConfig:
    """The settings of this user, for the board of this repository if there is one. Raises `ConfigError`."""
    config = load(common_dir.parent if common_dir else None).config
    welcomed = cache_home() / "welcomed"
    try:
        layout = Arrangement(config.ui.layout)
    except ValueError:
        known = ", ".join(a.value for a in Arrangement)
        raise ConfigError(f"ui.layout cannot be {config.ui.layout!r}", f"one of: {known}") from None
    return UiConfig(
        theme=config.ui.theme,
        keys={command: list(keys) for command, keys in config.keys.items()},
        leave=config.ui.leave_keys,
        layout=layout,
        sidebar=None if config.ui.sidebar else False,
        copy_on_release=config.ui.copy_on_release,
        notify=config.ui.notify,
        is_first_run=common_dir is not None and not welcomed.exists(),
        on_welcomed=lambda: remember(welcomed),
    )


def remember(marker: Path) -> None:
    """Something that is said once was said; a cache folder that cannot be written only means hearing it again."""
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch(mode=0o600)
    except OSError:
        pass
