"""Every command of the board, once. Keys, footer, palette, help and the README's key table are read from here."""

from __future__ import annotations

from steer.commands.command import Asks, Command
from steer.commands.reason import (
    needs_asking,
    needs_ended,
    needs_live,
    needs_live_sessions,
    needs_progress,
    needs_recording,
    needs_sessions,
    needs_two,
    needs_undo,
)

_NONE, _FLEET = Asks.NONE, Asks.FLEET

STEER = (
    Command("inject", "Correct the agent", ("i", "space"), "Steer", "type a correction and see it before it is sent",
            reason=needs_live, footer="correct"),
    Command("answer", "Answer who is asking", ("a",), "Steer", "see exactly what an agent asks, and choose",
            _FLEET, needs_asking, "answer"),
    Command("kill", "Kill", ("x",), "Steer", "stop the agent and move its worktree to the trash; undo brings it back",
            footer="kill"),
    Command("fork", "Fork", ("f",), "Steer", "copy its files as they are into a new worktree, with a new agent",
            footer="fork"),
    Command("restart", "Restart afresh", ("R",), "Steer",
            "a new agent with a brief of what was tried, in a new worktree", footer="restart"),
    Command("undo", "Undo", ("u",), "Steer",
            "take back the last kill, fork, start, pause or continue", _FLEET, needs_undo, "undo"),
    Command("interrupt", "Interrupt", ("k",), "Steer", "press the agent's interrupt key", reason=needs_live,
            footer="interrupt"),
    Command("pause", "Pause or continue", ("p",), "Steer", "stop the agent's processes where they are, or let them run",
            reason=needs_live, footer="pause"),
    Command("broadcast", "Correct many", ("b",), "Steer",
            "send one text to the marked agents, or to all that run", _FLEET, needs_live_sessions),
    Command("mark", "Mark", ("M",), "Steer", "choose the session for a broadcast or a comparison, or take it back"),
    Command("respawn", "Start again", ("r",), "Steer", "start the agent of an ended session in the same worktree",
            reason=needs_ended, footer="start again"),
)  # fmt: skip

START = (
    Command("new", "New session", ("n",), "Start", "start an agent on a task in a worktree of its own", _FLEET,
            footer="new"),
    Command("fan", "Fan out", ("N",), "Start", "give one task to several agents", _FLEET, footer="fan out"),
    Command("rename", "Rename", ("m",), "Start", "give the session another name"),
    Command("shell", "Open a shell", ("o",), "Start", "a shell in the session's worktree; leave it to come back"),
)  # fmt: skip

READ = (
    Command("focus", "Type to the agent", ("enter",), "Read", "every key goes to the agent until the leave key",
            footer="focus"),
    Command("diff", "Diff", ("d",), "Read", "what the session changed against its base", footer="diff"),
    Command("compare", "Compare", ("c",), "Read", "two sessions: what differs in their files and checks", _FLEET,
            needs_two, "compare"),
    Command("replay", "Replay", ("v",), "Read", "watch the recording from any moment", reason=needs_recording),
    Command("flags", "Flags", ("exclamation_mark",), "Read", "all flags with their evidence, and the key that helps",
            _FLEET, needs_sessions, "flags"),
    Command("check_repo", "Check the repository", ("K",), "Read",
            "what changed in .git that your own git would obey: configuration, hooks, others' branches", _FLEET),
    Command("explain", "Explain", ("e",), "Read", "why steer thinks the agent is in this state"),
    Command("search", "Search", ("slash",), "Read", "find text in the pane and its scrollback", footer="search"),
    Command("copy", "Copy", ("y",), "Read", "copy the selected text to the clipboard"),
    Command("log", "Operations", ("l",), "Read", "what was done, by whom, and what can be undone", _FLEET),
    Command("scroll_up", "Scroll up", ("pageup",), "Read", "towards older lines"),
    Command("scroll_down", "Scroll down", ("pagedown",), "Read", "towards newer lines"),
    Command("scroll_live", "Back to live", ("end",), "Read", "to the newest line"),
)  # fmt: skip

MOVE = (
    Command("next_needing", "Next that needs you", ("right_square_bracket",), "Move",
            "asking first, then failing, then flagged", _FLEET, needs_sessions, "next"),
    Command("previous_needing", "Previous that needs you", ("left_square_bracket",), "Move",
            "the other way round", _FLEET, needs_sessions),
    Command("select_number", "Select by number", tuple("123456789"), "Move", "the number stands in the pane's frame",
            _FLEET, needs_sessions),
    Command("move_left", "Left", ("left",), "Move", "the pane to the left", _FLEET, needs_sessions),
    Command("move_right", "Right", ("right",), "Move", "the pane to the right", _FLEET, needs_sessions),
    Command("move_up", "Up", ("up",), "Move", "the pane above", _FLEET, needs_sessions),
    Command("move_down", "Down", ("down",), "Move", "the pane below", _FLEET, needs_sessions),
    Command("next_pane", "Next session", ("tab",), "Move", "in order of number", _FLEET, needs_sessions),
    Command("previous_pane", "Previous session", ("shift+tab",), "Move", "in order of number", _FLEET,
            needs_sessions),
    Command("next_page", "Next page", ("full_stop",), "Move", "when there are more panes than fit", _FLEET,
            needs_sessions),
    Command("previous_page", "Previous page", ("comma",), "Move", "when there are more panes than fit", _FLEET,
            needs_sessions),
)  # fmt: skip

VIEW = (
    Command("zoom", "Zoom", ("z",), "View", "the selected pane alone, or all again", footer="zoom"),
    Command("layout", "Next layout", ("t",), "View", "grid, main and stack, single", _NONE),
    Command("sidebar", "List", ("s",), "View", "show or hide the list of sessions", _NONE),
    Command("theme", "Next theme", ("T",), "View", "try the themes one after the other", _NONE),
)  # fmt: skip

HELP = (
    Command("gc", "Free disk space", ("g",), "steer", "shows its plan first and refuses what is not safe", _FLEET),
    Command("cancel", "Cancel long work", ("C",), "steer",
            "give up on the worktree, fork or setup that is under way", _FLEET, needs_progress),
    Command("palette", "Command palette", ("ctrl+p",), "steer", "every command by name", _NONE, footer="commands"),
    Command("help", "Help", ("question_mark",), "steer", "this list", _NONE, footer="help"),
    Command("quit", "Quit", ("q",), "steer", "leave the board; the agents go on", _NONE, footer="quit"),
)  # fmt: skip

COMMANDS: tuple[Command, ...] = (*STEER, *START, *READ, *MOVE, *VIEW, *HELP)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}
