"""How a step ended: whether it failed, with what error, whether it was a search that found nothing.

Errors are compared by signature: the most specific lines of the output without what changes from run to run.
The classes below are those that occur in real sessions behind many different texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steer.detect.command import families, hides_status, is_quiet_status, writes_file
from steer.detect.failing import Failing, failing
from steer.model.step import Step, StepKind

MAX_SIGNATURES = 4
_HEAD, _TAIL = 6000, 10_000  # characters of a result that are looked at


@dataclass(frozen=True, slots=True)
class Outcome:
    families: tuple[str, ...]
    is_failure: bool
    is_empty: bool = False  # a search or probe that found nothing
    signatures: tuple[str, ...] = ()  # of a failure: each stands for one error
    failing: Failing | None = None  # of a check's output, also where it passed
    line: str = ""  # the line that says it best, as it was printed
    chrome: str = ""  # an error that this step cannot have caused: the harness prints it between steps

    @property
    def is_success(self) -> bool:
        return not self.is_failure and not self.is_empty


# The harness talking about itself, the operator saying no: not the agent's failure.
_NOISE = re.compile(
    r"Sibling tool call errored|File has not been read yet|modified since read|has been unexpectedly modified"
    r"|doesn't want to (?:proceed|take this action)|tool use was rejected|Request interrupted|No response requested"
    r"|Cancelled: parallel tool call",
)
_NO_SUCH_TOOL = re.compile(
    r"(?:^|[\s:])['\"`]?([\w./+-]{1,40})['\"`]?: (?:command )?not found\b"
    r"|([\w./+-]{1,40}): No such file or directory\s*$(?=(?!.))"
    r"|(?:exec|executable)[^\n]{0,40}['\"]([\w./+-]{1,40})['\"][^\n]{0,30}not found"
    r"|'([\w.+-]{1,40})' is not recognized as",
    re.M,
)
_NO_MODULE = re.compile(
    r"ModuleNotFoundError|No module named|Cannot find module|Cannot find package|cannot find symbol.*package"
)
_TIMEOUT = re.compile(
    r"\btimed out\b|TimeoutExpired|Timeout(?:Error|Exception)\b|ETIMEDOUT|ReadTimeout|deadline exceeded"
    r"|\btime ?out (?:was |has been )?(?:expired|reached|exceeded|hit)\b",
    re.I,
)
_KILLED_BY_TIMEOUT = (124, 137)  # timeout(1): the limit was reached; killed
_SYNTAX = re.compile(r"syntax error near|unexpected EOF while looking for|unexpected end of file", re.I)
# Strong: what only a program that failed prints. Weak ones count where the status says that it failed.
_STRONG = re.compile(
    r"^(?:[\w.]*(?:Error|Exception|Panic|Interrupt|Abort)\b(?:\(.*\))?:? .*"
    r"|Traceback \(most recent call last\).*|panic: .*|thread '.*' panicked at .*|Segmentation fault.*"
    r"|fatal: .*|npm ERR! .*|Exception in thread .*"
    r"|.*introduced new syntax error.*|(?:/[\w/]+/)?(?:ba|z|da)?sh: .*|Error: .*|ERROR: .*|E: .*)$",
    re.M,
)
_WEAK = re.compile(r"^.*\b(?:error|failed|failure|cannot|can't|could not|denied|invalid|unable|no such|missing)\b.*$",
                   re.M | re.I)  # fmt: skip
_WRAPPER = re.compile(
    r"^\W*(?:error:? )?(?:task|job|step|command|process|script|build|recipe|lifecycle)?\W*"
    r"(?:failed|exited|returned|Exit code|exit status|ELIFECYCLE)\b.{0,60}$"
    r"|^Traceback \(most recent|^During handling of|^The above exception|BUILD FAIL|^FAILED?$|^npm ERR! (?:A complete"
    r"|code|path|errno)|^Exit code \d+$|^Process exited with code|^make(?:\[\d+\])?: \*\*\*|^sh: line",
    re.I,
)
_LOOKS = frozenset(
    [
        "git log",
        "git show",
        "git diff",
        *"cat sed head tail less more grep rg ls find awk nl wc tree bat stat jq".split(),
    ]
)
_EMPTY = re.compile(
    r"^\W*(?:No (?:matches|files|results?|matching)\b.*|0 matches.*|Found 0 .*|nothing found.*)\W*$",
    re.I | re.M,
)
_NORMAL = (
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b"), "#"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8,}\b"), "#"),
    (re.compile(r"(?:/[\w.@+-]+){2,}/([\w.@+-]+)"), r"\1"),
    (re.compile(r"(['\"`])[^'\"`\n]{25,}\1"), "'…'"),
    (re.compile(r"\d+"), "#"),
    (re.compile(r"\s+"), " "),
)


def outcome(step: Step) -> Outcome:
    """Of a step that is over."""
    text = (
        step.result
        if len(step.result) <= _HEAD + _TAIL
        else step.result[:_HEAD] + "\n" + step.result[-_TAIL:]
    )
    names = _families(step)
    if _NOISE.search(text[:2000]):
        return Outcome(names, False)
    found = failing(text) if step.kind is StepKind.RUN and not _only_looks(names) else None
    if _has_failed(step, names, text, found):
        signatures, line = _signatures(step, names, text, found)
        return Outcome(names, True, False, signatures, found, line)
    return Outcome(names, False, _is_empty(step, names, text), (), found, chrome=_chrome(step, names, text))


def _chrome(step: Step, names: tuple[str, ...], text: str) -> str:
    """The last error line behind a command that only looks or writes a file, and succeeded."""
    if step.kind is StepKind.RUN and not step.exit and _only_looks(names) and writes_file(step.action):
        lines = [m.group(0) for m in _STRONG.finditer(text) if not _WRAPPER.search(m.group(0))]
        return normal(lines[-1]) if lines else ""
    return ""


def _families(step: Step) -> tuple[str, ...]:
    if step.kind is StepKind.RUN:
        return families(step.action)
    if step.kind is StepKind.EDIT:
        return (f"edit {step.files[0].rsplit('/', 1)[-1]}" if step.files else "edit",)
    return (step.tool,)


def _only_looks(names: tuple[str, ...]) -> bool:
    return bool(names) and all(n in _LOOKS or n.split()[0] in _LOOKS for n in names)


def _has_failed(step: Step, names: tuple[str, ...], text: str, found: Failing | None) -> bool:
    if step.kind in (StepKind.WAIT, StepKind.FETCH):
        return step.is_error
    if step.kind in (StepKind.READ, StepKind.SEARCH):
        return step.is_error or bool(_NO_SUCH_TOOL.search(text[:300]) and len(text) < 400)
    if found is not None and (found.ids or found.count > 0):
        return True
    if step.exit is not None and step.kind is StepKind.RUN:
        if step.exit == 0:
            return (
                hides_status(step.action)
                and not _only_looks(names)
                and (_ends_badly(text) or _is_fed_badly(step, text))
            )
        return not (step.exit == 1 and is_quiet_status(step.action) and not _STRONG.search(text))
    if step.is_error:
        return True
    if step.kind is StepKind.EDIT:
        return bool(
            re.search(r"introduced new syntax error|not found in|No replacement|did not match", text[:600])
        )
    return not _only_looks(names) and _ends_badly(text)


def _ends_badly(text: str) -> bool:
    """Whether the last lines are those of a program that failed, though no status says so (a pipe hides it)."""
    lines = [line for line in text.strip().splitlines()[-12:] if line.strip()]
    if _TIMEOUT.search(text[:200].partition("\n")[0]):
        return True
    end = "\n".join(lines[-4:])
    return bool(
        _STRONG.search(end) or _SYNTAX.search(end) or (_NO_SUCH_TOOL.search(end) and len(lines) <= 8)
        or (_TIMEOUT.search(end) and len(lines) <= 6)
    )  # fmt: skip


_FED = re.compile(r"<<|\|\s*[\w./-]+\s*$|<\s*[\w./-]+")
_COMPLAINS = re.compile(
    r"^.{0,60}\b(?:error|unknown command|not allowed|abort(?:ed)?|invalid)\b.{0,40}$", re.I | re.M
)


def _is_fed_badly(step: Step, text: str) -> bool:
    """A program that reads commands complains and exits with 0 all the same: simulators, debuggers, database shells."""
    return bool(_FED.search(step.action)) and len(text) < 2000 and bool(_COMPLAINS.search(text))


def _is_empty(step: Step, names: tuple[str, ...], text: str) -> bool:
    """A search without a hit: by its words, or by saying nothing at all."""
    body = text.strip()
    if _EMPTY.search(body) and len(body) < 300:
        return True
    is_search = step.kind is StepKind.SEARCH or (step.kind is StepKind.RUN and is_quiet_status(step.action))
    return is_search and not body and not writes_file(step.action)


def _signatures(
    step: Step, names: tuple[str, ...], text: str, found: Failing | None
) -> tuple[tuple[str, ...], str]:
    classes: list[str] = []
    line = ""
    for missing in _NO_SUCH_TOOL.finditer(text):
        if name := next((g for g in missing.groups() if g), ""):
            classes.append(f"no such command: {name.rsplit('/', 1)[-1]}")
            line = line or missing.group(0).strip()
    if m := _NO_MODULE.search(text):
        classes.append("no such module")
        line = line or _line_at(text, m.start())
    if m := _SYNTAX.search(text):
        classes.append("shell syntax")
        line = line or _line_at(text, m.start())
    if not classes and (step.exit in _KILLED_BY_TIMEOUT or _TIMEOUT.search(text)):
        m = _TIMEOUT.search(text)
        classes.append("timeout")
        line = line or (
            _line_at(text, m.start()) if m else f"status {step.exit}: {names[-1] if names else ''}"
        )
    if found is not None and found.ids:
        name = next((n for n in names if n.split()[0] not in ("cd", "git")), "check")
        classes.append(f"{name}: " + " | ".join(sorted(found.ids))[:400])
        line = line or sorted(found.ids)[0]
    elif found is not None and found.count > 0:
        classes.append(f"{names[-1] if names else 'check'}: {found.count} failing")
        line = line or f"{found.count} failing"
    if not classes:
        lines = _error_lines(step, text)
        classes = [normal(one) for one in lines]
        line = lines[0] if lines else ""
    if not classes:
        classes = [f"{names[-1] if names else step.tool}: status {step.exit}"] if step.exit else []
    unique = tuple(dict.fromkeys(c for c in classes if c.strip(" #.:-…'\"")))
    return unique[:MAX_SIGNATURES], (line.strip() or next(iter(unique), ""))[:200]


def _error_lines(step: Step, text: str) -> list[str]:
    """The most specific lines: of a traceback its last, else strong ones, else weak ones; never a wrapper's."""
    for pattern in (_STRONG, _WEAK) if step.exit or step.is_error else (_STRONG, _COMPLAINS):
        lines = [m.group(0).strip() for m in pattern.finditer(text)]
        lines = [line for line in lines if not _WRAPPER.search(line) and len(line) < 600]
        if lines:
            return list(dict.fromkeys(lines))[-2:][::-1]
    return []


def _line_at(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return text[start : end if end >= 0 else len(text)]


def normal(line: str) -> str:
    """A line without what changes from run to run: escape codes, times, addresses, numbers, folders, long quotes."""
    for pattern, by in _NORMAL:
        line = pattern.sub(by, line)
    return line.strip()[:160]
