"""The words, colours and icons of states, and how times and sizes are said: one place for every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hub.clock import DAY, HOUR, MINUTE, SECOND

NBSP: Final = "\u00a0"
TEN: Final = 10
THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state is shown: its word, its colour by what it asks of you, its icon."""

    word: str
    hue: str
    icon: str
    spin: bool = False


UNKNOWN: Final = Sign("Unknown", "care", "circle-question-mark")

ASSET: Final = {
    "draft": Sign("Draft", "rest", "pencil-line"),
    "in_review": Sign("In review", "flow", "messages-square"),
    "approved": Sign("Approved", "good", "badge-check"),
    "rejected": Sign("Rejected", "stop", "circle-x"),
    "archived": Sign("Archived", "rest", "archive"),
}

COPY: Final = {
    "reserved": Sign("Picked", "flow", "mouse-pointer-click"),
    "waiting": Sign("Waiting", "rest", "hourglass"),
    "queued": Sign("Scheduled", "flow", "calendar-clock"),
    "live": Sign("In place", "good", "circle-check"),
    "working": Sign("Following", "flow", "refresh-cw", spin=True),
    "withdrawing": Sign("Withdrawing", "flow", "undo-2"),
    "held": Sign("Held", "park", "circle-pause"),
    "withdrawn": Sign("Withdrawn", "rest", "circle-minus"),
    "partial": Sign("Partial", "care", "contrast"),
    "unsure": Sign("Unsure", "care", "circle-question-mark"),
    "blocked": Sign("Blocked", "stop", "octagon-alert"),
    "gone": Sign("Gone", "rest", "unlink"),
    "settled": Sign("Settled", "rest", "history"),
}

COPY_SUBSTITUTED: Final = Sign("Substituted", "good", "replace")
COPY_UNWATCHED: Final = Sign("Not vouched for", "care", "unlink")
COPY_HOLDING: Final = Sign("Being held", "flow", "circle-pause")
COPY_PUSHING: Final = Sign("On its way", "flow", "refresh-cw", spin=True)

CLAIM: Final = {
    "in_place": "The right thing stands there",
    "substituted": "The substitute stands there",
    "scheduled": "It waits there for its time",
    "held": "It is parked there and does not go out",
    "withdrawn": "Nothing of it stands there any more",
    "gone": "Somebody removed it there",
}

OUTCOME: Final = {
    "done": "the other side accepted it",
    "refused": "the other side refused it",
    "not_sent": "it was not sent",
    "unknown": "the answer was lost, so we look",
    "found": "the answer was lost; a look found it done",
    "not_found": "the answer was lost; a look found it not done",
    "seen": "the answer was lost; a person saw it done",
}

REASON: Final = {
    "not_approved": "Waits until a version is approved.",
    "not_usable": "Waits until rights allow it there.",
    "archived": "The asset is archived.",
    "deleted": "The asset is deleted.",
    "taken_back": "It was taken back before it was sent.",
    "leaving": "Its account is being disconnected.",
    "not_due": "The hub makes it public at its time.",
    "date_passed": "Its time has passed. Give it another one.",
    "held_there": "Somebody made it a draft there. Give it a time to let it go.",
}

STOPPED: Final = {
    "not_approved": "No version of it is approved.",
    "not_usable": "Rights do not allow it there for a whole day from then on.",
    "archived": "The asset is archived.",
    "deleted": "The asset is deleted.",
    "leaving": "Its account is being disconnected.",
    "date_passed": "Its time has passed meanwhile.",
    "held_there": "Somebody made it a draft there.",
    "in_set": "One of its pictures may not be shown then.",
}
"""Why what has a time does not go out at it."""

IN_SET: Final = {
    "not_approved": "{code} is not approved.",
    "not_usable": "rights do not allow {code} there.",
    "archived": "{code} is archived.",
    "deleted": "{code} is deleted.",
}
"""Which asset keeps a post with several pictures away, and why."""

