"""Loop detectors of other agents, written anew after their rules, to stand beside steer's.

Each gets the steps of one session and gives the numbers (1-based) of those at which it would have raised its alarm.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from steer.model.step import Step, StepKind

Told = tuple[str, Step | None]  # see `corpus.with_thoughts`


def edges(alarms: Iterable[tuple[int, bool]]) -> list[int]:
    """Steps at which an alarm begins: one that goes on is one."""
    found, was = [], False
    for number, now in alarms:
        if now and not was:
            found.append(number)
        was = now
    return found


def _steps(session: Sequence[Told]) -> Iterator[tuple[int, Step]]:
    yield from enumerate((step for _, step in session if step is not None), 1)


def _call(step: Step) -> Hashable:
    return step.tool, step.action


def _repeats(calls: Sequence[Hashable], length: int, rounds: int) -> bool:
    """Whether the newest `length` calls are the newest but one `length` calls and so on, `rounds` times."""
    if len(calls) < length * rounds:
        return False
    tail = list(calls)[-length * rounds :]
    return all(tail[i] == tail[i % length] for i in range(len(tail)))


def openhands(session: Sequence[Told]) -> list[int]:
    """OpenHands SDK: four equal actions and results, four equal errors, three messages in a row, A-B over six."""
    events: deque[tuple[str, Hashable, Hashable, bool]] = deque(maxlen=20)  # since the operator's last word
    number, found = 0, []
    for words, step in session:
        if step is None:
            if words == "\0":
                events.clear()
            else:
                events.append(("message", words, None, False))
        else:
            number += 1
            is_call_error = step.is_error and step.kind is not StepKind.RUN
            events.append(
                ("step", (words, *(step.tool, step.action)), (step.result, step.exit), is_call_error)
            )
        found.append((number, _is_stuck(events)))
    return edges(found)


def _is_stuck(events: Sequence[tuple[str, Hashable, Hashable, bool]]) -> bool:
    kinds = [e[0] for e in events]
    if kinds[-3:] == ["message"] * 3:
        return True
    steps = [e for e in events if e[0] == "step"]
    last = steps[-4:]
    if len({e[1] for e in last}) == 1 and (len({e[2] for e in last}) == 1 or all(e[3] for e in last)):
        return len(last) == 4
    six = [(e[1], e[2]) for e in steps[-6:]]
    return len(six) == 6 and len(set(six)) == 2 and _repeats(six, 2, 3)


def gemini(session: Sequence[Told]) -> list[int]:
    """gemini-cli: any cycle of one to five calls, five times over."""
    return _tail_patterns(session, range(1, 6), 5)


def forgecode(session: Sequence[Told]) -> list[int]:
    """forgecode: any pattern of calls, three times over."""
    return _tail_patterns(session, range(1, 200), 3)


def _tail_patterns(session: Sequence[Told], lengths: Iterable[int], rounds: int) -> list[int]:
    calls: list[Hashable] = []
    found = []
    for number, step in _steps(session):
        calls.append(_call(step))
        sizes = [n for n in lengths if n * rounds <= len(calls)]
        found.append((number, any(_repeats(calls[-n * rounds :], n, rounds) for n in sizes)))
    return edges(found)


def roo(session: Sequence[Told]) -> list[int]:
    """Roo Code: the fourth equal call in a row."""
    calls: list[Hashable] = []
    found = []
    for number, step in _steps(session):
        calls.append(_call(step))
        found.append((number, _repeats(calls, 1, 4)))
    return edges(found)


def cline(session: Sequence[Told]) -> list[int]:
    """Cline: a notice at the third equal call in a row, or six failing steps in a row."""
    calls: list[Hashable] = []
    mistakes, found = 0, []
    for number, step in _steps(session):
        calls.append(_call(step))
        mistakes = mistakes + 1 if step.is_error else 0
        found.append((number, _repeats(calls, 1, 3) or mistakes >= 6))
    return edges(found)


def opencode(session: Sequence[Told]) -> list[int]:
    """opencode's doom_loop: three parts in a row with the same tool and input; a text between breaks it."""
    calls: list[Hashable] = []
    number, found = 0, []
    for words, step in session:
        if words:
            calls.clear()
        if step is not None:
            number += 1
            calls.append(_call(step))
        found.append((number, _repeats(calls, 1, 3)))
    return edges(found)


def crush(session: Sequence[Told]) -> list[int]:
    """Crush: one call with the same output more than five times within ten steps."""
    recent: deque[Hashable] = deque(maxlen=10)
    found = []
    for number, step in _steps(session):
        recent.append((_call(step), step.result))
        found.append((number, max(Counter(recent).values()) > 5))
    return edges(found)


ANCHORS: dict[str, Callable[[Sequence[Told]], list[int]]] = {
    "OpenHands StuckDetector": openhands,
    "gemini-cli (a)": gemini,
    "Roo Code": roo,
    "Cline": cline,
    "opencode doom_loop": opencode,
    "forgecode": forgecode,
    "Crush": crush,
}
