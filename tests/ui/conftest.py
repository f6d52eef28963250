"""The tests' terminal has all colours, wherever they run. Textual reads this when it is imported."""

from __future__ import annotations

import os

os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
os.environ.pop("NO_COLOR", None)
