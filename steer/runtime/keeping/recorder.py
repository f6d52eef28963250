"""What goes into the recording, and what does not: the size policy in front of the tape."""

from __future__ import annotations

from steer.record.cast import Encoder
from steer.runtime.keeping.bucket import Bucket
from steer.runtime.keeping.tape import Tape

_THIN_BURST_BYTES = 256 * 1024


class Recorder:
    """Events to lines to the tape. Methods take `at`, seconds since the recording began."""

    def __init__(self, tape: Tape, max_bytes: int, thin_bytes_per_s: int) -> None:
        self.tape = tape
        self.gap_bytes = 0  # output since the recording left some out
        self._encoder = Encoder()
        self._max_bytes = max_bytes
        burst = max(_THIN_BURST_BYTES, thin_bytes_per_s) if thin_bytes_per_s > 0 else 0
        self._thin = Bucket(max(thin_bytes_per_s, 1e-9), burst, 0.0)

    @property
    def held(self) -> bytes:
        """The begin of a character, waiting for its rest: neither recorded nor to be shown yet."""
        return self._encoder.held

    def output(self, at: float, data: bytes) -> tuple[bytes, bool]:
        """Record what the program wrote. Returns the bytes to show now and whether the tape has them all.

        Beyond the size cap output is left out except at the thin rate; it is to be shown all the same.
        """
        if self._is_over() and not self._thin.has(at, len(data)):
            return self._leave_out(at, data)
        if self._is_over():
            self._thin.take(at, len(data))
        held = self._encoder.held
        lines = self._end_gap(at) + self._encoder.output(at, data)
        shown = held + data
        if self._encoder.held:
            shown = shown[: -len(self._encoder.held)]
        return shown, self.tape.append(lines)

    def _is_over(self) -> bool:
        return 0 < self._max_bytes <= self.tape.offset

    def _leave_out(self, at: float, data: bytes) -> tuple[bytes, bool]:
        held = self._encoder.held
        is_written = self.tape.append(self._encoder.flush(at))
        self.gap_bytes += len(data)
        return held + data, is_written

    def _end_gap(self, at: float) -> bytes:
        size, self.gap_bytes = self.gap_bytes, 0
        return self._encoder.marker(at, f"steer: {size} bytes of output not recorded") if size else b""

    def flush(self, at: float) -> tuple[bytes, bool]:
        """Record the held bytes as they are; returns as `output` does."""
        held = self._encoder.held
        return held, self.tape.append(self._encoder.flush(at))

    def dump(self, at: float, data: bytes) -> bool:
        """Record `data` as output although the program did not write it just now; ends a gap."""
        lines = self._encoder.flush(at) + self._end_gap(at) + self._encoder.output(at, data)
        return self.tape.append(lines + self._encoder.flush(at))

    def input(self, at: float, data: bytes) -> bool:
        return self.tape.append(self._encoder.input(at, data))

    def resize(self, at: float, cols: int, rows: int) -> bool:
        return self.tape.append(self._encoder.resize(at, cols, rows))

    def marker(self, at: float, text: str) -> bool:
        return self.tape.append(self._encoder.marker(at, text))

    def exit(self, at: float, status: int) -> bool:
        return self.tape.append(self._end_gap(at) + self._encoder.exit(at, status))
