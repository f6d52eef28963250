"""The judge in a fleet: a detector is unsure, a model is asked, its words become a flag and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.e2e.place import Place
from tests.e2e.test_conversation import begin, fake, say
from tests.judge.service import error, serve, verdict

__all__ = ["fake"]  # a fixture

QUOTE = "agent edits: docs/logo.svg"
DRIFT = verdict(drift=True, quote=QUOTE, confidence=0.8, correction="Leave the logo alone, fix the parser.")


def enable(place: Place, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    config = f'[judge]\nenabled = true\nbase_url = "{url}"\nevery_minutes = 0\n'
    (place.root / "c" / "steer" / "config.toml").write_text(config)


def test_a_doubt_becomes_a_flag_that_outlives_the_supervisor_until_the_operator_speaks(
    fake: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(DRIFT) as service:
        enable(fake, monkeypatch, service.url)
        s = begin(fake, scope=["src/**"])
        say(fake, s, "edit docs/logo.svg")

        def flagged(v: dict[str, object]) -> bool:
            return any(f["rule"] == "judge" for f in v["flags"])  # type: ignore[attr-defined] # JSON

        v = fake.wait(s, "flagged by the judge", lambda v: flagged(v) and 0 < v["judge_usd"] < 0.01)
        (flag,) = [f for f in v["flags"] if f["rule"] == "judge"]
        assert (flag["severity"], flag["propose"]) == ("warn", "inject")
        assert flag["suggestion"] == "Leave the logo alone, fix the parser."
        assert QUOTE in flag["evidence"]
        assert "operator says: edit docs/logo.svg" in service.asked[0]["messages"][0]["content"]
        assert any("judge, asked once for $0.00" in line for line in fake.call("explain", session=s)["lines"])
        fake.kill_supervisor()
        again = fake.wait(s, "still flagged", flagged)
        assert again["judge_usd"] == v["judge_usd"]
        assert not [o for o in fake.operations("inject") if flag["suggestion"] in json.dumps(o)]
        say(fake, s, flag["suggestion"])
        fake.wait(s, "answered", lambda v: not flagged(v))
        assert len(service.asked) == 1


def test_a_judge_that_cannot_answer_leaves_a_sentence(fake: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(error(401, "authentication_error", "invalid key")) as service:
        enable(fake, monkeypatch, service.url)
        s = begin(fake, scope=["src/**"])
        say(fake, s, "edit docs/logo.svg")
        path = fake.paths.state / "judge.jsonl"
        fake.wait(s, "asked", lambda v: path.exists() and "status 401" in path.read_text())
        assert any("status 401" in line for line in fake.call("explain", session=s)["lines"])
        assert not (fake.paths.state / "crash.log").exists()
