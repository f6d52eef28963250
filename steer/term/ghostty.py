"""libghostty-vt through pyghostty's cffi layer: the only module that knows the binding.

Calls into the library are the cost (about a microsecond each), so everything here is few and bulky: one call
feeds a chunk, three calls bring a whole screen as rows of text with SGR sequences.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from typing import Any

from steer.term import binding

binding.prepare()

from pyghostty import ffi, lib  # noqa: E402
from pyghostty._ffi import check, union_fn  # noqa: E402
from pyghostty.core import Terminal, init_sized  # noqa: E402

ACTIVE, SCREEN = 0, 2  # GhosttyPointTag: live screen; scrollback plus screen, line 0 the oldest

_GRID_REF = "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyGridRef*)"
_CURSOR_STYLE = {0: "bar", 1: "block", 2: "underline", 3: "hollow"}
_CURSOR_KEY = lib.GHOSTTY_RENDER_STATE_DATA_CURSOR
_INITIAL_BUFFER = 64 * 1024


class Screen:
    """One native terminal. Not thread-safe. Sizes from 2x2 on: at one row the library crashed."""

    def __init__(self, cols: int, rows: int, scrollback_bytes: int, snapshot: bytes = b"") -> None:
        """Empty, or as `snapshot` (see there) says, whose size then counts instead of `cols` and `rows`.

        Raises `ValueError` for a snapshot that is none of this version's.
        """
        self._term = _restored(snapshot) if snapshot else Terminal(cols, rows)
        self._handle = self._term._t[0]
        self._callbacks: list[Any] = []
        # Bounding scrollback by bytes is 5-10 times faster than by lines (measured, pyghostty 0.1.3).
        self._set("SCROLLBACK_MAX_LINES", ffi.NULL)
        self._set("SCROLLBACK_MAX_BYTES", ffi.new("size_t*", scrollback_bytes))
        self._set("KITTY_IMAGE_STORAGE_LIMIT", ffi.new("uint64_t*", 0))
        self._buffer = ffi.new("uint8_t[]", _INITIAL_BUFFER)
        self._size = ffi.new("size_t*")
        self._point = ffi.new("GhosttyPointS*")
        self._grid_ref = union_fn("ghostty_terminal_grid_ref", _GRID_REF)
        self._formatter = ffi.new("GhosttyFormatter*")
        self._selection = init_sized("GhosttySelection")
        self._start = ffi.addressof(self._selection, "start")
        self._end = ffi.addressof(self._selection, "end")
        self._options = init_sized("GhosttyFormatterTerminalOptions")
        self._options.emit = lib.GHOSTTY_FORMATTER_FORMAT_VT
        self._options.selection = self._selection
        self._mode = ffi.new("GhosttyTerminalModeConfig*")
        render = ffi.new("GhosttyRenderState*")
        check(lib.ghostty_render_state_new(ffi.NULL, render), "render state")
        self._render = ffi.gc(render[0], lib.ghostty_render_state_free)
        self._cursor = init_sized("GhosttyRenderStateCursor")
        self._keys = _KeyEncoder()
        self._mice = _MouseEncoder()

    def _set(self, option: str, value: Any) -> None:
        code = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}")
        check(lib.ghostty_terminal_set(self._handle, code, value), f"set {option}")

    def _get(self, key: str, ctype: str) -> Any:
        return self._term.get(key, ctype)

    # -- what the program does ------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        lib.ghostty_terminal_vt_write(self._handle, data, len(data))

    def resize(self, cols: int, rows: int) -> None:
        self._term.resize(cols, rows)

    def on_reply(self, handle: Callable[[bytes], None]) -> None:
        self._term.on_reply(handle)

    def on_unknown_osc(self, handle: Callable[[bytes], None], max_bytes: int) -> None:
        self._term.on_unknown_sequence(lambda s: handle(s.content) if s.kind == "osc" else None, max_bytes)

    def on_bell(self, handle: Callable[[], None]) -> None:
        self._on("BELL", "GhosttyTerminalBellFn", lambda _t, _u: handle())

    def on_title(self, handle: Callable[[], None]) -> None:
        self._on("TITLE_CHANGED", "GhosttyTerminalTitleChangedFn", lambda _t, _u: handle())

    def on_notification(self, handle: Callable[[bytes, bytes], None]) -> None:
        def call(_t: Any, _u: Any, n: Any) -> None:
            handle(_string(n.title), _string(n.body))

        self._on("DESKTOP_NOTIFICATION", "GhosttyTerminalDesktopNotificationFn", call)

    def answer_version(self, name: bytes) -> None:
        text = ffi.new("uint8_t[]", name)
        self._callbacks.append(text)
        string = ffi.new("GhosttyString*", {"ptr": text, "len": len(name)})
        self._on("XTVERSION", "GhosttyTerminalXtversionFn", lambda _t, _u: string[0])

    def _on(self, option: str, ctype: str, handle: Callable[..., Any]) -> None:
        callback = ffi.callback(ctype, handle)
        self._callbacks.append(callback)  # the library keeps only the address
        self._set(option, callback)

    # -- what is on the screen ------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        return self._get("cols", "uint16_t"), self._get("rows", "uint16_t")

    @property
    def title(self) -> str:
        return _string(self._get("title", "GhosttyString")).decode("utf-8", "replace")

    @property
    def history(self) -> int:
        return int(self._get("scrollback_rows", "size_t"))

    @property
    def cursor(self) -> tuple[int, int, bool, str]:
        """(x, y, is visible, shape); the shape is known only to the render state, whose update is 2-5 us."""
        lib.ghostty_render_state_update(self._render, self._handle)
        found = self._cursor
        check(lib.ghostty_render_state_get(self._render, _CURSOR_KEY, found), "cursor")
        shape = _CURSOR_STYLE.get(found.visual_style, "block")
        visible = bool(found.visible and found.viewport_has_value)
        return found.viewport_x, found.viewport_y, visible, shape

    @property
    def is_alternate(self) -> bool:
        return bool(self._get("active_screen", "GhosttyTerminalScreen") == 1)

    @property
    def has_mouse(self) -> bool:
        return bool(self._get("mouse_tracking", "bool"))

    @property
    def kitty_flags(self) -> int:
        return int(self._get("kitty_keyboard_flags", "uint8_t"))

    def mode(self, number: int) -> bool:
        self._mode.mode = number
        check(lib.ghostty_terminal_get(self._handle, lib.GHOSTTY_TERMINAL_DATA_MODE, self._mode), "mode")
        return bool(self._mode.value)

    def rows(self, tag: int, first: int, last: int) -> list[str]:
        """Rows `first`..`last` as text with SGR sequences, each beginning and ending in the default style.

        The formatter leaves blank rows at the end away; they come back as empty strings.
        """
        self._select(tag, (first, 0), (last, self.size[0] - 1))
        self._options.extra.screen.style = False
        text = self._format(self._options)
        rows = text.split("\r\n")
        return rows + [""] * (last - first + 1 - len(rows))

    def plain(self, start: tuple[int, int], end: tuple[int, int], *, unwrap: bool) -> str:
        """Plain text between two (line, column) places of scrollback plus screen, both included."""
        self._select(SCREEN, start, end)
        options = init_sized("GhosttyFormatterTerminalOptions")
        options.emit = lib.GHOSTTY_FORMATTER_FORMAT_PLAIN
        options.unwrap, options.trim, options.selection = unwrap, True, self._selection
        return self._format(options).replace("\r\n", "\n")

    def dump(self) -> bytes:
        """A byte sequence that brings an empty terminal of this size to this screen: cells, modes, cursor."""
        options = init_sized("GhosttyFormatterTerminalOptions")
        options.emit = lib.GHOSTTY_FORMATTER_FORMAT_VT
        extra = options.extra
        extra.modes = extra.scrolling_region = extra.tabstops = extra.keyboard = True
        screen = extra.screen
        screen.cursor = screen.style = screen.hyperlink = screen.kitty_keyboard = screen.charsets = True
        cols, rows = self.size
        self._select(ACTIVE, (0, 0), (rows - 1, cols - 1))
        options.selection = self._selection
        return self._format(options).encode()

    def keep_unfinished(self, max_bytes: int) -> None:
        """Have snapshots carry an escape sequence that is only half written yet."""
        self._set("CONTINUATION_MAX_BYTES", ffi.new("size_t*", max_bytes))

    def snapshot(self) -> bytes:
        """Everything: both screens, scrollback, modes, parser; b"" while that is impossible (an unfinished
        sequence longer than `keep_unfinished` allows). For memory only: the format belongs to the version."""
        out, size = ffi.new("uint8_t**"), ffi.new("size_t*")
        if lib.ghostty_snapshot_encode_alloc(self._handle, ffi.NULL, out, size) != 0:
            return b""
        try:
            return bytes(ffi.buffer(out[0], size[0]))
        finally:
            lib.ghostty_free(ffi.NULL, out[0], size[0])

    def _select(self, tag: int, start: tuple[int, int], end: tuple[int, int]) -> None:
        for (y, x), ref in ((start, self._start), (end, self._end)):
            self._point.tag, self._point.value.x, self._point.value.y = tag, x, y
            check(self._grid_ref(self._handle, self._point[0], ref), f"place {y},{x}")

    def _format(self, options: Any) -> str:
        check(
            lib.ghostty_formatter_terminal_new(ffi.NULL, self._formatter, self._handle, options[0]), "format"
        )
        try:
            return self._read()
        finally:
            lib.ghostty_formatter_free(self._formatter[0])

    def _read(self) -> str:
        while True:
            result = lib.ghostty_formatter_format_buf(
                self._formatter[0], self._buffer, len(self._buffer), self._size
            )
            if result == 0:
                return _printable(ffi.buffer(self._buffer, self._size[0])[:])
            if result != lib.GHOSTTY_OUT_OF_SPACE:
                check(result, "format")
            self._buffer = ffi.new("uint8_t[]", max(self._size[0], 2 * len(self._buffer)))

    # -- what the operator does -----------------------------------------------------------------------

    def encode_key(self, physical: str, text: str, mods: int, unshifted: int) -> bytes:
        return self._keys.encode(self._handle, physical, text, mods, unshifted)

    def encode_mouse(self, action: int, button: int, x: int, y: int, mods: int) -> bytes:
        return self._mice.encode(self._handle, self.size, (action, button, x, y, mods))

    def close(self) -> None:
        self._term.close()


def _restored(snapshot: bytes) -> Terminal:
    """pyghostty's terminal around the one that `snapshot` describes."""
    decoder, handle, data = (
        ffi.new("GhosttySnapshotDecoder*"),
        ffi.new("GhosttyTerminal*"),
        ffi.from_buffer(snapshot),
    )
    source = ffi.cast("uint8_t*", data)
    if lib.ghostty_snapshot_decoder_new_buf(ffi.NULL, decoder, source, len(snapshot)) != 0:
        raise ValueError("not a snapshot")
    limit = ffi.new("size_t*", len(snapshot))
    lib.ghostty_snapshot_decoder_set(
        decoder[0], lib.GHOSTTY_SNAPSHOT_DECODER_OPT_MAX_CONTINUATION_BYTES, limit
    )
    result = lib.ghostty_snapshot_decoder_decode(decoder[0], handle)
    lib.ghostty_snapshot_decoder_free(decoder[0])
    if result != 0:
        raise ValueError("a snapshot of another version")
    terminal = Terminal(2, 2)
    terminal.close()
    terminal._t = handle
    terminal._free = weakref.finalize(terminal, lib.ghostty_terminal_free, handle[0])
    return terminal


