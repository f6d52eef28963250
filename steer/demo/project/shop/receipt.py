"""Receipts as plain text."""

from shop.cart import Cart
from shop.money import euros


def receipt(cart: Cart) -> str:
    """One line per item, then the total."""
    lines = [f"{name:<20}{euros(cents):>10}" for name, cents, _ in cart.items]
    lines.append(f"{'total':<20}{euros(cart.total()):>10}")
    return "\n".join(lines)
