"""Starting sessions: what to do, who does it, from where, and how to tell that it is good."""

from __future__ import annotations

from steer.ui.dialog.form import Field, FormDialog


class StartDialog(FormDialog):
    """Fields as in `FleetPort` method `start`; `scope` is words separated by spaces, `n` digits."""

    heading = "New session"

    def __init__(self, agents: tuple[str, ...], last: dict[str, str], *, is_fan_out: bool) -> None:
        super().__init__()
        self._agents = agents
        self._last = last
        self._is_fan_out = is_fan_out
        if is_fan_out:
            self.heading = "Fan out: one task, several agents"

    def fields(self) -> list[Field]:
        last = self._last
        agent = Field(
            "agent", "agent", 'a command, e.g. my-agent "{task}"', last.get("agent", ""), self._agents
        )
        if self._is_fan_out:
            agent = Field("agent", "agents", "several, separated by  ;", last.get("agent", ""), self._agents)
        fields = [Field("task", "task", "what to do"), agent]
        if self._is_fan_out:
            fields.append(Field("n", "each", "how many of each", "2"))
        return [
            *fields,
            Field("check", "check", "command that says whether it is good", last.get("check", "")),
            Field("scope", "scope", "globs to stay inside, separated by spaces"),
            Field("base", "base", "commit, branch or tag (default: where the repository is)"),
            Field("name", "name", "default: from the task"),
        ]

    def check(self, values: dict[str, str]) -> str:
        if not values["agent"]:
            return "an agent is needed: any command that runs in a terminal"
        if not values.get("n", "1").isdigit() or not 1 <= int(values.get("n") or "1") <= 100:
            return "how many of each: a number from 1 to 100"
        return ""


class RenameDialog(FormDialog):
    heading = "Rename this session"
    verb = "rename"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._old = name

    def fields(self) -> list[Field]:
        return [Field("name", "name", "letters, digits and dashes", self._old)]

    def check(self, values: dict[str, str]) -> str:
        return "" if values["name"] else "a name is needed"
