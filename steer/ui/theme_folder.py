"""Finding and reading theme files: the ones that come with steer, and the user's own."""

from __future__ import annotations

from pathlib import Path

from steer.config.path import config_home
from steer.errors import ConfigError, SteerError, UserError
from steer.ui.theme import Theme, parse_theme

DEFAULT_THEME = "harbor"
MAX_BYTES = 65_536


def shipped_folder() -> Path:
    """`steer/themes` in an installed wheel, the repository's `themes` in a source checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def user_folder() -> Path:
    return config_home() / "themes"


def theme_files(folders: tuple[Path, ...]) -> dict[str, Path]:
    """Theme name (the file's stem) to file; a later folder wins, so users can replace a shipped theme."""
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}


def read_theme(file: Path) -> Theme:
    """Raises `ConfigError` naming the file, and the key where one is wrong."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{file.name} is larger than a theme can be")
        text = file.read_text(encoding="utf-8")
    except OSError as e:
        raise ConfigError(f"cannot read the theme {file}: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigError(f"{file.name} is not UTF-8 text") from e
    return parse_theme(text, file.name)


def load_themes(folders: tuple[Path, ...]) -> tuple[dict[str, Theme], list[SteerError]]:
    """Every readable theme by file stem, and one error for each that is not."""
    themes: dict[str, Theme] = {}
    errors: list[SteerError] = []
    for name, file in theme_files(folders).items():
        try:
            themes[name] = read_theme(file)
        except SteerError as e:
            errors.append(e)
    return themes, errors


def pick_theme(name: str, themes: dict[str, Theme]) -> Theme:
    """Raises `UserError` listing what there is."""
    if name not in themes:
        raise UserError(f"there is no theme {name!r}", "themes: " + ", ".join(sorted(themes)))
    return themes[name]
