"""The README says what is so: key table, commands, pictures."""

from __future__ import annotations

import re
from pathlib import Path

from steer.cli.main import build_parser
from steer.commands.keymap import key_table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_key_table_is_the_registry() -> None:
    found = re.search(r"<!-- keys -->\n(.*?)\n<!-- /keys -->", README, re.S)
    assert found, "README.md has no key table"
    assert found.group(1).strip() == key_table().strip(), "run: steer keys --markdown"


def test_every_verb_named_in_the_readme_exists() -> None:
    known = set(re.findall(r"^    ([a-z-]+)\s", build_parser().format_help(), re.M))
    assert known
    named = set(re.findall(r"`steer ([\w-]+)", README)) - {"board"}
    assert named <= known | {"demo"}, named - known


def test_pictures_exist() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file(), picture


def test_architecture_names_only_files_that_exist() -> None:
    text = (ROOT / "steer" / "ARCHITECTURE.md").read_text("utf-8")
    for path in set(re.findall(r"`((?:tests|themes)/[\w/.-]+)`", text)):
        assert (ROOT / path).exists(), path
    for path in set(
        re.findall(r"`((?:ui|runtime|term|config|model|commands|adapters|cli)/[\w/]+\.py)[`:]", text)
    ):
        assert (ROOT / "steer" / path).exists(), path
