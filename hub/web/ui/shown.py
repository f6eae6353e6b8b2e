"""Small values that templates show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from hub.web.ui import words

if TYPE_CHECKING:
    from hub.events.models import Event


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


def line_of(event: Event, names: Mapping[str, str], *, about: str = "", href: str = "") -> Line:
    """Return an event in words."""
    head, icon = words.EVENT.get(event.kind, (event.kind.replace(".", " ").replace("_", " ").capitalize(), "info"))
    body: Mapping[str, Any] = cast("Mapping[str, Any]", event.body or {})
    details = [
        _detail(name, body[name])
        for name in ("fields", "problem_code", "reason", "claim", "level", "preset")
        if body.get(name)
    ]
    return Line(event.at, head, icon, "rest", ", ".join(details), names[event.actor], about, href)


def _detail(name: str, value: Any) -> str:
    text = ", ".join(str(part) for part in cast("list[Any]", value)) if isinstance(value, list) else str(value)
    return f"{name}: {text[:120]}".replace("_", " ")
