"""Lines and texts that are edited: Textual draws what stands in them as it is, escape sequences included.

What is filled in may come from an agent (a brief, a suggestion, a name), and what is pasted from its output. So both
hold nothing that a terminal obeys or that hides or reorders text, from the first moment and after every change.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.widgets import Input, TextArea

from steer.term.visible import visible

# Joiners and variation selectors stay: emojis that people type are made with them.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONGEST = len("\\U0010ffff")  # that one of them becomes


def editable(text: str) -> str:
    """`text` with line breaks as they are, tabs as spaces, and what is dangerous written out."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    return _HIDDEN.sub(lambda found: visible(found[0], _LONGEST), text)


class Entry(Input):
    """One line."""

    def validate_value(self, value: str) -> str:
        """Called by Textual whenever the value changes."""
        return editable(value).replace("\n", " ")


class Area(TextArea):
    """Several lines."""

    def __init__(self, text: str = "", **options: Any) -> None:
        super().__init__(editable(text), **options)

    def load_text(self, text: str) -> None:
        super().load_text(editable(text))

    def edit(self, edit: Edit) -> EditResult:
        return super().edit(replace(edit, text=editable(edit.text)))
