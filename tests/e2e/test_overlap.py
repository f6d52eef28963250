"""Two agents in the same lines of a file are told of while both work."""

from __future__ import annotations

from tests.e2e.place import Place, View

AGENT = """
import pathlib, sys, time
path = pathlib.Path("shop/cart.py")
lines = path.read_text().split("\\n")
lines[int(sys.argv[1]) - 1] = sys.argv[2]
path.write_text("\\n".join(lines))
print("changed", flush=True)
sys.stdin.read()
"""
CART = "".join(f"line {n}\n" for n in range(1, 21))


def overlaps(view: View) -> list[str]:
    return [line for flag in view["flags"] if flag["rule"] == "overlap" for line in flag["evidence"]]


def test_both_are_flagged_and_cleared_when_one_is_killed(place: Place) -> None:
    (place.repo / "shop").mkdir(exist_ok=True)
    (place.repo / "shop" / "cart.py").write_text(CART)
    commit(place)
    agent = place.script("agent", AGENT)
    red = place.start([*agent, "7", "red was here"], name="red", task="the colour")
    green = place.start([*agent, "7", "green was here"], name="green", task="the light")
    blue = place.start([*agent, "15", "blue was here"], name="blue", task="the sky")

    view = place.wait(red, "flagged", overlaps)
    assert overlaps(view) == ["shop/cart.py:7 is also changed by green"]
    assert overlaps(place.wait(green, "flagged", overlaps)) == ["shop/cart.py:7 is also changed by red"]
    place.wait(blue, "seen", lambda v: v["diff"]["files"] == 1)
    assert overlaps(place.view(blue)) == []

    place.call("kill", session=green)
    place.wait(red, "alone", lambda v: not overlaps(v))


def test_attempts_at_one_task_are_no_overlap(place: Place) -> None:
    (place.repo / "shop").mkdir(exist_ok=True)
    (place.repo / "shop" / "cart.py").write_text(CART)
    commit(place)
    agent = place.script("agent", AGENT)
    one = place.start([*agent, "7", "one"], name="one", task="the same")
    two = place.start([*agent, "7", "two"], name="two", task="the same")
    other = place.start([*agent, "7", "other"], name="other", task="another")
    for session in (one, two):
        lines = overlaps(place.wait(session, "flagged", overlaps))
        assert lines == ["shop/cart.py:7 is also changed by other"]
    both = place.wait(other, "flagged twice", lambda v: len(overlaps(v)) == 2)
    assert len(overlaps(both)) == 2


def commit(place: Place) -> None:
    import subprocess

    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for args in (["add", "-A"], [*identity, "commit", "-qm", "cart"]):
        subprocess.run(["git", *args], cwd=place.repo, check=True, capture_output=True)
