"""What a replacement of text in a test does to what the test demands: less, or something else.

Python is read with its own grammar, so that a renamed test or a reformatted assertion is no loss; other languages,
and fragments that are no whole statements, by their lines.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ASSERTION = re.compile(r"\b(assert\w*|expect|should|require\.\w+|t\.(Error|Fatal)\w*)\b", re.I)
_SKIP = re.compile(r"\b(skip\w*|xfail|ignore|todo|xit|xdescribe|t\.Skip)\b", re.I)
# Assertions that hold for nearly everything; replacing an exact one by these empties a test.
_VAGUE = re.compile(
    r"\b(assertTrue|assertIsNotNone|assertGreater\w*|assertLess\w*|assertNot\w*|toBeTruthy|toBeDefined)\b"
)
_EXACT = re.compile(
    r"(\bassert(Almost)?Equals?\b|\bassertRaises\w*|==|\btoBe\b|\btoEqual\b|\btoStrictEqual\b)"
)
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(?<![\w.])-?\d+(?:\.\d+)?\b")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`\n]*`")
_GUARD = re.compile(r"\bt\.(?:Fatal|Error)\w*\(.*\berr\)\s*$")  # Go: the helper itself failed
MAX_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class Change:
    loss: str = ""  # "2 assertions fewer"; "" where nothing was lost
    expected: tuple[str, ...] = ()  # values now expected in an assertion that is otherwise as it was


def changed(path: str, old: str, new: str) -> Change:
    """What the replacement of `old` by `new` in the test `path` does; either may be a fragment."""
    if len(old) + len(new) > MAX_CHARS:
        return Change()
    if path.endswith(".py") and (before := _read(old)) and (after := _read(new)):
        return Change(_python_loss(before, after), _python_expected(before, after))
    return Change(lost(old.splitlines(), new.splitlines()), _expected(old, new))


def lost(removed: Sequence[str], added: Sequence[str]) -> str:
    """By lines alone: what is demanded less where `removed` became `added`; "" where nothing is."""
    removed, added = [_code(line) for line in removed], [_code(line) for line in added]
    fewer = _count(_ASSERTION, removed) - _count(_ASSERTION, added)
    if fewer > 0:
        return f"{fewer} assertions fewer"
    if _count(_SKIP, added) > _count(_SKIP, removed):
        return "skipped"
    exact_lost = _count(_EXACT, removed) - _count(_EXACT, added)
    if exact_lost > 0 and _count(_VAGUE, added) > _count(_VAGUE, removed):
        return f"{exact_lost} exact checks made vague"
    return ""


def _code(line: str) -> str:
    """A line without comment and quoted text, which may speak of anything; "" where it only guards a set-up."""
    bare = re.sub(r"(?:^|\s)(?:#|//|\*|/\*).*$", "", _QUOTED.sub("''", line))
    return "" if _GUARD.search(bare) else bare


def _count(pattern: re.Pattern[str], lines: Sequence[str]) -> int:
    return sum(1 for line in lines if pattern.search(line))


def _expected(old: str, new: str) -> tuple[str, ...]:
    """Literals in assertion lines that differ in nothing else."""
    before: dict[str, list[str]] = {}
    for line in filter(_ASSERTION.search, old.splitlines()):
        before.setdefault(_LITERAL.sub("#", line.strip()), []).append(line.strip())
    found: list[str] = []
    for line in filter(_ASSERTION.search, new.splitlines()):
        same = before.get(_LITERAL.sub("#", line.strip()), [])
        if same and line.strip() not in same:
            found += set(_LITERAL.findall(line)) - set(_LITERAL.findall(same[0]))
    return tuple(value.strip("\"'") for value in found)


# -- Python -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tests:
    names: frozenset[str]
    assertions: tuple[ast.AST, ...]
    skips: int
    empty: int  # assertions of a constant: they always hold
    vague: int
    exact: int


def _read(text: str) -> _Tests | None:
    try:
        tree = ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names: set[str] = set()
    assertions: list[ast.AST] = []
    counts: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            names.add(node.name)
        if _demands(node):
            assertions.append(node)
            counts[_strength(node)] += 1
        if isinstance(node, ast.Attribute | ast.Name) and _SKIP.fullmatch(_name(node)):
            counts["skip"] += 1
    return _Tests(
        frozenset(names), tuple(assertions), counts["skip"], counts["empty"], counts["vague"], counts["exact"]
    )


def _demands(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = _name(node.func)
        return name.startswith("assert") or name in ("raises", "warns", "fail")
    return isinstance(node, ast.Assert)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _strength(node: ast.AST) -> str:
    if isinstance(node, ast.Assert):
        if isinstance(node.test, ast.Constant):
            return "empty"
        is_exact = isinstance(node.test, ast.Compare) and any(
            isinstance(o, ast.Eq | ast.Is) for o in node.test.ops
        )
        return "exact" if is_exact else "vague"
    name = _name(node.func) if isinstance(node, ast.Call) else ""
    if name in ("assertTrue", "assertFalse") and isinstance(node, ast.Call) and node.args:
        return "empty" if isinstance(node.args[0], ast.Constant) else "vague"
    return "vague" if _VAGUE.fullmatch(name) else "exact"


def _python_loss(old: _Tests, new: _Tests) -> str:
    if len(new.names) < len(old.names):
        return f"{len(old.names) - len(new.names)} tests removed: {min(old.names - new.names, default='')}"
    if len(new.assertions) < len(old.assertions):
        return f"{len(old.assertions) - len(new.assertions)} assertions fewer"
    if new.skips > old.skips:
        return "skipped"
    if new.empty > old.empty:
        return "an assertion that always holds"
    if new.exact < old.exact and new.vague > old.vague:
        return f"{old.exact - new.exact} exact checks made vague"
    return ""


def _python_expected(old: _Tests, new: _Tests) -> tuple[str, ...]:
    before = {_shape(node): _constants(node) for node in old.assertions}
    found: list[str] = []
    for node in new.assertions:
        if (known := before.get(_shape(node))) is not None:
            found += [value for value in _constants(node) if value not in known]
    return tuple(found)


def _shape(node: ast.AST) -> str:
    return re.sub(r"Constant\(value=.*?\)(?=[,\])])", "#", ast.dump(node))


def _constants(node: ast.AST) -> list[str]:
    return [str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant)]
