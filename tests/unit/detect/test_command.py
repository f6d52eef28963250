"""What a command line is about."""

from __future__ import annotations

import pytest

from steer.detect.command import (
    families,
    hides_status,
    is_check,
    is_quiet_status,
    without_heredocs,
    writes_file,
)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest -q", ("pytest",)),
        ("cd src && FOO=1 timeout 60 python -m pytest -q tests | tail -5", ("pytest",)),
        ("env A=1 B=2 nice -n 5 make test", ("make test",)),
        ("poetry run pytest tests/test_a.py", ("pytest",)),
        ("npx jest --ci", ("jest",)),
        ("npm run lint", ("npm lint",)),
        ("npm test", ("npm test",)),
        ("/usr/local/bin/cargo test --all", ("cargo test",)),
        ("git status && git diff", ("git status", "git diff")),
        ("python3 train.py --epochs 5", ("python3 train.py",)),
        ("python3 -c 'import a; print(1)'", ("python3 -c",)),
        ("cat <<'EOF' > a.py\npytest && make\nEOF\npython3 a.py", ("cat", "python3 a.py")),
        ('echo "a && b | c; pytest"', ("echo",)),
        ("git commit -m 'fix; pytest'", ("git commit",)),
        ("cd /tmp", ("cd",)),
        ("", ()),
    ],
)
def test_families(command: str, expected: tuple[str, ...]) -> None:
    assert families(command) == expected


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("pytest -x", True),
        ("uv run mypy src", True),
        ("go test ./...", True),
        ("npm run typecheck", True),
        ("make lint", True),
        ("make install", False),
        ("cat pytest.ini", False),
        ("go build ./...", False),
    ],
)
def test_checks_are_known(command: str, is_one: bool) -> None:
    assert is_check(families(command)) is is_one


def test_status_one_of_a_search_is_no_failure() -> None:
    assert is_quiet_status("grep -rn foo src")
    assert is_quiet_status("cat a | grep b")
    assert not is_quiet_status("grep -rn foo src; make")
    assert not is_quiet_status("")


def test_status_that_is_another_programs() -> None:
    assert hides_status("make | tail")
    assert hides_status("make; echo done")
    assert not hides_status("make 2>&1")
    assert not hides_status("cd a && make")


def test_output_into_a_file() -> None:
    assert writes_file("make > log")
    assert not writes_file("make > /dev/null 2>&1")


def test_bodies_of_here_documents_are_data() -> None:
    assert "rm" not in without_heredocs("cat <<EOF > a\nrm -rf /\nEOF\nls")
    assert without_heredocs("cat <<EOF > a\nx\nEOF\nls").endswith("ls")