NO_USE: Final = {
    "takedown": "Recalled",
    "embargo": "Embargo",
    "consent_denied": "No consent",
    "consent_missing": "No consent",
    "licence_denied": "Use forbidden",
    "licence_ended": "Licence ended",
    "licence_not_begun": "Licence to come",
    "licence_elsewhere": "No licence",
    "no_licence": "No licence",
}
"""Why nothing may use an asset now, in two words, by the reason's code."""

SHARE: Final = {
    "open": Sign("Works", "good", "link"),
    "shows_nothing": Sign("Shows nothing now", "care", "lock"),
    "ended": Sign("Ended", "rest", "clock"),
    "revoked": Sign("Revoked", "rest", "unlink"),
}

LINKED: Final = {
    "shown": ASSET["approved"],
    "stand_in": COPY_SUBSTITUTED,
    "withdrawn": COPY["withdrawn"],
    "ended": Sign("Rights ended", "stop", "calendar-clock"),
    "not_now": Sign("Not to be used now", "care", "lock"),
}
"""What stands behind a card's link, by `hub.delivery.living.State`."""

LIVING: Final = {
    "shown": "Approved, version {version}.",
    "stand_in": "{code} is not to be used any more: {stand_in} stands in for it. Approved, version {version}.",
    "withdrawn": "Withdrawn: not to be used any more.",
    "ended": "The rights to it have ended: not to be used any more.",
    "not_now": "It is not approved, or its rights do not allow it here: not to be used now.",
}
"""The same, as a sentence for anybody."""

CONNECTION: Final = {
    "pending": Sign("Not finished", "care", "clock"),
    "live": Sign("Live", "good", "circle-check"),
    "ailing": Sign("Ailing", "care", "activity"),
    "needs_person": Sign("Needs you", "stop", "hand"),
    "off": Sign("Paused", "rest", "circle-pause"),
}
LEFT: Final = Sign("Disconnected", "rest", "unlink")

KIND: Final = {
    "image": ("Pictures", "image"),
    "video": ("Video", "film"),
    "audio": ("Audio", "activity"),
    "document": ("Documents", "file-text"),
    "other": ("Other files", "shapes"),
}

LEVEL: Final = {"said": 1, "read": 2, "seen": 3, "attested": 0}
"""How many bars of the evidence ladder a level fills; a person's word has its own shape."""

ORDER: Final = (
    "blocked", "unsure", "partial", "held", "withdrawing", "working", "queued", "reserved", "waiting", "gone",
    "live", "withdrawn", "settled",
)  # fmt: skip
"""Phases, what asks most of a person first."""

ABILITY: Final = {
    "targets": "Lists places",
    "publish": "Push",
    "update": "Update fields",
    "replace": "Replace, same address",
    "repoint": "Substitute in posts",
    "withdraw": "Withdraw",
    "find": "Find by marker",
    "look": "Read back",
    "subscribe": "Reports changes",
    "hold": "Keeps posts until their time, holds and resumes them",
    "import": "Lists what stands there, to adopt or import",
    "changes": "Lists changes",
    "usage": "Lists uses",
    "numbers": "Counts views, clicks and the like",
    "cards": "Reads cards",
}

USED_IN: Final = {
    "post": ("post", "posts"),
    "posts": ("post", "posts"),
    "page": ("page", "pages"),
    "pages": ("page", "pages"),
    "blocks": ("block", "blocks"),
    "node": ("piece of content", "pieces of content"),
    "site": ("place of the site itself", "places of the site itself"),
    "shared_link": ("shared link", "shared links"),
    "folder_link": ("shared link to a folder above", "shared links to folders above"),
    "sharing": ("way to open it", "ways to open it"),
    "finished_card": ("finished card", "finished cards"),
}
"""Places that use a copy, one and many; what is not here is called as the remote calls it."""

