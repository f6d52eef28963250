"""How good the flags are, on labelled sessions: `python -m tests.benchmarks.flags --corpus DIR`."""
