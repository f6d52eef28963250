"""One session's activity and what it asks, from the best source it has.

Order of authority: the agent's own reports (OSC 7501), its hooks, its title, its screen. A better source that has
spoken once is believed alone: what an agent prints could imitate anything. Two things are still read from the
screen of an agent that reports: the dialog, while it says that it is blocked; and a dialog that stands before its
first turn, which it does not report (observed with Codex 0.169.0: "idle" while it advertises a model).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from steer.agents.dialog import Dialog, read_ask
from steer.agents.hook import HookEvent
from steer.agents.profile import GENERIC, Profile
from steer.agents.rule import Match, judge
from steer.model.ask import Ask, AskKind
from steer.model.event import ActivityReported, AskChanged
from steer.model.session import Activity
from steer.term.status import Status

SETTLE_S = 0.3  # a redraw is over; agents repaint their screens in several writes
MAX_REQUESTS = 20

News = list[ActivityReported | AskChanged]


@dataclass(frozen=True, slots=True)
class Look:
    """A settled screen: its title, rows as plain text and with SGR sequences."""

    title: str
    lines: Sequence[str]
    styled: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    activity: Activity = Activity.UNKNOWN
    text: str = ""
    kind: str = ""
    source: str = ""
    at: float = 0.0


class ActivitySource:
    """`profile`: of the session's agent. Every method returns what is news."""

    def __init__(self, session: str, profile: Profile = GENERIC) -> None:
        self._session = session
        self._rules = profile.rules
        self._dialogs = profile.dialogs
        self._reported: _Said | None = None  # by OSC 7501
        self._hooked: _Said | None = None
        self._requests: list[HookEvent] = []  # permissions asked for in this turn
        self._said = _Said()
        self._told: tuple[Activity, str, str] | None = None
        self.ask: Ask | None = None
        self.hint = ""  # what to do about what the screen shows now, one sentence

    @property
    def activity(self) -> Activity:
        return self._said.activity

    @property
    def source(self) -> str:
        return self._said.source

    @property
    def wants_screen(self) -> bool:
        """Whether it is worth looking at the screen when it has settled."""
        if self._reported is None:
            return bool(self._rules or self._dialogs)
        return bool(self._dialogs) and (self.ask is not None or self.activity is not Activity.WORKING)

    def reported(self, status: Status, at: float) -> News:
        """The program's own report; those about its children are not about itself."""
        if status.is_child:
            return []
        before = self._reported
        said = _Said(status.activity, status.text, status.kind, "osc7501", at)
        if before and before.activity is Activity.ERROR and said.activity is Activity.IDLE:
            said = before  # an error stands until it works again; "idle" only means that it waits for you
        self._reported = said
        return self._settle(said, at)

    def hooked(self, event: HookEvent) -> News:
        """An event of its hooks: exact words for what it asks, and its state where it does not report that."""
        if event.name == "PermissionRequest":
            self._requests = [*self._requests, event][-MAX_REQUESTS:]
        elif event.name in ("UserPromptSubmit", "Stop", "StopFailure", "SessionStart", "SessionEnd"):
            self._requests = []
        if event.activity is None or self._reported is not None:
            return []
        text = f"approve {event.tool}: {event.subject}" if event.name == "PermissionRequest" else event.text
        is_told = event.activity in (Activity.ASKING, Activity.ERROR)
        self._hooked = _Said(
            event.activity, text[:200] if is_told else "", "", f"hook {event.name}", event.at
        )
        return self._settle(self._hooked, event.at)

    def seen(self, look: Look, at: float) -> News:
        """A settled screen."""
        match = judge(self._rules, look.title.strip(), look.lines)
        said = self._authority(match)
        is_asking = said.activity is Activity.ASKING
        is_title = match is not None and match.region == "title"
        only_early = not is_asking and (self._reported is not None or self._hooked is not None or is_title)
        found = None
        if said.activity is not Activity.WORKING or not only_early:
            found = read_ask(self._dialogs, look.lines, look.styled, only_early=only_early)
        self.hint = (
            found[1].hint if found else match.hint if match and match.activity is said.activity else ""
        )
        if found and not is_asking:
            said = _Said(Activity.ASKING, found[0].title, found[0].kind, f"screen dialog {found[1].id}")
        ask = self._exact(*found, said) if found else _unread(said)
        return [*self._tell(said, at), *self._show(ask, at)]

    def explain(self, look: Look, at: float) -> list[str]:
        """What every source says now, the one that is believed first; one line each."""
        lines = [_line("OSC 7501", self._reported, at), _line("hooks", self._hooked, at)]
        match = judge(self._rules, look.title.strip(), look.lines)
        if match is None:
            lines.append("screen: no rule matches" if self._rules else "screen: its agent has no rules")
        else:
            words = " ".join(match.text.split())
            lines.append(
                f"screen: rule {match.rule} ({match.region}) says {match.activity.value}: {words!r}, now"
            )
        if found := read_ask(self._dialogs, look.lines, look.styled):
            trust = "believed" if self.ask else "not believed: a better source says that it does not ask"
            lines.append(f"dialog: {found[1].id} stands on its screen ({trust})")
        return lines

    def _authority(self, match: Match | None) -> _Said:
        """What the best source says."""
        if self._reported is not None:
            return self._reported
        seen = _seen(match)
        if self._hooked is None:
            return seen
        # No hook tells of an interruption or a refusal by Esc: there the screen may know better.
        over = {
            Activity.WORKING: (Activity.IDLE,),
            Activity.ASKING: (Activity.IDLE, Activity.WORKING),
        }.get(self._hooked.activity, ())
        return seen if seen.activity in over else self._hooked

    def _settle(self, said: _Said, at: float) -> News:
        """A better source than the screen has spoken. What is asked is read when the screen has settled."""
        told = self._tell(said, at)
        return [*told] if said.activity is Activity.ASKING else [*told, *self._show(None, at)]

    def _exact(self, ask: Ask, dialog: Dialog, said: _Said) -> Ask:
        """The dialog with what a better source knows of it."""
        if said.source == "osc7501":
            ask = replace(ask, source="osc7501")
        for request in reversed(self._requests):
            if ask.kind is AskKind.PERMISSION and _is_about(request, ask):
                return replace(ask, tool=request.tool, subject=request.subject, source="hook")
        return ask

    def _tell(self, said: _Said, at: float) -> list[ActivityReported]:
        text = said.text
        if said.activity is not Activity.ASKING and said.source != "osc7501":
            text = text if said.activity is Activity.ERROR else ""  # a spinner's words change all the time
        self._said = said
        if (said.activity, text, said.source) == self._told:
            return []
        self._told = (said.activity, text, said.source)
        return [ActivityReported(self._session, at, said.activity, text, said.source)]

    def _show(self, ask: Ask | None, at: float) -> list[AskChanged]:
        if ask == self.ask:
            return []
        self.ask = ask
        return [AskChanged(self._session, at, ask)]


