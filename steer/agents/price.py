"""What tokens cost where the agent does not say: a table of models, shipped and overridden by the configuration."""

from __future__ import annotations

import contextlib
import time
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from steer.config.schema import Price
from steer.errors import SteerError
from steer.model.step import Usage

_TABLE = Path(__file__).with_name("prices.toml")
_MILLION = 1_000_000
FRESH_S = 5.0


class Prices:
    def __init__(self, configured: Mapping[str, Price] | None = None) -> None:
        self._prices = {**_shipped(), **(configured or {})}

    def cost(self, usage: Usage) -> float | None:
        """In USD; None where the model's price is not known. A provider's prefix ("openai/") is not looked at."""
        name = usage.model.rpartition("/")[2]
        keys = [key for key in self._prices if name.startswith(key)]
        if not keys:
            return None
        price = self._prices[max(keys, key=len)]
        dollars = (
            usage.input * price.input
            + usage.output * price.output
            + usage.cache_read * price.cache_read
            + usage.cache_write * price.cache_write
        )
        return dollars / _MILLION


class CurrentPrices:
    """Prices whose configuration may change at any time; it is looked at again after `FRESH_S`."""

    def __init__(self, configured: Callable[[], Mapping[str, Price]]) -> None:
        self._configured = configured
        self._prices = Prices()
        self._read_at = -FRESH_S

    def cost(self, usage: Usage) -> float | None:
        """As `Prices.cost`; a configuration that cannot be read just now changes nothing."""
        now = time.monotonic()
        if now - self._read_at >= FRESH_S:
            self._read_at = now
            with contextlib.suppress(SteerError):
                self._prices = Prices(self._configured())
        return self._prices.cost(usage)


@cache
def _shipped() -> dict[str, Price]:
    tables = tomllib.loads(_TABLE.read_text("utf-8"))
    return {model: Price(*values) for table in tables.values() for model, values in table.items()}
