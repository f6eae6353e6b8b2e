"""How far a connector is, in words: the page behind the badge beside each connector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from flask import Blueprint, Response

from connectors.sdk.manifest import Manifest
from connectors.sdk.scorecard import Line, Scorecard, State, Tier, folder_of, scorecard_of
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import page
from hub.web.ui.markdown import as_markup
from hub.web.ui.words import Sign

quality = Blueprint("scorecards", "hub.web")
NOT_RATED: Final = "Not rated"
SIGNS: Final = {
    State.DONE: Sign("Done", "good", "circle-check"),
    State.EXEMPT: Sign("Exempt", "rest", "circle-minus"),
    State.TODO: Sign("To do", "care", "hourglass"),
}
SAYS: Final = {
    Tier.BRONZE: "It works.",
    Tier.SILVER: "It can be relied upon when things go wrong.",
    Tier.GOLD: "It keeps up with what changes, here and there.",
    Tier.PLATINUM: "It was proven outside of the sandbox, and leaves nothing out.",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one tier."""

    name: str
    says: str
    left: int
    rules: Sequence[tuple[Line, Sign]]


@quality.get("/connectors/<name>")
def show_scorecard(name: str) -> Response:
    """Show the rules of each tier and how a connector stands by them."""
    actor()
    manifest = services().connections.manifest(name)
    card = scorecard_of(manifest)
    return page(
        "scorecard.html", here="connections", name=name, title=manifest.title, summary=manifest.summary,
        rating=rating(manifest), groups=_groups(card) if card else [], held=card.measured.contract if card else None,
        gaps=manifest.gaps,
    )  # fmt: skip


@quality.get("/connectors/<name>/guide")
def show_guide(name: str) -> Response:
    """Show a connector's own page: what you need at the vendor, how to connect, limits, what to do about troubles."""
    actor()
    manifest = services().connections.manifest(name)
    readme = folder_of(manifest) / "README.md"
    body = as_markup(readme.read_text(encoding="utf-8")) if readme.is_file() else ""
    return page("guide.html", here="connections", name=name, title=manifest.title, body=body)


def rating(manifest: Manifest) -> str:
    """Return the word for a connector's badge."""
    card = scorecard_of(manifest)
    return card.tier.value.capitalize() if card and card.tier else NOT_RATED


def _groups(card: Scorecard) -> list[Group]:
    groups: list[Group] = []
    for tier, lines in groupby(card.lines, key=lambda line: line.tier):
        rules = [(line, SIGNS[line.state]) for line in lines]
        left = sum(line.state is State.TODO for line, _ in rules)
        groups.append(Group(tier.value.capitalize(), SAYS[tier], left, rules))
    return groups
