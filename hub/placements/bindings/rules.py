"""Which cards a binding takes, and which assets a card names: pure functions of what was read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

CODE: Final = re.compile(r"(?<![A-Za-z0-9])DAM-(\d{1,12})(?![A-Za-z0-9])", re.IGNORECASE)
"""How people write an asset's code, in a sentence or in an address."""

Kind = Literal["collection", "campaign", "project", "saved", "any"]


@dataclass(frozen=True, slots=True)
class Takes:
    """Which cards of the board: all that is asked for must hold; what is left empty asks for nothing."""

    lists: tuple[str, ...] = ()  # refs: it lies in one of these
    labels: tuple[str, ...] = ()  # refs: it carries one of these
    words: str = ""  # each of these stands in its title
    field: str = ""  # ref of a custom field ...
    value: str = ""  # ... in which exactly this stands, whatever its case; empty: anything
    done_lists: tuple[str, ...] = ()  # refs: a card that lies in one of these is done

    @classmethod
    def of(cls, kept: Any) -> Takes:
        """Return what was kept of it."""
        said = cast("dict[str, Any]", kept)
        several = {name: tuple(said[name]) for name in ("lists", "labels", "done_lists")}
        return cls(words=said["words"], field=said["field"], value=said["value"], **several)


@dataclass(frozen=True, slots=True)
class Source:
    """Which assets may be shown."""

    kind: Kind = "any"  # any: whatever a card names
    value: str = ""  # id of the collection; the campaign or project, word for word; words of a search
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])  # of a search

    @classmethod
    def of(cls, kept: Any) -> Source:
        """Return what was kept of it."""
        said = cast("dict[str, Any]", kept)
        return cls(said["kind"], said["value"], said["filters"])


@dataclass(frozen=True, slots=True)
class Names:
    """Where a card names the assets that it shows. Nowhere: it shows all of the set."""

    title: bool = False
    text: bool = False
    field: str = ""  # ref of a custom field

    @classmethod
    def of(cls, kept: Any) -> Names:
        """Return what was kept of it."""
        said = cast("dict[str, Any]", kept)
        return cls(said["title"], said["text"], said["field"])

    @property
    def anywhere(self) -> bool:
        """Tell whether cards must name assets."""
        return self.title or self.text or bool(self.field)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card, as far as rules ask about it."""

    ref: str
    target_id: str
    title: str
    text: str = ""
    url: str = ""
    lies: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    done: bool = False


def takes(rule: Takes, board: str, card: CardFacts) -> bool:
    """Tell whether a binding on this board takes a card."""
    if board not in card.lies:
        return False
    # A card that was moved to a list for done ones was taken before, and its links stay.
    here = card.lies[board]
    lies = not rule.lists or here in rule.lists or here in rule.done_lists
    carries = not rule.labels or any(label in card.labels for label in rule.labels)
    title = card.title.casefold()
    says = all(word in title for word in rule.words.casefold().split())
    return lies and carries and says and _holds(rule, card)


def asked_by_ref(rule: Takes, where: Names) -> set[str]:
    """Return every list, label and field that a binding asks for, as the account names them."""
    return {*rule.lists, *rule.labels, *rule.done_lists, rule.field, where.field} - {""}


def is_done(rule: Takes, board: str, card: CardFacts) -> bool:
    """Tell whether a card is done, as far as a binding is concerned."""
    return card.done or card.lies.get(board, "") in rule.done_lists


def named(rule: Names, card: CardFacts) -> tuple[int, ...]:
    """Return the numbers of the assets that a card names, each once, in the order of reading."""
    places = (
        card.title if rule.title else "", card.text if rule.text else "", card.fields.get(rule.field, ""),
    )  # fmt: skip
    return tuple(dict.fromkeys(int(number) for place in places for number in CODE.findall(place)))


def _holds(rule: Takes, card: CardFacts) -> bool:
    if not rule.field:
        return True
    held = card.fields.get(rule.field, "").strip().casefold()
    wanted = rule.value.strip().casefold()
    return bool(held) if not wanted else held == wanted
