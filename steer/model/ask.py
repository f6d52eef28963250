"""What an agent waits for the operator to decide: the dialog on its screen, read exactly.

All texts are the agent's and untrusted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class AskKind(StrEnum):
    PERMISSION = "permission"  # may it use a tool
    QUESTION = "question"  # it wants to know something
    PLAN = "plan"  # may it carry out its plan
    TRUST = "trust"  # may it work in this folder
    AUTH = "auth"  # it wants a login or a key
    UPDATE = "update"  # it advertises something before it starts: an update, a model, a theme


class Meaning(StrEnum):
    """What a choice means, where its profile says so."""

    ONCE = "once"  # yes, this time
    DENY = "deny"
    WORDS = "words"  # opens a line for an answer in words
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Choice:
    label: str  # as on the screen, without its number: "Yes, and don't ask again for pytest"
    keys: tuple[str, ...]  # that choose it, from the dialog as it stands now
    means: Meaning = Meaning.OTHER


@dataclass(frozen=True, slots=True)
class Ask:
    kind: AskKind
    title: str  # one line: "Bash command", "Do you want to proceed?"
    text: str  # all that is asked, as it stands on the screen or as the agent reported it
    choices: tuple[Choice, ...] = ()  # empty: it can only be answered in its terminal
    selected: int = -1  # index of the preselected choice; -1: none
    tool: str = ""  # the tool it wants to use, where known: "Bash"
    subject: str = ""  # what with: the command, the path; whole, or empty
    source: str = ""  # where it was read: "hook", "screen"
    is_whole: bool = True  # False: the screen is too small and shows only a part
    takes_text: bool = False  # an answer in words can be typed

    @property
    def digest(self) -> str:
        """Binds an answer to exactly what was shown."""
        parts = [self.kind, self.title, self.text, self.tool, self.subject, *(c.label for c in self.choices)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
