"""Print a command line of the README: the block that follows `<!-- command: NAME -->`.

What users paste and what CI runs are the same text.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(name: str, readme: str) -> str:
    found = re.search(rf"<!-- command: {re.escape(name)} -->\s*```\w*\n(.+?)\n```", readme, re.S)
    if found is None:
        raise SystemExit(f"README.md has no command {name!r}")
    return found.group(1)


if __name__ == "__main__":
    print(command(sys.argv[1], Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")))
