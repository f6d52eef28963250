"""What a shell command is about, past folders, environment, time limits and pipes: its family.

"cd src && FOO=1 timeout 60 python -m pytest -q tests | tail -5" is of the family "pytest". A success of a family
clears what failed in it; a failure counts whatever the command's text was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SEPARATOR = re.compile(r"\s*(?:&&|\|\||;|\n)\s*")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=\S*$")
_WRAPPERS = frozenset(
    "sudo env time nice nohup exec command timeout stdbuf xargs unbuffer caffeinate poetry uv pipenv hatch pdm "
    "bundle npx bunx pnpx run do then".split()
)
_INTERPRETERS = re.compile(
    r"^(python[\d.]*|python3|node|bash|sh|zsh|ruby|perl|deno|bun|tsx|ts-node|java|go|cargo)$"
)
_TWO_WORDS = frozenset(
    "npm yarn pnpm go cargo git docker kubectl make just mise rake gradle gradlew mvn mvnw dotnet swift bun deno "
    "apt apt-get pip pip3 conda brew gh".split()
)
_SETUP = frozenset("cd pushd popd export set source . echo true printf mkdir sleep clear pwd".split())
_QUIET_STATUS = frozenset(
    "grep rg egrep fgrep ag ack diff cmp test [ [[ which type command pgrep find ls stat".split()
)

_CHECKS = re.compile(
    r"^(?:pytest|unittest|tox|nox|nose2?|jest|vitest|mocha|rspec|phpunit|ctest|npm (?:test|t|check|lint|typecheck)|"
    r"(?:yarn|pnpm|bun) (?:test|lint|check)|go (?:test|vet)|cargo (?:test|check|clippy|build)|mvnw? (?:test|verify)|"
    r"gradlew? (?:test|check|build)|make (?:test|check|lint)|just (?:test|check|lint)|mise (?:test|lint|check)|"
    r"tsc|eslint|ruff|mypy|pyright|flake8|golangci-lint|dotnet test|swift test)\b"
)


def is_check(names: Iterable[str]) -> bool:
    """Whether one of the families is a test run, a linter or a type checker."""
    return any(_CHECKS.match(name) for name in names)


@lru_cache(maxsize=4096)
def families(command: str) -> tuple[str, ...]:
    """Families of what a command line runs, in order; setting the scene (cd, export) is left out where more runs."""
    parts = [_family(re.split(_PIPE, part, maxsplit=1)[0]) for part in _parts(command)]
    found = [part for part in parts if part]
    return tuple(dict.fromkeys(p for p in found if p not in _SETUP)) or tuple(dict.fromkeys(found))


def is_quiet_status(command: str) -> bool:
    """Whether exit status 1 of it says "nothing found" rather than "failed": grep, diff, test."""
    parts = _parts(command)
    last = _family(re.split(_PIPE, parts[-1])[-1]) if parts else ""
    return last.split()[:1] != [] and last.split()[0] in _QUIET_STATUS


def writes_file(command: str) -> bool:
    """Whether its output goes into a file, so that printing nothing says nothing."""
    return ">" in re.sub(r"\d?>\s*/dev/null|\d>&\d|&>\s*/dev/null", "", command)


def hides_status(command: str) -> bool:
    """Whether its status may be that of another program than the one that matters: pipes, lists, fed programs."""
    bare = re.sub(r"2>&1|\|\||&&|>&2", " ", command) if "||" not in command else command
    return "|" in bare or ";" in bare or "<<" in bare or "\n" in command.strip()


def without_heredocs(command: str) -> str:
    """Its text without the bodies of here-documents, which are data."""
    lines, kept, end = command.split("\n"), [], ""
    for line in lines:
        if end:
            if line.strip() == end:
                end = ""
            continue
        kept.append(line)
        if found := re.search(r"<<-?\s*['\"]?(\w+)['\"]?", line):
            end = found.group(1)
    return "\n".join(kept)


def _parts(command: str) -> list[str]:
    """The commands of a list. Quoted text keeps its place but not its content, which may hold any character."""
    bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", _quoted, without_heredocs(command)[:4000])
    return [part for part in _SEPARATOR.split(bare) if part]


def _quoted(found: re.Match[str]) -> str:
    """One word stays what it is ("my test"), a program in quotes becomes a mark."""
    text = found.group(0)[1:-1]
    return text if re.fullmatch(r"[\w./:@=-]{1,60}", text) else "…"


def _family(part: str) -> str:
    words = part.split()
    while len(words) > 1 and (_is_wrapper(words[0]) or _ASSIGNMENT.match(words[0])):
        words.pop(0)
    if not words:
        return ""
    name = words[0].strip("\"'()").rsplit("/", 1)[-1]
    rest = [w for w in words[1:] if not w.startswith("-") and ">" not in w]
    if name.startswith("python") and "-m" in words[1:-1]:
        return words[words.index("-m") + 1]
    if name in _TWO_WORDS and rest:
        if rest[0] in ("run", "exec", "x") and len(rest) > 1:
            return f"{name} {rest[1]}"
        return f"{name} {rest[0]}"[:60]
    if _INTERPRETERS.match(name) and any(re.match(r"-\w*[ce]$|-$", w) for w in words[1:3]):
        return f"{name} -c"
    if _INTERPRETERS.match(name) and rest:
        return f"{name} {rest[0].rsplit('/', 1)[-1]}"[:60]
    return name[:60]


def _is_wrapper(word: str) -> bool:
    return word in _WRAPPERS or bool(re.fullmatch(r"\d+[smh]?|-\S+", word))
