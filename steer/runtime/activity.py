"""One session's activity from the best source it has: its own reports (OSC 7501), else its profile's screen rules.

Once an agent has reported, its screen is not consulted any more: what it prints could imitate anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from steer.agents.profile import GENERIC, Profile
from steer.agents.rule import judge
from steer.model.event import ActivityReported
from steer.model.session import Activity
from steer.term.status import Status

SETTLE_S = 0.3  # a redraw is over; agents repaint their screens in several writes


class ActivitySource:
    """`profile`: of the session's agent. Both methods return what is news, or None."""

    def __init__(self, session: str, profile: Profile = GENERIC) -> None:
        self._session = session
        self._rules = profile.rules
        self._has_reported = False
        self._said: tuple[Activity, str, str] | None = None

    @property
    def wants_screen(self) -> bool:
        """Whether it is worth looking at the screen when it has settled."""
        return bool(self._rules) and not self._has_reported

    def reported(self, status: Status, at: float) -> ActivityReported | None:
        """The program's own report; those about its children are not about itself."""
        if status.is_child:
            return None
        self._has_reported = True
        return self._news(status.activity, status.text, "osc7501", at)

    def seen(self, title: str, lines: Sequence[str], at: float) -> ActivityReported | None:
        """What the rules say about a settled screen: the first that matches, else unknown."""
        match = judge(self._rules, title.strip(), lines)
        if match is None:
            return self._news(Activity.UNKNOWN, "", "screen: no rule matches", at)
        return self._news(match.activity, match.text, f"screen rule {match.rule}", at)

    def _news(self, activity: Activity, text: str, source: str, at: float) -> ActivityReported | None:
        if activity is not Activity.ASKING and source != "osc7501":
            text = text if activity is Activity.ERROR else ""  # a spinner's words change all the time
        said = (activity, text, source)
        if said == self._said:
            return None
        self._said = said
        return ActivityReported(self._session, at, activity, text, source)
