"""How strictly an agent is kept inside its worktree."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Ordered: a later one keeps more out."""

    L0 = "L0"  # nothing: it runs with the operator's rights
    L1 = "L1"  # Landlock: it writes only where it must, and signals nothing outside
    L2 = "L2"  # bubblewrap: besides, it sees neither other sessions nor other processes
    L3 = "L3"  # the operator's own wrapper command, taken at their word
