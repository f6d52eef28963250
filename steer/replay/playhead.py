"""Where a replay stands and how it moves. Time comes in as seconds that passed; there is no clock here."""

from __future__ import annotations

from dataclasses import dataclass

from steer.replay.idle import IdleMap

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(slots=True)
class Playhead:
    """`position` is recorded time; `end` is how much of it there is (it grows while a recording is read)."""

    position: float = 0.0
    end: float = 0.0
    is_playing: bool = False
    speed: float = 1.0
    is_compressed: bool = True
    is_following: bool = False  # stays at the end as that moves

    def advance(self, elapsed_s: float, idle: IdleMap, *, is_complete: bool = True) -> None:
        """Move on by `elapsed_s` of real time. Stops playing at the end, unless more is to come."""
        if self.is_following:
            self.position = self.end
        if not self.is_playing or elapsed_s <= 0:
            return
        step = elapsed_s * self.speed
        moved = (
            idle.recorded(idle.shown(self.position) + step) if self.is_compressed else self.position + step
        )
        self.position = min(max(moved, self.position), self.end)
        if self.position >= self.end and is_complete:
            self.is_playing = False

    def seek(self, at: float) -> None:
        self.position = min(max(at, 0.0), self.end)
        self.is_following = False

    def seek_fraction(self, fraction: float) -> None:
        self.seek(self.end * fraction)

    def play_or_pause(self) -> None:
        """Playing at the end begins again."""
        if not self.is_playing and self.position >= self.end:
            self.position = 0.0
        self.is_playing = not self.is_playing
        self.is_following = False

    def change_speed(self, by: int) -> None:
        """The next faster (by 1) or slower (by -1) of `SPEEDS`."""
        if by > 0:
            self.speed = min((s for s in SPEEDS if s > self.speed), default=self.speed)
        else:
            self.speed = max((s for s in SPEEDS if s < self.speed), default=self.speed)

    def follow(self) -> None:
        self.is_following, self.is_playing = True, False
        self.position = self.end
