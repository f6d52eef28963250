"""The scripted agents. Each is a function that works until it is done; the operator's messages change its mind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steer.demo.console import DIM, OFF
from steer.demo.hand import Hand

_TAX = "    return cents + cents * TAX_PERCENT[kind] // 100\n"
_TAX_RIGHT = "    return (cents * (100 + TAX_PERCENT[kind]) + 50) // 100\n"
_TOTAL = "    return sum(with_tax(discounted(cents, discount), kind) for cents, kind in items)\n"
_TOTAL_RIGHT = "    return discounted(sum(with_tax(cents, kind) for cents, kind in items), discount)\n"
_WRONG_TAXES = (
    "    return int(cents * (1 + TAX_PERCENT[kind] / 100))\n",
    "    return cents + int(cents * TAX_PERCENT[kind] / 100)\n",
    "    return cents + cents * TAX_PERCENT[kind] // 100\n",
)
_MAX_ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str  # what it shows
    task: str
    scope: tuple[str, ...]
    play: Callable[[Hand], None]


def healthy(hand: Hand) -> None:
    """Reads, fixes two bugs one after the other, and says so only when the tests pass."""
    hand.say("I'll look at the failing tests first.")
    hand.run_tests()
    hand.read("shop/pricing.py")
    hand.say("Two separate things: the tax is cut instead of rounded, and the discount is taken too early.")
    hand.edit("shop/pricing.py", _TAX, _TAX_RIGHT)
    hand.run_tests()
    hand.say("One left: the discount belongs on the sum, after tax.")
    hand.edit("shop/pricing.py", _TOTAL, _TOTAL_RIGHT)
    if hand.run_tests():
        hand.say("All tests pass. I changed only shop/pricing.py.")


def looping(hand: Hand) -> None:
    """Fixes the discount, then goes round in circles on the rounding until somebody tells it how."""
    hand.run_tests()
    hand.read("shop/pricing.py")
    hand.edit("shop/pricing.py", _TOTAL, _TOTAL_RIGHT)
    current = _TAX
    for round_number in range(_MAX_ROUNDS):
        if hand.run_tests():
            break
        if hand.console.messages:
            message = hand.console.messages.popleft()
            hand.console.say(f"{DIM}> {message}{OFF}")
            hand.say("You're right. Integer arithmetic, half a cent added before dividing:")
            hand.edit("shop/pricing.py", current, _TAX_RIGHT)
            current = _TAX_RIGHT
            continue
        wrong = _WRONG_TAXES[round_number % len(_WRONG_TAXES)]
        hand.think("Thinking about the rounding", 2.5)
        hand.say("The rounding must be slightly off. Let me try it another way.")
        hand.edit("shop/pricing.py", current, wrong)
        current = wrong
    hand.say("All tests pass now.")


def drifting(hand: Hand) -> None:
    """Is asked for one small thing, redecorates the project and loosens a test instead."""
    hand.read("shop/receipt.py")
    hand.say("While I'm here, the README could use badges and a roadmap.")
    readme = hand.read("README.md")
    hand.write("README.md", readme + "\n## Roadmap\n\n- plugins\n- a REST interface\n- cloud sync\n")
    _check_messages(hand)
    hand.say("Money should really be a proper class with a currency registry.")
    hand.write(
        "shop/currency.py", '"""All currencies of the world."""\n\nREGISTRY = {"EUR": "€", "USD": "$"}\n'
    )
    _check_messages(hand)
    hand.run_tests()
    hand.say("The rounding test is too strict; a cent more or less does not matter.")
    strict = '        self.assertEqual(with_tax(1005, "other"), 1196)\n'
    hand.edit("tests/test_pricing.py", strict, '        self.assertGreater(with_tax(1005, "other"), 0)\n')
    _check_messages(hand)
    hand.edit("shop/pricing.py", _TOTAL, _TOTAL_RIGHT)
    if hand.run_tests():
        hand.say("Everything is green. Next I'd like to introduce a plugin system.")


def _check_messages(hand: Hand) -> None:
    hand.think("Considering the architecture", 4)
    if hand.console.messages:
        hand.console.say(f"{DIM}> {hand.console.messages.popleft()}{OFF}")
        hand.say("Understood: I'll stay with the task from here on.")
        hand.edit("shop/receipt.py", '{euros(cents):>10}"', '{euros(cents):>12}"')


def asking(hand: Hand) -> None:
    """Stops at a permission dialog before it removes a module, and waits as long as it takes."""
    hand.read("shop/legacy.py")
    hand.say("Nothing imports shop/legacy.py. I would like to remove it.")
    hand.console.status("blocked", "remove shop/legacy.py?", "permission")
    answer = hand.console.choose(
        "Remove shop/legacy.py?", ["Yes, remove it", "Yes, but keep the prices", "No"]
    )
    hand.console.status("working")
    if answer == 2:
        hand.say("Then it stays. I'll leave a note at its top.")
        hand.edit("shop/legacy.py", "Nothing imports it any more.", "Kept on purpose; nothing imports it.")
    else:
        if answer == 1:
            hand.write("old-prices.txt", "pen 120\npaper 450\nink 899\n")
        hand.write("shop/legacy.py", '"""Removed; see the history."""\n')
    hand.edit("shop/pricing.py", _TAX, _TAX_RIGHT)
    hand.run_tests()
    hand.say("Done with the clean-up. The discount test still fails; shall I go on with that?")


def answer_message(hand: Hand, message: str) -> None:
    """What every agent does with a message that arrives when it has finished."""
    hand.console.say(f"{DIM}> {message}{OFF}")
    if hand.run_tests():
        hand.say("The tests pass; there is nothing left that I know of.")
        return
    text = hand.read("shop/pricing.py")
    if _TOTAL in text:
        hand.edit("shop/pricing.py", _TOTAL, _TOTAL_RIGHT)
    for wrong in (_TAX, *_WRONG_TAXES):
        if wrong in text:
            hand.edit("shop/pricing.py", wrong, _TAX_RIGHT)
            break
    hand.say("All tests pass." if hand.run_tests() else "It still fails. I need more detail.")


SCENARIOS: dict[str, Scenario] = {
    "healthy": Scenario(
        "works through the failing tests and finishes", "make the failing tests pass", ("shop/*",), healthy
    ),
    "looping": Scenario(
        "fails the same test again and again until you correct it",
        "fix the tax rounding",
        ("shop/*",),
        looping,
    ),
    "drifting": Scenario(
        "leaves its scope and weakens a test",
        "widen the receipt's price column",
        ("shop/receipt.py",),
        drifting,
    ),
    "asking": Scenario(
        "asks for permission and waits for your answer", "remove dead code", ("shop/*",), asking
    ),
}
