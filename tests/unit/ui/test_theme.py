"""Every shipped theme is whole and readable; a bad file is one sentence that names file and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steer.errors import ConfigError, UserError
from steer.ui.frame_line import _BY_RANK
from steer.ui.look import look
from steer.ui.theme import Theme, parse_theme
from steer.ui.theme_folder import DEFAULT_THEME, load_themes, pick_theme, shipped_folder

THEMES, ERRORS = load_themes((shipped_folder(),))
TEXT = (shipped_folder() / "harbor.toml").read_text()


def _luminance(colour: str) -> float:
    """WCAG 2.1 relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_there_are_themes_for_everybody() -> None:
    assert ERRORS == []
    assert {"dark", "light", "high-contrast", "colour-blind", "harbor", "ember", "paper"} <= set(THEMES)
    assert DEFAULT_THEME in THEMES


@pytest.mark.parametrize("name", sorted(THEMES))
def test_what_must_be_read_can_be_read(name: str) -> None:
    colours = THEMES[name].colours
    for surface in ("surface.background", "surface.panel"):
        ground = colours[surface]
        assert contrast(colours["text.normal"], ground) >= 7
        for key in ("activity.asking", "activity.error", "activity.working", "flag.urgent", "flag.warn",
                    "text.accent", "diff.added", "diff.removed", "process.failed", "text.muted"):  # fmt: skip
            assert contrast(colours[key], ground) >= 3.5, key


def test_high_contrast_is() -> None:
    colours = THEMES["high-contrast"].colours
    ground = colours["surface.background"]
    weak = [k for k, c in colours.items() if k.split(".")[0] in ("text", "activity", "flag", "process")
            and contrast(c, ground) < 7]  # fmt: skip
    assert weak == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("asking = ", "asknig = "), "harbor.toml: activity: unknown key 'asknig'"),
        (('working = "#', 'working = "'), "harbor.toml: activity.working is not a colour"),
        (("[diff]", "[dif]"), "harbor.toml: unknown key 'dif'"),
        (('name = "Harbor"', "name = 3"), "harbor.toml: name must be a text"),
        (("dark = true", "dark = 1"), "harbor.toml: dark must be true or false"),
        (("dark = true", "dark = "), "harbor.toml is not valid TOML"),
    ],
)
def test_errors_name_file_and_key(change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_theme(TEXT.replace(*change, 1), "harbor.toml")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"border\.focus is missing"):
        parse_theme(re.sub(r"focus = .*\n", "", TEXT), "mine.toml")


def test_a_bad_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "mine.toml").write_text(TEXT.replace('"Harbor"', '"Mine"'))
    themes, errors = load_themes((shipped_folder(), tmp_path))
    assert themes["mine"].name == "Mine" and "bad" not in themes
    assert [str(e).split(" ")[0] for e in errors] == ["bad.toml"]


def test_an_unknown_theme_lists_the_known() -> None:
    with pytest.raises(UserError) as caught:
        pick_theme("nope", THEMES)
    assert "harbor" in caught.value.hint


def _mono(role: str) -> object:
    theme: Theme = THEMES[DEFAULT_THEME]
    return look(role, theme, has_colour=False)


def test_without_colour_states_stay_apart() -> None:
    looks = [_mono(role) for role in ("activity.asking", "activity.error", "activity.working", "text.muted")]
    assert len(set(map(repr, looks))) == 4
    assert all(getattr(one, "foreground") == getattr(one, "background") == "" for one in looks)  # noqa: B009


def test_frames_are_never_underlined() -> None:
    for role in _BY_RANK.values():
        assert not look(role, THEMES[DEFAULT_THEME], has_colour=False).underline