def _line(name: str, said: _Said | None, at: float) -> str:
    if said is None:
        return f"{name}: nothing so far"
    words = f" ({said.text})" if said.text else ""
    return f"{name}: {said.activity.value}{words}, {at - said.at:.0f} s ago"


def _seen(match: Match | None) -> _Said:
    if match is None:
        return _Said(source="screen: no rule matches")
    where = match.region if match.region == "title" else "screen"
    return _Said(match.activity, match.text, match.kind, f"{where} rule {match.rule}")


_KINDS = {"question": AskKind.QUESTION, "auth": AskKind.AUTH, "plan": AskKind.PLAN, "trust": AskKind.TRUST}


def _unread(said: _Said) -> Ask | None:
    """It asks, but no known dialog could be read: what its source says, to be answered in its terminal."""
    if said.activity is not Activity.ASKING:
        return None
    kind = _KINDS.get(said.kind, AskKind.PERMISSION)
    text = said.text or said.kind or "it waits for an answer"
    return Ask(kind, text, text, source=said.source, is_whole=False)


def _is_about(request: HookEvent, ask: Ask) -> bool:
    """Whether the request is the one whose dialog stands there: its subject is in the dialog's text."""
    wanted = "".join(request.subject.split())
    if not wanted:
        return False
    shown = ask.subject.strip()
    return wanted in "".join(ask.text.split()) or bool(shown and request.subject.endswith("/" + shown))
