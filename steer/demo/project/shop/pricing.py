"""Discounts and taxes on amounts in cents."""

TAX_PERCENT = {"book": 7, "food": 7, "other": 19}


def discounted(cents: int, percent: int) -> int:
    """The price after a discount of `percent`."""
    return cents - cents * percent // 100


def with_tax(cents: int, kind: str) -> int:
    """The price including tax, rounded to the nearest cent."""
    return cents + cents * TAX_PERCENT[kind] // 100


def total(items: list[tuple[int, str]], discount: int = 0) -> int:
    """What the customer pays: tax on each item, then the discount on the sum."""
    return sum(with_tax(discounted(cents, discount), kind) for cents, kind in items)
