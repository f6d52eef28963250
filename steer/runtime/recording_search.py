"""A search through a whole recording, in a thread: hits come as they are found."""

from __future__ import annotations

import threading

from steer.replay.player import events_from
from steer.replay.search import Needle, hits
from steer.runtime.recording_file import RecordingFile


class RecordingSearch:
    """`found` holds the times of hits in order and only grows; `is_done` when the end was reached."""

    def __init__(self, recording: RecordingFile, query: str) -> None:
        self.needle = Needle(query)
        self.found: list[float] = []
        self.is_done = False
        self._recording = recording
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="search")
        self._thread.start()

    def stop(self) -> None:
        self._is_stopped = True
        self._thread.join(timeout=5)

    def _run(self) -> None:
        index = self._recording.index
        if index.header is not None:
            for hit in hits(index.header, events_from(index, self._recording.read, None), self.needle):
                if self._is_stopped:
                    return
                if hit is not None and (not self.found or hit > self.found[-1]):
                    self.found.append(hit)
        self.is_done = True