class _KeyEncoder:
    def __init__(self) -> None:
        slot = ffi.new("GhosttyKeyEncoder*")
        check(lib.ghostty_key_encoder_new(ffi.NULL, slot), "key encoder")
        self._encoder = ffi.gc(slot[0], lib.ghostty_key_encoder_free)
        event = ffi.new("GhosttyKeyEvent*")
        check(lib.ghostty_key_event_new(ffi.NULL, event), "key event")
        self._event = ffi.gc(event[0], lib.ghostty_key_event_free)
        self._out = ffi.new("char[]", 256)
        self._n = ffi.new("size_t*")

    def encode(self, terminal: Any, physical: str, text: str, mods: int, unshifted: int) -> bytes:
        lib.ghostty_key_encoder_setopt_from_terminal(self._encoder, terminal)
        yes = ffi.new("bool*", True)
        lib.ghostty_key_encoder_setopt(self._encoder, lib.GHOSTTY_KEY_ENCODER_OPT_ALT_ESC_PREFIX, yes)
        event, utf8 = self._event, text.encode("utf-8", "ignore")
        keep = ffi.new("char[]", utf8)
        lib.ghostty_key_event_set_action(event, lib.GHOSTTY_KEY_ACTION_PRESS)
        lib.ghostty_key_event_set_key(event, getattr(lib, f"GHOSTTY_KEY_{physical}"))
        lib.ghostty_key_event_set_mods(event, mods)
        lib.ghostty_key_event_set_consumed_mods(event, (mods & 1) if text else 0)
        lib.ghostty_key_event_set_utf8(event, keep, len(utf8))
        lib.ghostty_key_event_set_unshifted_codepoint(event, unshifted)
        result = lib.ghostty_key_encoder_encode(self._encoder, event, self._out, len(self._out), self._n)
        return bytes(ffi.buffer(self._out, self._n[0])) if result == 0 else b""


