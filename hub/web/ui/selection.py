"""What is done to several assets at once: use them in places, download, send to review, archive, and take that back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed, require
from hub.catalogue.views import AssetView
from hub.errors import Invalid, NotFound
from hub.placements.impact import ImpactLine
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.copies import outcomes, reached
from hub.web.ui.dates import instant
from hub.web.ui.frame import go, page, safe_next
from hub.web.ui.names import connector_title, posting_by_hand
from hub.web.ui.tiles import tiles_of

if TYPE_CHECKING:
    from hub.web.ui.words import Sign
    from mappings.spec import MappingSpec

selection = Blueprint("selection", "hub.web")
MOST = 200
FEW = 12
"""More places than this can be narrowed down by typing."""
SAID = {"submit": "submitted", "archive": "archived", "unarchive": "unarchived", "restore": "restored"}


@selection.post("/selection")
def act_on_selection() -> Response:
    """Do one thing to every chosen asset; what would withdraw copies is shown first."""
    chosen, act = request.form.getlist("asset"), request.form.get("act", "")
    if not chosen:
        raise Invalid("nothing_chosen", "No asset was chosen.", next_step="Choose some in the library first.")
    if act == "download":
        return _zip(chosen)
    if act == "use":
        return go("/use?" + _query(chosen))
    if act == "archive" and "seen" not in request.form and allowed(actor(), Act.ARCHIVE) and _moved(chosen):
        return go("/selection/archive?" + _query(chosen))
    catalogue, review = services().catalogue, services().review
    doing = {
        "submit": review.submit, "archive": catalogue.archive, "unarchive": catalogue.unarchive,
        "restore": catalogue.restore,
    }.get(act)  # fmt: skip
    if doing is None:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one from the bar.")
    for asset_id in chosen:
        doing(actor(), asset_id)
    return go(safe_next(request.form.get("back", "/")), SAID[act], of=chosen)


@selection.get("/selection/archive")
def before_archive() -> Response:
    """Show what archiving the chosen assets would change in the channels."""
    require(actor(), Act.ARCHIVE)
    chosen = _chosen()
    found = _moved([one.id for one in chosen])
    now, count = reached(found), len(chosen)
    return page(
        "impact.html", here="library", question=f"Archive {count} {'asset' if count == 1 else 'assets'}?",
        explanation="You watch it happen, and each place is looked at again afterwards.", action="/selection",
        chosen=chosen, act="archive", substitutes=None, substitute="", handouts=0, ask_reason=False, reason="",
        lines=outcomes(found), safe="the originals and all their versions stay. They can be taken out at any time.",
        back="/", button=f"Archive {count} and withdraw {now} now" if now else f"Archive {count} now",
    )  # fmt: skip


@selection.get("/use")
def choose_places() -> Response:
    """Show the places where the chosen assets could stand."""
    chosen = _chosen()
    places: dict[tuple[str, str, Sign | None], list[dict[str, str | None]]] = {}
    together = services().placements.together(actor(), [one.id for one in chosen]) if len(chosen) > 1 else {}
    state = _states()
    answers: dict[tuple[str, str, str], str] = {}
    targets = services().connections.targets(actor())
    for target in sorted(targets, key=lambda target: _natural(target.label)):
        at = (connector_title(target.connector), target.account_label, state.get(target.remote_id))
        where = (target.remote_id, target.channel, target.territory)
        if where not in answers:
            spec = services().mappings.spec_of(target.remote_id, target.connector)
            answers[where] = _forbidden(chosen, *where[1:]) or _lacking(chosen, spec)
        about = target.kind.replace("_", " ").capitalize()
        places.setdefault(at, []).append(
            {
                "id": target.id, "label": target.label, "about": about, "why": answers[where],
                "apart": together.get(target.id),
            }
        )  # fmt: skip
    back = f"/assets/{chosen[0].code}" if len(chosen) == 1 else "/"
    many = sum(map(len, places.values())) > FEW
    return page(
        "use.html", here="library", chosen=chosen, places=list(places.items()), back=back, many=many,
        orders=tiles_of(services().database, chosen) if "" in together.values() else [],
        by_hand=posting_by_hand(target.connector for target in targets),
    )  # fmt: skip


@selection.post("/use")
def use() -> Response:
    """Want copies of the chosen assets in the chosen places: each alone, or all of them in one."""
    assets, targets = request.form.getlist("asset"), request.form.getlist("target")
    sets, first = request.form.getlist("together"), request.form.get("first")
    if not assets or not (targets or sets):
        raise Invalid("nothing_chosen", "No place was chosen.", next_step="Choose at least one place.")
    policy, time = request.form.get("withdraw_policy", "remove"), instant(request.form.get("publish_at", ""))
    for asset_id in assets:
        for target_id in targets:
            services().placements.place(actor(), asset_id, target_id, withdraw_policy=policy, publish_at=time)
    leading, *others = sorted(assets, key=lambda asset_id: asset_id != first)
    for target_id in sets:
        services().placements.place(actor(), leading, target_id, companions=others, publish_at=time)
    code = services().catalogue.view(actor(), assets[0]).code
    return go(f"/assets/{code}" if len(assets) == 1 else "/", "planned" if time else "placed")


def _states() -> dict[str, Sign | None]:
    """Return what is wrong with each account that places stand in, None where one of its ways in works."""
    found: dict[str, Sign | None] = {}
    for one in services().connections.list(actor()):
        works = one.state in {"live", "ailing"} or (one.remote_id in found and found[one.remote_id] is None)
        found[one.remote_id] = None if works else words.CONNECTION.get(one.state, words.UNKNOWN)
    return found


def _forbidden(chosen: list[AssetView], channel: str, territory: str) -> str:
    """Say why a copy would wait there, empty when all chosen ones may be used there now."""
    asked = [services().rights.ask(actor(), one.id, channel=channel, territory=territory, use="new") for one in chosen]
    return next((answer.why for answer in asked if not answer.ok), "")


def _lacking(chosen: list[AssetView], spec: MappingSpec) -> str:
    """Say which texts a channel needs before it is sent anything, empty when all chosen ones have them."""
    for each in spec.fields:
        for one in chosen:
            newest = one.versions[0]
            if each.requires(newest.media_type) and not one.fields.get(each.field):
                return f"{one.title} has no {each.field.replace('_', ' ')} yet."
    return ""


def _natural(label: str) -> list[tuple[int, str]]:
    """Return a key that sorts Card 2 before Card 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", label.casefold())]


def _zip(chosen: list[str]) -> Response:
    made = services().delivery.zip(actor(), chosen)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.filename}"', "Content-Length": str(made.size),
        "Content-Type": "application/zip",
    }  # fmt: skip
    return Response(iter(made.stream), headers=headers, direct_passthrough=True)


def _moved(chosen: list[str]) -> list[ImpactLine]:
    return [line for one in chosen for line in services().placements.impact(actor(), one, "archive", None).lines]


def _chosen() -> list[AssetView]:
    found = [services().catalogue.view(actor(), one) for one in request.args.getlist("asset")[:MOST]]
    if not found:
        raise Invalid("nothing_chosen", "No asset was chosen.", next_step="Choose some in the library first.")
    return found


def _query(chosen: list[str]) -> str:
    return urlencode([("asset", asset_id) for asset_id in chosen])
