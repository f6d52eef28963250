"""One HTML file that plays the recording with asciinema-player, offline: nothing is loaded from anywhere.

The recording is data, never markup: it stands in a script element that is not run, with every `<` escaped. The
page's policy allows the two scripts in it by their digests, WebAssembly (the player's terminal) and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator
from importlib.resources import files

from steer.export.cast_file import v2
from steer.export.svg import Palette
from steer.record.reader import Event, Header

_SETUP = """
const data = JSON.parse(document.getElementById("recording").textContent);
AsciinemaPlayer.create({ data }, document.getElementById("player"),
  { fit: "both", theme: "steer", idleTimeLimit: 2, poster: "npt:0:02", preload: true });
"""


def page(header: Header, events: Iterable[Event], palette: Palette) -> Iterator[bytes]:
    """The recording is held whole."""
    recording = b"".join(v2(header, events)).decode()
    player, style = _asset("asciinema-player.min.js"), _asset("asciinema-player.css")
    title = html.escape(header.title or "Terminal recording")
    policy = (
        f"default-src 'none'; script-src '{_digest(player)}' '{_digest(_SETUP)}' 'wasm-unsafe-eval'; "
        "style-src 'unsafe-inline'; font-src data:; img-src data:; connect-src data:"
    )
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>\n{style}\n{_theme(palette)}</style>\n</head>\n<body>\n"
        '<div id="player"></div>\n<noscript>This recording needs JavaScript to play.</noscript>\n'
    ).encode()
    yield b'<script type="application/json" id="recording">' + _inert(recording) + b"</script>\n"
    yield f"<script>{player}</script>\n<script>{_SETUP}</script>\n</body>\n</html>\n".encode()


def _asset(name: str) -> str:
    return (files("steer.export") / "assets" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _inert(text: str) -> bytes:
    """A JSON string that no HTML parser finds a tag or a comment in."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()


def _theme(palette: Palette) -> str:
    colours = "".join(f"  --term-color-{i}: {colour};\n" for i, colour in enumerate(palette.ansi))
    return (
        f"html, body {{ margin: 0; height: 100%; background: {palette.background}; }}\n#player {{ height: 100vh; }}\n"
        f".asciinema-player-theme-steer {{\n  --term-color-foreground: {palette.foreground};\n"
        f"  --term-color-background: {palette.background};\n{colours}}}\n"
    )
