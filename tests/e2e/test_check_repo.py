"""What an agent changes in `.git` is flagged, shown, and held against it until the operator accepts it."""

from __future__ import annotations

import subprocess

from tests.e2e.place import Place

AGENT = r"""
import subprocess, sys
print("ready", flush=True)
for line in sys.stdin:
    print("did", subprocess.run(line.strip(), shell=True).returncode, line.strip(), flush=True)
"""


def agent(place: Place, name: str) -> str:
    session = place.start(place.script(name, AGENT), name=name)
    place.shows(session, "ready")
    return session


def tell(place: Place, session: str, command: str) -> None:
    place.call("inject", session=session, text=command)
    place.shows(session, f"did 0 {command}")


def flagged(place: Place, session: str) -> dict[str, object]:
    view = place.wait(
        session, "flagged", lambda v: any(f["rule"] == "repository-changed" for f in v["flags"])
    )
    return next(f for f in view["flags"] if f["rule"] == "repository-changed")


def test_a_planted_hook_is_flagged_shown_and_accepted(place: Place) -> None:
    place.tell()
    subprocess.run(["git", "config", "user.nick", "x"], cwd=place.repo, check=True)
    session = agent(place, "one")
    assert place.run("check-repo").out.startswith("nothing in .git changed"), "what you did before is yours"
    tell(place, session, f"echo '#!/bin/sh' > {place.repo}/.git/hooks/pre-commit")
    tell(place, session, f"git -C {place.repo} config core.fsmonitor /tmp/evil")
    flag = flagged(place, session)
    assert flag["severity"] == "urgent" and flag["propose"] == "check_repo"
    done = place.run("check-repo")
    assert done.status == 1 and "hooks/pre-commit was added" in done.out and "+#!/bin/sh" in done.out
    assert "config was changed" in done.out and "fsmonitor = /tmp/evil" in done.out

    place.kill_supervisor()
    flagged(place, session)  # it is not forgotten
    assert place.run("check-repo", "--accept").status == 0
    place.wait(session, "accepted", lambda v: not any(f["rule"] == "repository-changed" for f in v["flags"]))
    assert place.run("check-repo").status == 0


def test_commits_on_its_own_branch_are_fine_and_moving_another_is_not(place: Place) -> None:
    subprocess.run(["git", "branch", "precious"], cwd=place.repo, check=True)
    session = agent(place, "one")
    tell(place, session, "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x")
    assert place.run("check-repo").status == 0
    tell(place, session, "git branch -f precious HEAD")
    assert flagged(place, session)["severity"] == "warn"
    assert "branch precious was moved" in place.run("check-repo").out
    place.call("kill", session=session)
    assert "branch precious was moved" in place.run("check-repo").out, (
        "and steer's own moving of branches is not told"
    )


def test_what_happens_while_no_agent_runs_is_the_operators(place: Place) -> None:
    session = agent(place, "one")
    place.call("kill", session=session)
    subprocess.run(["git", "config", "alias.x", "status"], cwd=place.repo, check=True)
    second = agent(place, "two")
    assert place.run("check-repo").status == 0
    assert not place.view(second)["flags"]
