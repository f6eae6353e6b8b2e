"""The words of outgoing webhooks: how endpoints and deliveries stand, what rooms of events are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.notify.kinds import ALL, EVENT_TYPES, TEST
from hub.web.ui import words
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.notify.endpoints import EndpointView

ON: Final = Sign("On", "good", "circle-check")
FAILING: Final = Sign("Does not answer", "care", "activity")
OFF: Final = Sign("Off", "rest", "circle-pause")
SWITCHED_OFF: Final = Sign("Switched off", "stop", "octagon-alert")

WHY_OFF: Final = {
    "by_a_person": "Somebody switched it off.",
    "gone": "It answered 410: there is nobody there any more.",
    "failing_for_days": "Nothing but failures for five days.",
    "copied_hub": "This hub is a copy; who listens there hears of the original.",
}

DELIVERY: Final = {
    "pending": Sign("On its way", "flow", "refresh-cw"),
    "delivered": Sign("Delivered", "good", "circle-check"),
    "given_up": Sign("Given up", "stop", "circle-x"),
}

ANSWER: Final = {
    "remote_unreachable": "no answer in time",
    "address_not_allowed": "the address is none that the hub calls",
    "secret_unreadable": "the secret cannot be read",
    **WHY_OFF,
}

ROOMS: Final = {
    "usage": "Uses of assets",
    "asset": "Assets", "rights": "Rights", "placement": "Copies", "recall": "Recalls", "connection": "Connections",
    "target": "Places", "mapping": "Field mappings", "collection": "Collections",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Room:
    """Kinds that belong together, to be chosen one by one or all."""

    pattern: str
    title: str
    kinds: Sequence[tuple[str, str, str]]
    """Name, what it is called, what it tells."""


def rooms() -> Sequence[Room]:
    """Return every kind, by room."""
    return [
        Room(f"{room}.{ALL}", title, [_kind(each.name, each.about) for each in EVENT_TYPES if _room(each.name) == room])
        for room, title in ROOMS.items()
    ]


def standing(endpoint: EndpointView) -> Sign:
    """Return how an endpoint stands."""
    if endpoint.state != "live":
        return OFF if endpoint.off_reason == "by_a_person" else SWITCHED_OFF
    return ON if endpoint.failing_since is None else FAILING


def chosen(kinds: Sequence[str]) -> str:
    """Say which kinds an endpoint hears of."""
    if ALL in kinds:
        return "Everything"
    return ", ".join(_named(kind) for kind in kinds)


def kind_word(kind: str) -> str:
    """Say what a message tells of."""
    return "Test" if kind == TEST.name else words.EVENT.get(kind, (kind, ""))[0]


def answered(answer: str) -> str:
    """Say how the last try was answered."""
    return ANSWER.get(answer, answer.replace("_", " ").removeprefix("HTTP "))


def _named(kind: str) -> str:
    room, _, what = kind.partition(".")
    return f"{ROOMS.get(room, room)} (all)" if what == ALL else kind_word(kind)


def _kind(name: str, about: str) -> tuple[str, str, str]:
    return name, kind_word(name), about


def _room(name: str) -> str:
    return name.partition(".")[0]
