"""Cells of one row that are drawn differently."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """Cells `start` up to and without `end`, in `role` (see `look.look`)."""

    start: int
    end: int
    role: str
