"""Hours of a fleet and its board under random faults, with an audit after each: `python -m tests.faults.soak`."""
