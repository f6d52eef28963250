"""What the scripted model does: moves, in steps, chosen from the conversation alone.

The next step follows from how many steps the conversation already holds, so an agent that was resumed or forked
goes on where its own memory ends, and one server serves any number of conversations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Run:
    """A shell command. `needs_approval`: ask for rights beyond the sandbox, where the agent knows such a request."""

    command: str
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace whole lines of a file; `old` and `new` without the last newline."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Read:
    path: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the operator, by the agent's own tool for that; agents without one get it as words."""

    question: str
    options: tuple[str, ...]


Move = Run | Edit | Read | Ask


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model: words, then at most one tool call. An answer without a call ends the turn."""

    say: str
    move: Move | None = None
    is_gated: bool = False  # answered only when the test lets it through


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests answered by an HTTP error instead."""

    status: int
    after: int = 0  # once the conversation holds that many tool calls
    times: int = 10**9  # then the service is well again
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """`steps` one after the other; the last one is repeated. A message of the operator with `correction` in it
    makes the model do `corrected` from there on."""

    steps: tuple[Step, ...]
    correction: str = ""
    corrected: tuple[Step, ...] = ()
    failure: Failure | None = None

    def step(self, done: int, done_since_correction: int | None) -> Step:
        steps, at = self.steps, done
        if done_since_correction is not None and self.corrected:
            steps, at = self.corrected, done_since_correction
        return steps[min(at, len(steps) - 1)]

    def failing(self, status: int, after: int = 0, times: int = 10**9, retry_after_s: int = 0) -> Scenario:
        return replace(self, failure=Failure(status, after, times, retry_after_s))
