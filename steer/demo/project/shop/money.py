"""Amounts in cents, so that sums are exact."""


def euros(cents: int) -> str:
    """1234 -> "12.34 €"."""
    return f"{cents // 100}.{cents % 100:02d} €"


def cents(text: str) -> int:
    """"12.34" -> 1234."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 100 + int((fraction + "00")[:2])
