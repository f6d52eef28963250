"""What a terminal may answer a program: a closed set of forms, none of which carries bytes of the question.

An answer is typed into the agent's input, so an answer that echoes what was asked lets printed text become
typed text (`DECRQSS`, `CSI 21 t`, colour and clipboard queries; see xterm CVE-2003-0063 and its successors).
"""

from __future__ import annotations

import re

_ALLOWED = re.compile(
    rb"""
      \x1b\[[?>=]?[0-9;]*c                  # DA1, DA2
    | \x1bP!\|[0-9A-Fa-f]{0,16}\x1b\\       # DA3
    | \x1b\[[03]n                           # DSR: ready
    | \x1b\[\??[0-9]{1,5};[0-9]{1,5}(;1)?R  # CPR, DECXCPR
    | \x1b\[\??[0-9]{1,5};[0-4]\$y          # DECRPM
    | \x1b\[\?[0-9]{1,3}u                   # kitty keyboard flags
    | \x1b\[>4;[0-9]m                       # XTQMODKEYS
    | \x1b\[(4|6|8|48)(;[0-9]{1,5}){2,4}t   # sizes
    | \x1b\[\?997;[12]n                     # colour scheme
    | \x1bP>\|[A-Za-z0-9 ._()-]{1,40}\x1b\\ # XTVERSION, our own words
    | \x1b\]1[012];rgb:[0-9a-f/]{8,14}(\x1b\\|\x07)   # default colours, ours
    | \x1b\]4;[0-9]{1,3};rgb:[0-9a-f/]{8,14}(\x1b\\|\x07)
    | \x1b\[[IO]                            # focus
    """,
    re.VERBOSE,
)


def allowed(reply: bytes) -> bytes:
    """`reply` if it is one of the answers above, else nothing."""
    return reply if _ALLOWED.fullmatch(reply) else b""
