"""Two differences that touch the same lines, and those that do not."""

from __future__ import annotations

import difflib

import pytest

from steer.detect.overlap import Clash, clashes, overlap
from steer.detect.tree import FileChange

BASE = [f"line {n}" for n in range(1, 31)]


def change(path: str, **lines: str | None) -> FileChange:
    """A difference in which some lines (l7="new", l9=None for removed, i4="after line 4") are not as in the base."""
    new: list[str] = []
    for n, line in enumerate(BASE, 1):
        text = lines.get(f"l{n}", line)
        new += [] if text is None else [text]
        new += [lines[f"i{n}"] or ""] if f"i{n}" in lines else []
    patch = "\n".join(difflib.unified_diff(BASE, new, "a", "b", lineterm=""))
    return FileChange(path, "M", patch)


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"l7": "mine"}, {"l7": "theirs"}, ["a.py:7"]),
        ({"l7": "mine"}, {"l9": "theirs"}, []),  # within each other's context, but not the same lines
        ({"l7": "mine", "l8": "mine"}, {"l8": "theirs", "l9": "theirs"}, ["a.py:8"]),
        ({"l7": "x", "l8": "x", "l9": "x"}, {"l6": "y", "l7": "y", "l8": "y", "l9": "y"}, ["a.py:7-9"]),
        ({"l7": "same"}, {"l7": "same"}, []),
        ({"l7": None}, {"l7": "theirs"}, ["a.py:7"]),
        ({"i7": "mine"}, {"i7": "theirs"}, ["a.py:8"]),
        ({"i7": "mine"}, {"i8": "theirs"}, []),
        ({"i7": "mine"}, {"l7": "theirs", "l8": "theirs"}, ["a.py:8"]),
        ({"l2": "x", "l25": "x"}, {"l2": "y", "l25": "y"}, ["a.py:2", "a.py:25"]),
    ],
)
def test_lines(mine: dict[str, str | None], theirs: dict[str, str | None], expected: list[str]) -> None:
    one, other = [change("a.py", **mine)], [change("a.py", **theirs)]
    assert [str(c) for c in clashes(one, other)] == expected
    assert [str(c) for c in clashes(other, one)] == expected
    assert clashes(one, [change("b.py", **theirs)]) == []


def test_whole_files() -> None:
    added, other = FileChange("a.py", "A", "@@ -0,0 +1 @@\n+x"), FileChange("a.py", "A", "@@ -0,0 +1 @@\n+y")
    assert clashes([added], [other]) == [Clash("a.py")]
    assert clashes([added], [added]) == []
    gone = FileChange("a.py", "D", "@@ -1 +0,0 @@\n-x")
    assert clashes([gone], [change("a.py", l3="x")]) == [Clash("a.py")]
    assert clashes([gone], [gone]) == []


def test_the_flag_names_session_file_and_lines() -> None:
    flag = overlap([("quiet", []), ("green", [Clash("a.py", 3, 5), Clash("b.py")])], 7.0)
    assert flag is not None
    assert (flag.rule, flag.count, flag.at) == ("overlap", 2, 7.0)
    assert flag.evidence == ("a.py:3-5 is also changed by green", "b.py is also changed by green")
    assert "green" in flag.title
    assert overlap([("green", [])], 7.0) is None
    assert overlap([], 7.0) is None
