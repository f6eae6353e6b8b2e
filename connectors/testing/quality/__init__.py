"""How far a connector is, by rules in tiers from bronze to platinum.

What a machine can check is checked. What only a person can know stands in the connector's `quality.yaml`, which cannot
say anything better than what the machine found. `python -m connectors.testing.quality` writes what is known into each
folder and into the docs.
"""

from __future__ import annotations

from connectors.testing.quality.claims import Claim, Claims
from connectors.testing.quality.facts import Facts, facts_of
from connectors.testing.quality.measuring import measure
from connectors.testing.quality.rules import RULES, Rule
from connectors.testing.quality.score import refuted, score

__all__ = ["RULES", "Claim", "Claims", "Facts", "Rule", "facts_of", "measure", "refuted", "score"]
