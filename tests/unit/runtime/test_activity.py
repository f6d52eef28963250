"""Which source is believed about what an agent does and asks."""

from __future__ import annotations

import json

import pytest

from steer.agents.catalog import load_catalog
from steer.agents.hook import HookEvent, parse_hook
from steer.agents.profile import Profile
from steer.model.ask import AskKind
from steer.model.event import ActivityReported, AskChanged
from steer.model.session import Activity
from steer.runtime.activity import ActivitySource, Look
from steer.term.status import Status

CATALOG = load_catalog({})
RULE = "─" * 60
DOTS = "╌" * 60
BOX = ["● Done.", RULE, "❯", RULE, "  ? for shortcuts"]
DIALOG = [
    RULE,
    " Bash command",
    DOTS,
    " npm test",
    DOTS,
    " This command requires approval",
    " Do you want to proceed?",
    " ❯ 1. Yes",
    "   2. No",
    " Esc to cancel",
]
ADVERTISEMENT = ["  Meet GPT-6", "› 1. Try it", "  2. Use existing model", "  enter/esc confirm"]


def status(activity: Activity, text: str = "", kind: str = "", is_child: bool = False) -> Status:
    return Status(activity, text, kind, is_child)


def hook(name: str, at: float = 1.0, **more: object) -> HookEvent:
    event = parse_hook(json.dumps({"hook_event_name": name, **more}).encode(), at)
    assert event is not None
    return event


def source(agent: str = "claude") -> ActivitySource:
    return ActivitySource("s1", CATALOG.get(agent))


def test_no_rule_is_unknown_not_idle() -> None:
    s = source()
    assert s.seen(Look("", ["something quite different"]), 1.0)
    assert s.activity is Activity.UNKNOWN


def test_an_unknown_agent_is_never_judged() -> None:
    assert not ActivitySource("s1", Profile("generic")).wants_screen


def test_what_is_no_news_is_not_told() -> None:
    s = source()
    assert len(s.reported(status(Activity.WORKING), 1.0)) == 1
    assert s.reported(status(Activity.WORKING), 2.0) == []
    assert s.reported(status(Activity.IDLE, is_child=True), 3.0) == [], "about a child"


def test_a_printed_dialog_is_not_believed_of_an_agent_that_reports() -> None:
    s = source()
    s.reported(status(Activity.WORKING), 1.0)
    assert not s.wants_screen
    assert s.seen(Look("✳ x", DIALOG), 2.0) == []
    s.reported(status(Activity.IDLE), 3.0)
    assert s.seen(Look("✳ x", DIALOG), 4.0) == []
    assert (s.activity, s.ask) == (Activity.IDLE, None)


def test_a_printed_dialog_is_not_believed_where_hooks_or_title_say_that_it_works() -> None:
    s = source()
    s.hooked(hook("UserPromptSubmit", prompt="go"))
    assert s.seen(Look("", DIALOG), 2.0) == []
    assert s.activity is Activity.WORKING
    titled = source("gemini")
    titled.seen(Look("✦  Working… (x)", ["╭───╮", "│ ? Shell │", "│ ● 1. Allow once │", "╰───╯"]), 1.0)
    assert (titled.activity, titled.ask) == (Activity.WORKING, None)


def test_the_dialog_is_read_when_the_agent_says_that_it_is_blocked() -> None:
    s = source()
    s.reported(status(Activity.ASKING, "approve Bash: npm test", "permission"), 1.0)
    assert s.ask is None and s.wants_screen, "its screen is read when it has settled"
    news = s.seen(Look("✳ x", DIALOG), 2.0)
    assert [type(e) for e in news] == [AskChanged]
    assert s.ask and (s.ask.source, s.ask.subject) == ("osc7501", "npm test")
    assert s.seen(Look("✳ x", DIALOG), 3.0) == []
    gone = s.reported(status(Activity.WORKING), 4.0)
    assert any(isinstance(e, AskChanged) and e.ask is None for e in gone)


def test_what_cannot_be_read_is_told_in_the_agents_words() -> None:
    s = source()
    s.reported(status(Activity.ASKING, "please log in", "auth"), 1.0)
    s.seen(Look("x", ["Something new"]), 2.0)
    assert s.ask and (s.ask.kind, s.ask.title, s.ask.choices) == (AskKind.AUTH, "please log in", ())
    assert not s.ask.is_whole


def test_a_dialog_before_the_first_turn_counts_although_the_agent_says_idle() -> None:
    s = source("codex")
    s.reported(status(Activity.IDLE), 1.0)
    s.seen(Look("shop", ADVERTISEMENT), 2.0)
    assert s.activity is Activity.ASKING
    assert s.ask and s.ask.kind is AskKind.UPDATE
    assert "advertises" in s.hint
    s.seen(Look("shop", ["› Ask Codex to do anything"]), 3.0)
    assert (s.activity, s.ask, s.hint) == (Activity.IDLE, None, "")


def test_an_error_stands_until_the_next_turn() -> None:
    s = source()
    s.reported(status(Activity.ERROR, "API Error: 500"), 1.0)
    s.reported(status(Activity.IDLE), 2.0)
    assert s.activity is Activity.ERROR
    s.reported(status(Activity.WORKING), 3.0)
    s.reported(status(Activity.IDLE), 4.0)
    assert s.activity is Activity.IDLE


def test_a_hook_gives_the_exact_words_of_the_dialog_that_it_belongs_to() -> None:
    s = source()
    s.hooked(hook("PermissionRequest", tool_name="Bash", tool_input={"command": "rm -r build"}))
    s.hooked(hook("PermissionRequest", tool_name="Bash", tool_input={"command": "npm  test"}))
    s.reported(status(Activity.ASKING, "", "permission"), 2.0)
    s.seen(Look("", DIALOG), 3.0)
    assert s.ask and (s.ask.tool, s.ask.subject, s.ask.source) == ("Bash", "npm  test", "hook")


def test_a_hook_about_something_else_is_left_out() -> None:
    s = source()
    s.hooked(hook("PermissionRequest", tool_name="Bash", tool_input={"command": "rm -r build"}))
    s.seen(Look("", DIALOG), 3.0)
    assert s.ask and (s.ask.subject, s.ask.source) == ("npm test", "screen")


def test_hooks_tell_the_state_where_the_agent_does_not_report_it() -> None:
    s = source()
    told: list[Activity] = []
    for name, more in (
        ("SessionStart", {"source": "startup"}),
        ("UserPromptSubmit", {"prompt": "go"}),
        ("PermissionRequest", {"tool_name": "Bash", "tool_input": {"command": "ls"}}),
        ("PostToolUseFailure", {"error": "Exit code 1"}),
        ("StopFailure", {"error": "rate_limit"}),
        ("UserPromptSubmit", {"prompt": "go"}),
        ("Stop", {}),
    ):
        told += [e.activity for e in s.hooked(hook(name, **more)) if isinstance(e, ActivityReported)]
    assert [a.value for a in told] == ["idle", "working", "asking", "working", "error", "working", "idle"]
    s.reported(status(Activity.WORKING), 9.0)
    assert s.hooked(hook("Stop")) == [], "OSC 7501 knows better"


def test_an_interruption_that_no_hook_tells_is_seen() -> None:
    s = source()
    s.hooked(hook("UserPromptSubmit", prompt="go"))
    s.seen(Look("✳ x", BOX), 2.0)
    assert s.activity is Activity.IDLE


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"hook_event_name": 3}', b'{"hook_event_name": "Odd"}', b"\xff"]
)
def test_what_is_no_event_is_none(data: bytes) -> None:
    assert parse_hook(data, 1.0) is None