class _MouseEncoder:
    def __init__(self) -> None:
        slot = ffi.new("GhosttyMouseEncoder*")
        check(lib.ghostty_mouse_encoder_new(ffi.NULL, slot), "mouse encoder")
        self._encoder = ffi.gc(slot[0], lib.ghostty_mouse_encoder_free)
        event = ffi.new("GhosttyMouseEvent*")
        check(lib.ghostty_mouse_event_new(ffi.NULL, event), "mouse event")
        self._event = ffi.gc(event[0], lib.ghostty_mouse_event_free)
        self._size = init_sized("GhosttyMouseEncoderSize")
        self._size.cell_width = self._size.cell_height = 1
        self._out = ffi.new("char[]", 64)
        self._n = ffi.new("size_t*")
        self._held = 0

    def encode(self, terminal: Any, size: tuple[int, int], what: tuple[int, int, int, int, int]) -> bytes:
        action, button, x, y, mods = what
        self._size.screen_width, self._size.screen_height = size
        setopt = lib.ghostty_mouse_encoder_setopt
        lib.ghostty_mouse_encoder_setopt_from_terminal(self._encoder, terminal)
        setopt(self._encoder, lib.GHOSTTY_MOUSE_ENCODER_OPT_SIZE, self._size)
        self._held = self._held + (action == 0) - (action == 1) if button in (1, 2, 3) else self._held
        held = ffi.new("bool*", self._held > 0 or (action == 2 and button > 0))
        setopt(self._encoder, lib.GHOSTTY_MOUSE_ENCODER_OPT_ANY_BUTTON_PRESSED, held)
        self._fill(action, button, x, y, mods)
        result = lib.ghostty_mouse_encoder_encode(
            self._encoder, self._event, self._out, len(self._out), self._n
        )
        return bytes(ffi.buffer(self._out, self._n[0])) if result == 0 else b""

    def _fill(self, action: int, button: int, x: int, y: int, mods: int) -> None:
        lib.ghostty_mouse_event_set_action(self._event, action)
        if button:
            lib.ghostty_mouse_event_set_button(self._event, button)
        else:
            lib.ghostty_mouse_event_clear_button(self._event)
        lib.ghostty_mouse_event_set_mods(self._event, mods)
        position = ffi.new("GhosttyMousePosition*", {"x": x + 0.5, "y": y + 0.5})
        lib.ghostty_mouse_event_set_position(self._event, position[0])


# Cells may hold DEL and C1 controls (the library keeps them as characters); a terminal would obey them.
_NO_CONTROLS = bytes(0x20 if (b < 0x20 and b not in b"\x1b\r\n") or b == 0x7F else b for b in range(256))
_C1 = re.compile(rb"\xc2[\x80-\x9f]")


def _printable(data: bytes) -> str:
    """Formatted cells as text in which ESC begins SGR sequences and nothing else is a control character."""
    data = data.translate(_NO_CONTROLS)
    if b"\xc2" in data:
        data = _C1.sub(b" ", data)
    return data.decode("utf-8", "replace")


def _string(value: Any) -> bytes:
    return bytes(ffi.buffer(value.ptr, value.len)) if value.len else b""
