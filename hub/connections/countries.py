"""Countries by their ISO 3166-1 alpha-2 codes, as licences and places name them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import cast

from babel import Locale


@cache
def territory_codes() -> frozenset[str]:
    """Return every ISO 3166-1 alpha-2 code, from the time zone database's table."""
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line.split("\t")[0] for line in table.splitlines() if line and not line.startswith("#"))


@cache
def country_names() -> Mapping[str, str]:
    """Return each code with the country's English name (Unicode CLDR), in the order of the names."""
    known = cast("Mapping[str, str]", Locale("en").territories)
    named = {code: known.get(code, code) for code in territory_codes()}
    return dict(sorted(named.items(), key=lambda item: item[1]))
