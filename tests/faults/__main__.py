"""`python -m tests.faults` writes this folder's README; `--goals` prints the goals and what measures them."""

from __future__ import annotations

import argparse

from tests.faults.table import PAGE, goals, load, page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--goals", action="store_true", help="print the goals in figures instead")
    if parser.parse_args().goals:
        print(goals(load()), end="")
    else:
        PAGE.write_text(page(load()), "utf-8")


if __name__ == "__main__":
    main()
