"""`python -m tests.faults` writes this folder's README."""

from __future__ import annotations

from tests.faults.table import write_page

if __name__ == "__main__":
    write_page()
