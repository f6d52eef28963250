"""What a file watcher named is enough for a checkpoint only while nothing else can have changed."""

from __future__ import annotations

from steer.runtime.touched import FULL_EVERY_S, MOST_PATHS, Touched


def scanned() -> Touched:
    touched = Touched()
    touched.scanning("a", 0.0)
    return touched


def test_paths_are_taken_once() -> None:
    touched = scanned()
    touched.add("a", {b"x", b"y"})
    touched.add("a", {b"x"})
    assert touched.take("a", 1.0) == [b"x", b"y"]
    assert touched.take("a", 2.0) is None


def test_sessions_are_kept_apart_and_unknown_ones_are_scanned() -> None:
    touched = scanned()
    touched.add("a", {b"x"})
    touched.add("b", {b"y"})
    assert touched.take("b", 1.0) is None
    assert touched.take("a", 1.0) == [b"x"]


def test_what_changed_before_a_scan_needs_no_other_look() -> None:
    touched = scanned()
    touched.add("a", {b"x"})
    touched.scanning("a", 1.0)
    touched.add("a", {b"y"})
    assert touched.take("a", 2.0) == [b"y"]


def test_many_paths_a_long_time_or_a_failure_ask_for_a_scan() -> None:
    touched = scanned()
    touched.add("a", {b"%d" % n for n in range(MOST_PATHS + 1)})
    assert touched.take("a", 1.0) is None
    touched = scanned()
    touched.add("a", {b"x"})
    assert touched.take("a", FULL_EVERY_S + 1) is None
    touched = scanned()
    touched.add("a", {b"x"})
    touched.forget("a")
    assert touched.take("a", 1.0) is None
