"""A cart: items with their kinds, in the order they were added."""

from shop.pricing import total


class Cart:
    def __init__(self) -> None:
        self.items: list[tuple[str, int, str]] = []

    def add(self, name: str, cents: int, kind: str = "other") -> None:
        if cents < 0:
            raise ValueError("a price cannot be negative")
        self.items.append((name, cents, kind))

    def total(self, discount: int = 0) -> int:
        return total([(cents, kind) for _, cents, kind in self.items], discount)
