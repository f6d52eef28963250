"""A small project with one bug, and scenarios about it.

`ferry/fare.py` forgets the children. The model that is looking in the wrong place edits `ferry/report.py` again and
again, until a message of the operator with `CORRECTION` in it tells it better.
"""

from __future__ import annotations

from itertools import pairwise

from tests.model_server.script import Ask, Edit, Read, Run, Scenario, Step

TASK = "The fare test fails. Make the tests pass."
CHECK = "python3 -B -m unittest -q"
CORRECTION = "not in the report"
ADVICE = f"The bug is {CORRECTION}. Look at ferry/fare.py: children are counted nowhere."
CLAIM = "The report is formatted properly now, so the tests should pass."
FIXED = "All tests pass: the fare counts the children now."

_FARE_BUG = "    return 12 * adults + 6 * adults"
_FARE_FIX = "    return 12 * adults + 6 * children"
_REPORT = (
    '    return f"{name}: {fare(adults, children)}"',
    '    return f"{name}: {int(fare(adults, children))}"',
    '    return f"{name}: {fare(adults, children):d}"',
    '    return f"{name}: {round(fare(adults, children))}"',
    '    return "%s: %d" % (name, fare(adults, children))',
    '    return "{}: {}".format(name, fare(adults, children))',
    '    return name + ": " + str(fare(adults, children))',
)

FILES = {
    "ferry/__init__.py": "",
    "ferry/fare.py": f'def fare(adults, children):\n    """Adults pay 12, children 6."""\n{_FARE_BUG}\n',
    "ferry/report.py": f"from ferry.fare import fare\n\n\ndef line(name, adults, children):\n{_REPORT[0]}\n",
    "tests/__init__.py": "",
    "tests/test_ferry.py": (
        "import unittest\n\nfrom ferry.report import line\n\n\n"
        "class FerryTest(unittest.TestCase):\n"
        "    def test_empty(self):\n"
        '        self.assertEqual(line("Elbe", 0, 0), "Elbe: 0")\n\n'
        "    def test_children(self):\n"
        '        self.assertEqual(line("Elbe", 2, 1), "Elbe: 30")\n'
    ),
    ".gitignore": "__pycache__/\n.aider*\n",
    "README.md": "# ferry\n",
}

ROUNDS = len(_REPORT) - 1

_MEND = (
    Step("The fare forgets the children. Reading it.", Read("ferry/fare.py")),
    Step(
        "The children are multiplied by nothing. Mending that.", Edit("ferry/fare.py", _FARE_BUG, _FARE_FIX)
    ),
    Step("Running the tests again.", Run(CHECK)),
    Step(FIXED),
)

MEND = Scenario((Step("I run the tests first.", Run(CHECK)), *_MEND))
# Gemini CLI keeps the user's own git configuration from its commands.
COMMIT = "git add -A && git -c user.name=t -c user.email=t@example.org commit -qm 'Count the children'"
DELIVER = Scenario((*MEND.steps[:-1], Step("Committing that.", Run(COMMIT)), Step(FIXED)))
HELLO = Scenario((Step("Hello. What shall I do?"),))


def loop(rounds: int = ROUNDS) -> Scenario:
    """The wrong file again and again; each edit waits for the gate."""
    steps = [Step("I run the tests first.", Run(CHECK)), Step("Reading the report.", Read("ferry/report.py"))]
    for number, (old, new) in enumerate(pairwise(_REPORT), 1):
        if number <= rounds:
            steps.append(
                Step(f"Attempt {number}: the format may be wrong.", Edit("ferry/report.py", old, new), True)
            )
            steps.append(Step("Running the tests.", Run(CHECK)))
    return Scenario((*steps, Step(CLAIM, is_gated=True)), CORRECTION, _MEND)


LONG = "time.sleep(600)"  # what the long command's line holds; Claude Code refuses the program `sleep`


AGAIN = "Run the long check again."


def slow() -> Scenario:
    """One silent command that takes long, and another one when it is told to run it again."""
    run = Run(f"python3 -c 'import time; {LONG}'")
    steps = (Step("Running the long check.", run), Step("The long check is over."))
    return Scenario(steps, AGAIN, steps)


def permission(command: str = "touch approved.txt") -> Scenario:
    """A command that the agent may not run unasked."""
    return Scenario(
        (Step("This needs your leave.", Run(command, needs_approval=True)), Step("Thank you, it ran."))
    )


def question() -> Scenario:
    ask = Ask("Which harbour comes first?", ("Hamburg", "Bremen"))
    return Scenario((Step("I need a decision.", ask), Step("Noted.")))