EVENT: Final = {
    "asset.created": ("Added", "plus"),
    "asset.version_added": ("New version", "history"),
    "asset.metadata_changed": ("Described", "tag"),
    "asset.archived": ("Archived", "archive"),
    "asset.unarchived": ("Taken from the archive", "archive"),
    "asset.deleted": ("Deleted", "x"),
    "asset.restored": ("Brought back", "undo-2"),
    "asset.purged": ("Purged", "x"),
    "asset.held": ("Legal hold set", "lock"),
    "asset.hold_lifted": ("Legal hold lifted", "lock"),
    "asset.successor_changed": ("Successor named", "replace"),
    "asset.rendered": ("Previews made", "image"),
    "asset.submitted": ("Sent to review", "messages-square"),
    "asset.approved": ("Approved", "badge-check"),
    "asset.rejected": ("Rejected", "circle-x"),
    "asset.approval_revoked": ("Approval taken back", "circle-x"),
    "asset.version_published": ("Channels may show a version", "badge-check"),
    "rights.changed": ("Rights changed", "calendar-clock"),
    "rights.ends_soon": ("Rights end soon", "calendar-clock"),
    "rights.ended": ("Rights ended", "calendar-clock"),
    "collection.created": ("Collection made", "folder"),
    "collection.renamed": ("Collection renamed", "folder"),
    "collection.assets_added": ("Put into a collection", "folder"),
    "collection.assets_removed": ("Taken out of a collection", "folder"),
    "collection.removed": ("Collection removed", "folder"),
    "connection.created": ("Connected", "plug"),
    "connection.live": ("Connection works", "circle-check"),
    "connection.ailing": ("Connection ails", "activity"),
    "connection.needs_person": ("Connection needs somebody", "hand"),
    "connection.off": ("Connection paused", "circle-pause"),
    "connection.renewed": ("Reconnected", "plug"),
    "connection.ends_soon": ("A connection ends soon", "calendar-clock"),
    "connection.leaving": ("Leaving an account", "unlink"),
    "connection.staying": ("Staying after all", "undo-2"),
    "connection.left": ("Account left", "unlink"),
    "connection.settings_changed": ("Settings changed", "settings"),
    "remote.shared": ("Another hub keeps copies there", "git-compare"),
    "target.changed": ("Place changed", "map-pin"),
    "mapping.changed": ("Field mapping changed", "sliders-horizontal"),
    "remote.hint": ("A remote reported a change", "bell"),
    "placement.planned": ("Copy planned", "map-pin"),
    "placement.made": ("Copy made", "plus"),
    "placement.proven": ("Copy proven", "circle-check"),
    "placement.substituted": ("Copy substituted", "replace"),
    "usage.recorded": ("Used on a finished card", "circle-check"),
    "placement.scheduled": ("Copy scheduled", "calendar-clock"),
    "placement.rescheduled": ("Copy rescheduled", "calendar-clock"),
    "placement.stopped": ("Copy will not go out", "circle-pause"),
    "placement.held": ("Copy held", "circle-pause"),
    "placement.taken_back": ("Copy taken back", "undo-2"),
    "placement.withdrawn": ("Copy withdrawn", "circle-minus"),
    "placement.blocked": ("Copy blocked", "octagon-alert"),
    "placement.altered": ("Copy changed there", "pencil-line"),
    "placement.conflict_decided": ("Conflict decided", "git-compare"),
    "placement.exchange_decided": ("Exchanged file decided", "git-compare"),
    "placement.unsure": ("Copy unsure", "circle-question-mark"),
    "placement.cured": ("Copy as it should be again", "circle-check"),
    "placement.gone": ("Copy gone there", "unlink"),
    "placement.restored": ("Copy put back", "history"),
    "placement.settled": ("Copy settled", "history"),
    "recall.opened": ("Recall begun", "undo-2"),
    "recall.closed": ("Recall closed", "shield-check"),
    "recall.reported": ("Recall reported", "file-text"),
    "evidence.key_rotated": ("Key for reports changed", "key-round"),
    "delivery.handed_out": ("Handed out", "download"),
    "access.signed_in": ("Signed in", "key-round"),
    "access.password_changed": ("Password changed", "key-round"),
    "access.user_created": ("Person added", "plus"),
    "access.user_disabled": ("Person shut out", "lock"),
    "access.user_enabled": ("Person let in again", "key-round"),
    "access.role_changed": ("Role changed", "key-round"),
    "access.token_issued": ("Token issued", "key-round"),
    "access.token_revoked": ("Token revoked", "lock"),
    "inbound.replayed": ("Deliveries read again", "history"),
    "endpoint.added": ("Webhooks asked for", "bell"),
    "endpoint.changed": ("Webhooks changed", "bell"),
    "endpoint.secret_replaced": ("Webhook secret replaced", "key-round"),
    "endpoint.on": ("Webhooks switched on", "play"),
    "endpoint.off": ("Webhooks switched off", "pause"),
    "endpoint.replayed": ("Webhooks sent again", "history"),
    "endpoint.removed": ("Webhooks removed", "x"),
    "hub.restored": ("Restored from a backup", "history"),
}


