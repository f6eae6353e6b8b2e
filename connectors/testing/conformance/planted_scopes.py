"""The planted bug of scopes."""

from __future__ import annotations

from connectors.sdk.errors import AuthExpired
from connectors.testing.conformance.bench import Planted
from connectors.testing.conformance.breaking import renamed

SCOPES: tuple[Planted, ...] = (renamed("scopes-missing", "a missing scope is called a dead sign-in", AuthExpired),)
