"""Actions that have begun, until their results arrive."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from steer.model.step import Step, StepKind
from steer.transcript.tool import action_of, exit_of, files_of, kind_of
from steer.transcript.value import cut

MAX_OPEN = 2000  # actions without a result that are remembered


class StepBook:
    def __init__(self) -> None:
        self._steps: OrderedDict[str, Step] = OrderedDict()

    def begin(self, id: str, at: float, tool: str, given: Any) -> Step:
        """The action as it begins. `given`: the tool's input, a table or a text."""
        action = action_of(given)
        step = Step(id, at, tool, kind_of(tool, action), action, files=files_of(given))
        return self.hold(step)

    def hold(self, step: Step) -> Step:
        self._steps[step.id] = step
        while len(self._steps) > MAX_OPEN:
            self._steps.popitem(last=False)
        return step

    def known(self, id: str) -> Step | None:
        return self._steps.get(id)

    def end(
        self, id: str, at: float, result: str, *, exit: int | None = None, is_error: bool = False
    ) -> Step | None:
        """The action with its result; None where its beginning is not known.

        `exit` None: as the result says, for tools that run commands. A status other than 0 is an error.
        """
        begun = self._steps.pop(id, None)
        if begun is None:
            return None
        if exit is None and begun.kind in (StepKind.RUN, StepKind.WAIT):
            exit = exit_of(result)
        return replace(
            begun,
            result=cut(result),
            exit=exit,
            is_error=is_error or bool(exit),
            ended_at=at or begun.at or 1.0,
        )