def age(then: int | None, now: int) -> str:
    """Say how long ago something was, roughly; a date beyond a day."""
    if then is None:
        return "never"
    past = now - then
    if past < 5 * SECOND:
        return "just now"
    for span, name in ((MINUTE, "s"), (HOUR, "min"), (DAY, "h")):
        if past < span:
            unit = {"s": SECOND, "min": MINUTE, "h": HOUR}[name]
            return f"{past // unit}{NBSP}{name}"
    return day(then)


def ago(then: int | None, now: int) -> str:
    """Say how long ago something was, to stand in a sentence."""
    said = age(then, now)
    return f"{said} ago" if then is not None and 5 * SECOND <= now - then < DAY else said


def short_day(at: int) -> str:
    """Say a date where there is little room."""
    return f"{utc(at):%-d %b}"


def day(at: int | None) -> str:
    """Say a date."""
    return f"{utc(at):%-d %b %Y}" if at is not None else ""


def moment(at: int | None) -> str:
    """Say an exact time."""
    return f"{utc(at):%-d %b %Y, %H:%M:%S} UTC" if at is not None else ""


def clock_time(at: int | None) -> str:
    """Say the time of a day, for lists that are about one day."""
    return f"{utc(at):%H:%M:%S}" if at is not None else ""


def stamp(at: int | None) -> str:
    """Return a time for machines, by ISO 8601."""
    return f"{utc(at):%Y-%m-%dT%H:%M:%SZ}" if at is not None else ""


def month(at: int) -> str:
    """Name the month that something belongs to."""
    return f"{utc(at):%B %Y}"


def size(count: int) -> str:
    """Say how many bytes, with two figures at least."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if value < THOUSAND:
            break
        value, unit = value / THOUSAND, larger
    digits = 0 if unit == "B" or value >= TEN else 1
    return f"{value:.{digits}f}{NBSP}{unit}"


def reason(desired: str) -> str:
    """Say why a copy should not stand there; in a set, which of its assets stops it."""
    word, _, rest = desired.partition(": ")
    if word != "in_set":
        return REASON.get(word, "")
    code, _, why = rest.partition(": ")
    told = IN_SET.get(why.partition(":")[0], "{code} may not be shown.").format(code=code)
    return f"All its pictures stand together or none: {told}"


def figure(count: int) -> str:
    """Say a number with grouping."""
    return f"{count:,}"


def count_of(kind: str, count: int) -> str:
    """Say how many places of a kind use something."""
    name = kind.replace("_", " ")
    one, many = USED_IN.get(kind, (name, f"times {name}"))
    return f"{count} {one if count == 1 else many}"


def letters(name: str) -> str:
    """Return the one or two letters that stand for a person or a connector, never a vendor's logo."""
    words = [word for word in name.replace("_", " ").split() if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def utc(at: int) -> datetime:
    """Return an instant as a date with a time."""
    return datetime.fromtimestamp(at / 1000, tz=UTC)
