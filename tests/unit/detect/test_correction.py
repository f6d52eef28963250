"""Hints on corrections: those that leave the agent guessing get one, those that do not are left alone."""

from __future__ import annotations

import pytest

from steer.detect.correction import MAX_HINTS, hints, targets


@pytest.mark.parametrize(
    "text",
    [
        "fix it",
        "Fix this please!",
        "try again",
        "it doesn't work",
        "That's wrong.",
        "still not working",
        "No, fix the bug",
        "make it work",
        "please do it properly",
        "this is still broken",
    ],
)
def test_vague_texts_are_told_so(text: str) -> None:
    assert hints(text) and hints(text)[0].startswith("vague")


@pytest.mark.parametrize(
    "text",
    ["clean up the mess you left there", "be more careful with the numbers", "I do not like that approach"],
)
def test_texts_that_point_at_nothing_are_told_so(text: str) -> None:
    assert any("names no file" in h for h in hints(text))


@pytest.mark.parametrize(
    "text",
    [
        "1. rename total to sum_all\n2. add a test for `refund`\n3. drop legacy.py",
        "- fix pricing.py\n- update README.md",
        "Use Decimal in shop/money.py. Also move the tax table into config.toml.",
        "Fix round_half() in money.py. Rename apply_tax() to add_tax(). Remove the unused import in cart.py.",
    ],
)
def test_several_things_at_once_are_noticed(text: str) -> None:
    assert any("several things" in h for h in hints(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "/clear",
        "Revert your change to tests/test_cart.py; the bug is in cart.py",
        "total() should return Decimal, not float",
        "test_refund fails because the discount is applied twice",
        "The prices are rounded too early: keep full precision until the receipt is printed",
        "use pytest -k refund, not the whole suite",
        'the message must say "no such order"',
        "Do not edit the test. The failure in test_tax is real: apply_tax() ignores the country.",
        "stop: never touch migrations/ in this task",
    ],
)
def test_clear_texts_get_no_hint(text: str) -> None:
    assert hints(text) == ()


def test_never_more_than_two() -> None:
    text = "1. clean up\n2. tidy up\n3. make things nicer, also be quick\n" * 3
    assert len(hints(text)) <= MAX_HINTS


def test_what_is_named() -> None:
    assert targets("in `Cart.total` and shop/money.py:12 call apply_tax() (e.g. E501), not OrderBook --fast") == (
        "Cart.total", "shop/money.py", "apply_tax", "OrderBook", "E501", "--fast",
    )  # fmt: skip
