"""What every page shares: the shell's navigation, addresses of files, and what a form has just done."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Flask, Response, g, render_template, request, url_for

from hub.access.permissions import Act, allowed
from hub.web.identity import THEME_COOKIE, actor, caller, form_token
from hub.web.services import services
from hub.web.ui import words

if TYPE_CHECKING:
    from hub.access.actors import Actor

STATIC: Final = Path(__file__).parent.parent / "static"

TOLD: Final = {
    "edited": "Saved.",
    "submitted": "Sent to review.",
    "approved": "Approved. Copies of an earlier version follow by themselves.",
    "rejected": "Rejected; the reason is kept with it.",
    "revoked": "Approval taken back. Copies are being withdrawn.",
    "archived": "Archived. Copies, where there are any, are being withdrawn; nothing was deleted.",
    "unarchived": "Taken out of the archive.",
    "deleted": "Deleted. Its page says until when it can be brought back.",
    "restored": "Brought back.",
    "term": "Rights changed.",
    "held": "Held: nothing of it is let go of until the hold is lifted.",
    "hold-lifted": "The hold counts no longer.",
    "lifted": "That clause counts no longer.",
    "added": "Added to the library.",
    "known": "These bytes are in the library already; this is the asset that has them.",
    "version": "New version added. It is shown nowhere until it is approved.",
    "planned": "Noted. Each copy goes out at that time, if it may be shown then.",
    "placed": "On its way. Each copy is looked at after it was made.",
    "retried": "Trying again now.",
    "scheduled": "Noted: it goes out at that time, if it may be shown then.",
    "taken-back": "Being taken back from there.",
    "uses-asked": "Being asked where it is used; the answer stands under the copy.",
    "numbers-asked": "Being asked what it counts; the answer stands under the copy.",
    "put-back": "On its way back into the same place.",
    "proposed": "The file is a version now, and waits for approval. Until then the channel shows ours again.",
    "ours": "Ours is put back. The other file is kept below.",
    "decided": "Decided: it holds on both sides. Both texts are kept below, and you can decide otherwise.",
    "attested": "Your word is kept with the proof, as a person's word.",
    "person-added": "Added. They can sign in now.",
    "person-role": "The new role counts from their next click on.",
    "person-password": "The new password counts; their sessions have ended.",
    "person-out": "Shut out: sessions and tokens have ended.",
    "person-in": "Let in again. Their tokens stay revoked.",
    "token-revoked": "The token is dead from now on.",
    "listening": "It tells the hub of changes at every place where copies stand.",
    "mapped": "This mapping counts now; every copy in this account follows.",
    "connected": "Connected. Its places are listed below.",
    "settings": "Saved: the account was asked who we are first. Every copy there is looked at again.",
    "settings-back": "Taken back. Every copy there is looked at again.",
    "settings-anew": "Saved. These settings need other permissions: reconnect to give them.",
    "settings-places": "Saved, but the places could not be read again: what is wrong stands here.",
    "place": "Saved. Copies there follow.",
    "tested": "It answers.",
    "refreshed": "Places read again.",
    "paused": "Paused: nothing is sent there until it is resumed.",
    "resumed": "Resumed.",
    "disconnected": "Disconnected. Copies that stand there stay listed, with their last look; nobody looks any more.",
    "reconnected": "Reconnected. What was missed meanwhile is being looked at.",
    "staying": "You stay connected. What was withdrawn is put back, where that needs no person.",
    "linked": "Link made.",
    "unlinked": "The link is dead from now on.",
    "binding-start": "Started: links come, follow and go by themselves from now on.",
    "binding-pause": "Paused: nothing is added and nothing taken away until you go on.",
    "binding-end": "Ended. Its record stays.",
    "stock": "Being listed. It goes on without this page; load it again to see how far it is.",
    "stock-adopt": "On its way: each is looked at, then looked after like a copy that the hub made.",
    "stock-import": "Being imported, as drafts. Nothing changes there.",
    "stock-ignore": "Ignored: they are not asked about again.",
    "stock-back": "They are asked about again.",
    "webhook-test": "A test was sent off. Its answer stands below; if there is none yet, load the page again.",
    "webhook-again": "On its way once more.",
    "reread": "They are read again, in the order in which they came.",
    "webhook-replay": "Being sent again, in their order.",
    "webhook-on": "On again: it hears of what happens from now on.",
    "webhook-off": "Off: nothing more is sent there, and what was on its way is given up.",
    "webhook-removed": "Removed, with the log of what was sent there.",
}
"""What a page may be told to say by its address: only these sentences, nothing else."""


UNDO: Final = {"archived": "unarchive", "deleted": "restore"}
MOST_UNDONE: Final = 60


@dataclass(frozen=True, slots=True)
class Undo:
    """The act that takes another one back, for these assets."""

    act: str
    assets: list[str]
    back: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation."""

    name: str
    label: str
    short: str
    href: str
    icon: str
    group: str
    count: int = 0
    count_says: str = ""
    hue: str = ""


