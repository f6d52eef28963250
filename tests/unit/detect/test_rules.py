"""Rules files, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from steer.detect.rules import Rules, default_rules, read_rules, rules_from
from steer.errors import ConfigError
from tests.unit.detect.scene import found, run

FAILED = [run(f"pytest {n}", "FAILED tests/test_a.py::test_b\n", 1) for n in range(2)]


def test_the_built_in_values_are_those_that_ship() -> None:
    shipped, built_in = default_rules(), Rules()
    assert (shipped.repeat, shipped.drift, shipped.stall, shipped.correction) == (
        built_in.repeat, built_in.drift, built_in.stall, built_in.correction,
    )  # fmt: skip
    assert len({d.id for d in shipped.danger}) == len(shipped.danger) > 10


def test_what_is_not_named_stays() -> None:
    rules = rules_from({"repeat": {"amber": 2}, "stall": {"amber_s": 60}}, "mine", default_rules())
    assert (rules.repeat.amber, rules.repeat.window) == (2, default_rules().repeat.window)
    assert (rules.stall.amber_s, rules.danger) == (60.0, default_rules().danger)
    assert [f.rule for f in found(FAILED, rules=rules)] == ["same-error"]
    assert found(FAILED) == []


def test_rules_and_kinds_can_be_switched_off() -> None:
    danger = [run("git reset --hard")]
    for name in ("git-reset", "danger"):
        assert found(danger, rules=rules_from({"off": [name]}, "mine", default_rules())) == []


def test_a_rule_of_ones_own() -> None:
    own = {"id": "deploy", "level": "red", "title": "deploys", "pattern": r"\bdeploy\b", "asked": "deploy"}
    rules = rules_from({"danger": [own]}, "mine", default_rules())
    assert [f.rule for f in found([run("make deploy")], rules=rules)] == ["deploy"]
    assert found([run("make deploy")], task="Deploy it", rules=rules) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[repeat]\nwindw = 3", "windw"),
        ("[repeat]\namber = 'three'", "amber"),
        ("[repeat]\namber = 0", "amber"),
        ("[repeat]\namber = true", "amber"),
        ("[nothing]\na = 1", "nothing"),
        ("off = 'drift'", "off"),
        ("[[danger]]\nid = 'x'", "danger"),
        ("[[danger]]\nid = 'x'\nlevel = 'pink'\ntitle = 't'\npattern = 'p'", "danger"),
        ("[[danger]]\nid = 'x'\nlevel = 'red'\ntitle = 't'\npattern = '('", "danger"),
        ("danger = ['x']", "danger"),
        ("= nothing", "line 1"),
    ],
)
def test_bad_files_name_themselves_and_the_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as e:
        read_rules(path)
    assert str(path) in e.value.message
    assert says in e.value.message


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_rules(tmp_path / "none.toml")
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError):
        read_rules(path)
