"""Small values that templates show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from hub.web.ui import words
from mappings.languages import name_of

if TYPE_CHECKING:
    from hub.events.models import Event

NOWHERE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at: int
    head: str
    icon: str
    hue: str
    text: str
    by: str = ""
    about: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """One version under the viewer."""

    id: str
    number: int
    says: str
    picture: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence beside a button."""

    text: str
    icon: str = "info"
    hue: str = "rest"


def line_of(
    event: Event, names: Mapping[str, str], *, about: str = "", href: str = "", places: Mapping[str, str] = NOWHERE
) -> Line:
    """Return an event in words; `places` names the targets that events are about, by id."""
    head, icon = words.EVENT.get(event.kind, (event.kind.replace(".", " ").replace("_", " ").capitalize(), "info"))
    body: Mapping[str, Any] = cast("Mapping[str, Any]", event.body or {})
    details = [
        _detail(name, body[name])
        for name in ("fields", "language", "problem_code", "reason", "claim", "level", "preset")
        if body.get(name)
    ]
    if target := places.get(str(body.get("target_id", "")), ""):
        details.insert(0, target)
    return Line(event.at, head, icon, "rest", ", ".join(details), names[event.actor], about, href)


def _detail(name: str, value: Any) -> str:
    if name == "claim":
        return words.CLAIM.get(str(value), str(value).replace("_", " "))
    if name == "reason" and str(value) in words.REASON:
        return words.REASON[str(value)]
    if name == "language":
        return f"in {name_of(str(value))}"
    text = ", ".join(str(part) for part in cast("list[Any]", value)) if isinstance(value, list) else str(value)
    label = {"problem_code": "problem", "level": "proof"}.get(name, name)
    return f"{label}: {text[:120]}".replace("_", " ")
