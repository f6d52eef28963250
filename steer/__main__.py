"""`python -m steer` is the same program as `steer`."""

import sys

from steer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
