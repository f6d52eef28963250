"""The commands of the replay screen: a registry of their own, because there the same keys mean other things."""

from __future__ import annotations

from steer.commands.command import Asks, Command


def _command(name: str, title: str, keys: tuple[str, ...], text: str, footer: str = "") -> Command:
    return Command(f"replay_{name}", title, keys, "Replay", text, Asks.NONE, footer=footer)


REPLAY: tuple[Command, ...] = (
    _command("play", "Play or pause", ("space",), "at the end it begins again", "play"),
    _command("back", "Back 5 s", ("left",), "five seconds of what is shown", "5 s"),
    _command("forward", "Forward 5 s", ("right",), "five seconds of what is shown", "5 s"),
    _command("back_far", "Back 60 s", ("shift+left",), "a minute of what is shown"),
    _command("forward_far", "Forward 60 s", ("shift+right",), "a minute of what is shown"),
    _command("next_mark", "Next marker", ("right_square_bracket",), "corrections, flags, forks, checkpoints, the end",
             "marker"),
    _command("previous_mark", "Previous marker", ("left_square_bracket",), "the other way round", "marker"),
    _command("next_step", "Next step", ("s",), "what the agent did, by its transcript or its terminal"),
    _command("previous_step", "Previous step", ("S",), "the one before"),
    _command("next_flag", "Next flag", ("g",), "as recorded, or as the detectors find it now"),
    _command("previous_flag", "Previous flag", ("G",), "the one before"),
    _command("next_intervention", "Next intervention", ("o",), "what the operator did"),
    _command("previous_intervention", "Previous intervention", ("O",), "the one before"),
    _command("next_event", "Next event", ("full_stop",), "the next thing the recording holds"),
    _command("previous_event", "Previous event", ("comma",), "the one before"),
    _command("faster", "Faster", ("plus", "equals_sign"), "up to 64 times", "speed"),
    _command("slower", "Slower", ("minus",), "down to a quarter", "speed"),
    _command("percent", "Jump to a tenth", tuple("0123456789"), "of the bar"),
    _command("go", "Go to", ("colon", "t"), "a time as 1:30, or a share as 40%"),
    _command("start", "To the start", ("home",), "the first moment"),
    _command("end", "To the end", ("end",), "the last moment"),
    _command("follow", "Follow live", ("l",), "stay at the end while the recording grows"),
    _command("idle", "Cut silences", ("i",), "show long silences as one second, or whole", "silences"),
    _command("search", "Search", ("slash",), "in everything that was ever on screen", "search"),
    _command("next_hit", "Next match", ("n",), "of the search"),
    _command("previous_hit", "Previous match", ("N",), "of the search"),
    _command("next_pane", "Next recording", ("tab",), "when several are shown"),
    _command("align", "Align", ("a",), "several recordings by the time of day, or all on their start"),
    _command("zoom", "Zoom", ("z",), "the selected recording alone, or all again"),
    _command("scroll_up", "Scroll up", ("pageup",), "towards older lines, as of then"),
    _command("scroll_down", "Scroll down", ("pagedown",), "towards newer lines"),
    _command("fork", "Fork from here", ("f",), "files and conversation as of this moment, in a new worktree", "fork"),
    _command("diff", "Diff as of then", ("d",), "what the session had changed at this moment"),
    _command("copy", "Copy", ("y",), "the selected text, or the screen as it is"),
    _command("help", "Help", ("question_mark",), "this list", "help"),
    _command("quit", "Leave", ("q", "escape"), "back to the board, or to the shell", "back"),
)  # fmt: skip

REPLAY_BY_ID: dict[str, Command] = {command.id: command for command in REPLAY}