def install(app: Flask) -> None:
    """Give templates what they all use."""
    cast("dict[str, Any]", app.jinja_env.globals).update(
        static_url=static_url, csrf_token=csrf_token, navigation=navigation, told=told, me=actor, levels=words.LEVEL,
        undo=undo, age=_age, ago=_ago, day=words.day, moment=words.moment, stamp=words.stamp,
        clock_time=words.clock_time, size=words.size, figure=words.figure, letters=words.letters, may=may, acts=Act,
        news=news,
    )  # fmt: skip


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page for the person who asks."""
    theme = request.cookies.get(THEME_COOKIE, "")
    known = theme if theme in {"light", "dark"} else ""
    body = render_template(template, theme=known, **values)
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def news() -> int:
    """Return how many notices the one who asks has not read."""
    if "news" not in g:
        who = caller().actor
        g.news = len(services().notify.notices(who, unread_only=True)) if who else 0
    found: int = g.news
    return found


def go(where: str, say: str = "", *, of: Sequence[str] = ()) -> Response:
    """Send the browser on after a form, telling the next page what to say and which assets that was done to."""
    if say:
        where += ("&" if "?" in where else "?") + f"told={say}"
    if of and len(of) <= MOST_UNDONE:
        where += f"&of={','.join(of)}"
    return Response(status=303, headers={"Location": where})


def safe_next(wanted: str) -> str:
    """Return an address inside this hub; anything else becomes the library."""
    # Browsers and libraries drop tabs and line ends before they read an address: "/\t/evil" becomes "//evil".
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if inside else "/"


def told() -> list[str]:
    """Return what the page should say about the act that led here."""
    return [TOLD[name] for name in request.args.getlist("told")[:1] if name in TOLD]


def undo() -> Undo | None:
    """Return what takes back the act that led here, where one form can do it."""
    act = UNDO.get(request.args.get("told", ""))
    assets = [part for part in request.args.get("of", "").split(",") if part][:MOST_UNDONE]
    return Undo(act, assets, request.path) if act and assets else None


def csrf_token() -> str:
    """Return the token for forms of this page."""
    who = caller()
    return who.csrf if who.actor else form_token()


def may(act: Act, owner_id: str | None = None) -> bool:
    """Tell whether whoever asks may do this, so that a page can leave the button away."""
    who = caller().actor
    return who is not None and allowed(who, act, owner_id=owner_id)


def navigation() -> list[Item]:
    """Return the entries that this person can use."""
    if "navigation" not in g:
        g.navigation = _navigation(actor())
    found: list[Item] = g.navigation
    return found


def _navigation(who: Actor) -> list[Item]:
    items = [Item("library", "Library", "Library", "/", "images", "main")]
    if allowed(who, Act.DECIDE):
        items.append(Item("review", "Review", "Review", "/?lifecycle=in_review", "messages-square", "main"))
    if allowed(who, Act.PLACE):
        items.append(Item("drift", "Drift", "Drift", "/drift", "scan-eye", "main"))
    if allowed(who, Act.CONNECT) or allowed(who, Act.PLACE):
        waiting = sum(one.state == "needs_person" for one in services().connections.list(who))
        items.append(
            Item("connections", "Connections", "Connect", "/connections", "plug", "setup", waiting,
                 "needs you" if waiting == 1 else "need you", "stop")
        )  # fmt: skip
    if allowed(who, Act.PLACE):
        items.append(Item("bindings", "Cards", "Cards", "/bindings", "link", "setup"))
    if allowed(who, Act.MANAGE_USERS):
        items.append(Item("people", "People", "People", "/people", "key-round", "setup"))
    if allowed(who, Act.MANAGE_ENDPOINTS):
        items.append(Item("webhooks", "Webhooks", "Hooks", "/webhooks", "share-2", "setup"))
    if allowed(who, Act.SEE_ACTIVITY):
        items.append(Item("activity", "Activity", "Activity", "/activity", "activity", "setup"))
    return items


def static_url(filename: str) -> str:
    """Return the address of a file of ours; it changes with the file, so browsers may keep it for ever."""
    return url_for("static", filename=filename, v=_digest(filename))


@functools.cache
def _digest(filename: str) -> str:
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]


def _age(at: int | None) -> str:
    return words.age(at, services().clock.now())


def _ago(at: int | None) -> str:
    return words.ago(at, services().clock.now())
