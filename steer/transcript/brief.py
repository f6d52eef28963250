"""What somebody who starts fresh must know of a conversation: made from its entries, without a model."""

from __future__ import annotations

from collections.abc import Sequence

from steer.model.step import Arrival, Entry, Said, Step, StepKind, Told, TurnEnd, TurnEnded

MAX_BYTES = 4096
_STEPS = 12  # newest actions that are listed
_FILES = 20


def make_brief(task: str, entries: Sequence[Entry], instruction: str = "", root: str = "") -> str:
    """At most `MAX_BYTES` bytes: what is asked now, the task, corrections, what was done, the failure that is open.

    `root`: the folder the other run worked in. Paths below it are told relative, lest somebody goes on over there.
    """
    parts = [
        instruction.strip(),
        _part("The task", _cut(task.strip(), 900)),
        _part("You go on where another run of this task stopped. Its files are as it left them.", ""),
        _part("The operator said since", _corrections(entries, task)),
        _part("What was done last", _done(entries)),
        _part("Files that were changed", _changed(entries)),
        _part("Still failing", _failure(entries)),
        _part("The last words of the other run", _last_words(entries)),
    ]
    words = "\n\n".join(p for p in parts if p)
    words = words.replace(f"{root}/", "") if root else words
    return words.encode()[:MAX_BYTES].decode("utf-8", "ignore").rstrip()


def make_restart_brief(
    task: str,
    entries: Sequence[Entry],
    corrections: Sequence[str] = (),
    failing: Sequence[str] = (),
    decisions: Sequence[str] = (),
    root: str = "",
) -> str:
    """At most `MAX_BYTES` bytes for a run that starts afresh: the task first, then what another run of it learned.

    `corrections`: what the operator said and what became of it; `failing`: evidence of what is open; `decisions`: what
    the operator answered; each one line. `root` as for `make_brief`.
    """
    parts = [
        _cut(task.strip(), 1500),
        "Another run of this task went wrong and was given up. You start afresh, without what it did last. Do not "
        "repeat its way: first find out why it failed.",
        _part("Still failing there", _listed(failing, 8) or _failure(entries)),
        _part("The operator said to it", _listed(corrections, 8) or _corrections(entries, task)),
        _part("Decided by the operator", _listed(decisions, 6)),
        _part("What it tried last", _done(entries)),
        _part("Files it changed", _changed(entries)),
    ]
    words = "\n\n".join(p for p in parts if p)
    words = words.replace(f"{root}/", "") if root else words
    return words.encode()[:MAX_BYTES].decode("utf-8", "ignore").rstrip()


def _listed(lines: Sequence[str], limit: int) -> str:
    """The newest of them."""
    return "\n".join(f"- {_line(text, 240)}" for text in lines[-limit:])


def _part(title: str, words: str) -> str:
    if not title.endswith("."):
        return f"{title}:\n{words}" if words else ""
    return title


def _corrections(entries: Sequence[Entry], task: str) -> str:
    said = [e.text for e in entries if isinstance(e, Told) and e.arrival is Arrival.SUBMITTED]
    return "\n".join(f"- {_line(t, 200)}" for t in said[-6:] if t.strip() != task.strip())


def _newest(entries: Sequence[Entry]) -> list[Step]:
    """Each action once, in its newest state, in the order they began."""
    return list({e.id: e for e in entries if isinstance(e, Step)}.values())


def _done(entries: Sequence[Entry]) -> str:
    told = [s for s in _newest(entries) if s.kind in (StepKind.RUN, StepKind.EDIT)]
    return "\n".join(f"- {_step(s)}" for s in told[-_STEPS:])


def _step(step: Step) -> str:
    what = (
        f"edited {step.files[0]}"
        if step.kind is StepKind.EDIT and step.files
        else f"ran {_line(step.action, 100)}"
    )
    if not step.is_over:
        return f"{what}: not ended"
    return f"{what}: failed" + (f" with status {step.exit}" if step.exit else "") if step.is_error else what


def _changed(entries: Sequence[Entry]) -> str:
    files = [f for s in _newest(entries) if s.kind is StepKind.EDIT and not s.is_error for f in s.files]
    return "\n".join(f"- {f}" for f in list(dict.fromkeys(files))[-_FILES:])


def _failure(entries: Sequence[Entry]) -> str:
    """The newest command's output where it failed, or the error that ended the last turn."""
    ended = [e for e in entries if isinstance(e, TurnEnded)]
    if ended and ended[-1].end is TurnEnd.FAILED:
        return _line(ended[-1].text, 300)
    ran = [s for s in _newest(entries) if s.kind is StepKind.RUN and s.is_over]
    if not ran or not ran[-1].is_error:
        return ""
    return f"{_line(ran[-1].action, 100)}\n{ran[-1].result.strip()[-700:]}"


def _last_words(entries: Sequence[Entry]) -> str:
    said = [e.text for e in entries if isinstance(e, Said)]
    return _cut(said[-1], 500) if said else ""


def _line(words: str, limit: int) -> str:
    return _cut(" ".join(words.split()), limit)


def _cut(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1] + "…"
