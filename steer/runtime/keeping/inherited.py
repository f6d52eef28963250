"""What a program and all that it starts inherit from the moment it is run: being killed first when memory runs out.

For the child, between fork and exec.
"""

from __future__ import annotations

OOM_RAISE = 300  # as browsers ask for their tabs: before the keeper and the desktop, after what has run wild


def set_inherited() -> None:
    """As far as the system lets it: nothing here may keep a program from starting."""
    _raise_oom_score()


def _raise_oom_score() -> None:
    """See proc_pid_oom_score_adj(5): -1000 to 1000, more is killed earlier; anybody may raise their own."""
    try:
        with open("/proc/self/oom_score_adj", "r+b", buffering=0) as file:
            raised = min(1000, int(file.read()) + OOM_RAISE)
            file.write(b"%d" % raised)
    except (OSError, ValueError):
        pass  # not Linux
