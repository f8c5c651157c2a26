"""Prices of AWS: a dated table with its sources, in prices.json."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """`of` is the resource, `unit` is "hour" or "month".

    `page` is AWS's page with the price, `seen` a page that quotes it. If `seen` is empty, the price is not confirmed.
    """

    price: float
    unit: str
    of: str
    page: str
    seen: str


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """On-demand prices of one region, without taxes, discounts and the free tier."""

    region: str
    currency: str
    date: str
    hours: int
    prices: Mapping[str, Price]

    def monthly(self, name: str) -> float:
        """The price of one unit per month. Raises KeyError for a name that is not in the table."""
        found = self.prices[name]
        return found.price * (self.hours if found.unit == "hour" else 1)


@cache
def prices() -> Prices:
    """The table in prices.json."""
    return msgspec.json.decode((Path(__file__).parent / "prices.json").read_bytes(), type=Prices)
