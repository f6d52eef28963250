"""From a request to the scripted model's answer: words and at most one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.model_server.conversation import Request, Role
from tests.model_server.script import Edit, Scenario, Step
from tests.model_server.tool import Call, has_shell, make_call

EDIT_FORMAT = "SEARCH/REPLACE"  # in the system prompt of an agent that edits by words alone (aider)


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    call: Call | None = None

    @property
    def tokens(self) -> int:
        return 1 + (len(self.text) + len(str(self.call.arguments) if self.call else "")) // 4


def is_main(request: Request) -> bool:
    """Whether the agent itself asks, not one of its side errands."""
    return has_shell(request) or _edits_by_words(request)


def done_calls(request: Request) -> int:
    return len(request.texts(Role.CALL))


def choose_step(request: Request, scenario: Scenario) -> Step:
    """The step whose turn it is in this conversation."""
    if _edits_by_words(request):
        return _choose_by_words(request, scenario)
    done, since = 0, None
    for turn in request.turns:
        if turn.role is Role.CALL:
            done += 1
        elif since is None and _corrects(turn.role, turn.text, scenario):
            since = done
    return scenario.step(done, None if since is None else done - since)


def _corrects(role: Role, text: str, scenario: Scenario) -> bool:
    return bool(scenario.correction) and role is Role.OPERATOR and scenario.correction in text


def _edits_by_words(request: Request) -> bool:
    return not request.tools and any(
        EDIT_FORMAT in text for text in request.texts(Role.SYSTEM, Role.OPERATOR)
    )


def _choose_by_words(request: Request, scenario: Scenario) -> Step:
    """Such an agent runs its commands itself: only edits and the last words are left of the script."""
    known = {step.say for step in (*scenario.steps, *scenario.corrected)}
    done, since = 0, None
    for turn in request.turns:
        if turn.role is Role.MODEL:
            done += any(turn.text.startswith(say) for say in known)
        elif since is None and _corrects(turn.role, turn.text, scenario):
            since = done
    left = Scenario(_edits_and_end(scenario.steps), "", _edits_and_end(scenario.corrected))
    return left.step(done, None if since is None else done - since)


def _edits_and_end(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(s for s in steps if isinstance(s.move, Edit) or s is steps[-1])


def make_answer(request: Request, step: Step) -> Answer:
    if step.move is None:
        return Answer(step.say)
    if _edits_by_words(request):
        return Answer(f"{step.say}\n\n{_block(step.move)}" if isinstance(step.move, Edit) else step.say)
    return Answer(step.say, make_call(step.move, request))


def _block(edit: Edit) -> str:
    return f"{edit.path}\n```python\n<<<<<<< SEARCH\n{edit.old}\n=======\n{edit.new}\n>>>>>>> REPLACE\n```\n"


def side_answer(request: Request) -> Answer:
    """What an errand gets: a title, or the smallest JSON its schema allows."""
    if request.schema is not None:
        return Answer(json.dumps(_least(request.schema)))
    wants_title = any('"title"' in text for text in request.texts(Role.SYSTEM))
    return Answer(json.dumps({"title": "Mend the fare"}) if wants_title else "Mend the fare")


def _least(schema: Mapping[str, Any]) -> Any:
    if schema.get("enum"):
        return schema["enum"][-1]
    kind = str(schema.get("type", "string")).lower()
    if kind == "object":
        return {name: _least(part) for name, part in (schema.get("properties") or {}).items()}
    return {"number": 1, "integer": 1, "boolean": False, "array": []}.get(kind, "ok")
