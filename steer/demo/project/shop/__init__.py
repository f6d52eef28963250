"""Prices, carts and receipts."""
