"""What the hub told the one who asks, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response

from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.calendar import when
from hub.web.ui.frame import go, page
from hub.web.ui.outgoing import WHY_OFF

if TYPE_CHECKING:
    from hub.notify.notices import NoticeView

notices = Blueprint("notices", "hub.web")
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One notice in words."""

    head: str
    text: str
    hue: str
    icon: str
    href: str
    act: str
    at: int
    unread: bool


@notices.get("/notices")
def show_notices() -> Response:
    """Show a person's own notices."""
    found = services().notify.notices(actor(), limit=MOST)
    return page("notices.html", here="notices", notices=[_told(one) for one in found])


@notices.post("/notices/read")
def read_all() -> Response:
    """Note that all of a person's notices were read."""
    for one in services().notify.notices(actor(), unread_only=True, limit=MOST):
        services().notify.mark_read(actor(), one.id)
    return go("/notices")


def _told(notice: NoticeView) -> Told:
    body = notice.body
    made = {
        "connection_ends": _ends, "connection_needs_person": _needs_person, "endpoint_off": _endpoint_off,
        "copy_stopped": _stopped, "copy_to_remove": _to_remove, "copy_exchanged": _exchanged,
        "copy_left": _left,
        "binding_stopped": _binding_stopped, "connection_silent": _silent, "connection_answers": _answers,
    }  # fmt: skip
    head, text, hue, icon, act = made.get(notice.what, _other)(body)
    # Only the way within this hub is followed, whatever address it had when the notice was written.
    href = urlsplit(str(body.get("link", ""))).path
    return Told(head, text, hue, icon, href, act if href else "", notice.created_at, notice.read_at is None)


def _ends(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    now, ends_at = services().clock.now(), int(body["ends_at"])
    usual = ", as usual" if body.get("sure") == "usual" else ""
    text = f"{body['name']} {'ends ' if ends_at > now else ''}{when(ends_at, now)} ({words.day(ends_at)}){usual}."
    hue = "stop" if ends_at <= now else "care"
    act = "Reconnect" if body.get("what") == "sign_in" else "Open"
    return f"{_title(body)}, {body['account']}", f"{text} {body['step']}", hue, "calendar-clock", act


def _needs_person(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    return (
        f"{_title(body)}, {body['account']}",
        f"{body['problem']} Nothing was changed there.",
        "stop",
        "hand",
        "Reconnect",
    )


def _silent(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    copies, since = int(body["copies"]), body.get("since")
    these = f"{words.figure(copies)} {'copy' if copies == 1 else 'copies'} there"
    then = f" since {words.moment(int(since))}" if since else ""
    text = (
        f"{body['problem']} The hub cannot vouch for {these}{then}. "
        "What was proven before stays on record; the hub goes on trying and tells you when it answers again."
    )
    return f"{_title(body)}, {body['account']}, does not answer", text, "care", "unlink", "Open"


def _answers(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    text = "What waited goes on, and every copy there is looked at again."
    return f"{_title(body)}, {body['account']}, answers again", text, "good", "circle-check", "Open"


def _endpoint_off(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    why = WHY_OFF.get(str(body.get("reason", "")), "")
    return "Webhooks are not sent any more", f"{body.get('url', '')} was switched off. {why}", "care", "bell", "Open"


def _stopped(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    why = words.STOPPED.get(str(body["reason"]).partition(":")[0], "It may not be shown there.")
    text = f"{body['place']}, {body['account']}, {words.moment(int(body['publish_at']))}: {why}"
    return f"{body['asset']} does not go out at its time", text, "care", "circle-pause", "Open"


def _to_remove(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    where = f" It stands at {body['address']} now." if body.get("address") else ""
    text = f"{body['place']}, {body['account']}: {body['problem']}{where} Say so afterwards, with a note."
    return f"{body['asset']} must be taken away by hand", text, "stop", "hand", "Say that it is done"


def _left(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    text = f"{body['place']}, {body['account']}: {body['problem']}"
    return f"{body['asset']}: something that should be gone stays there", text, "care", "hand", "Open"


def _exchanged(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    unread = f" The hub has not got it: {body['problem']}" if body.get("problem") else " Decide which of the two holds."
    text = f"{body['place']}, {body['account']}: another file stands in its place.{unread}"
    return f"Somebody exchanged {body['asset']} there", text, "care", "git-compare", "Look at both"


def _binding_stopped(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    text = f"{body['board']}, {body['account']}: whoever made it may not place copies any more. Its links stay."
    return f"{body['binding']} links nothing new any more", text, "care", "circle-pause", "Take it over"


def _other(body: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    del body
    return "A notice", "", "rest", "bell", ""


def _title(body: Mapping[str, Any]) -> str:
    titles = {one.name: one.title for one in services().connections.connectors()}
    return titles.get(str(body["connector"]), str(body["connector"]))
