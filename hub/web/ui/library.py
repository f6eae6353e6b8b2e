"""The library: find, look, choose, bring in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed
from hub.delivery.service import Delivery
from hub.errors import HubError, Invalid
from hub.web.identity import actor, caller
from hub.web.sending import send
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import go, page
from hub.web.ui.rights import use_now
from hub.web.ui.tiles import Tile, tiles_of

if TYPE_CHECKING:
    from hub.access.actors import Actor
    from hub.catalogue.views import AssetView

library = Blueprint("library", "hub.web")
PAGE: Final = 60
FACETS: Final = {"lifecycle": "Status", "kind": "Type", "campaign": "Campaign", "keyword": "Keyword"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    icon: str
    hue: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    value: str
    without: str


@library.get("/")
def show_library() -> Response:
    """Show what was found."""
    if caller().actor is None and not services().access.has_users():
        return go("/first-run")
    who = actor()
    text = request.args.get("q", "")[:500]
    filters = {name: request.args.getlist(name) for name in FACETS if request.args.getlist(name)}
    cursor = request.args.get("after") or None
    hits = services().search.query(who, text, filters=filters, sort="newest", limit=PAGE, cursor=cursor)
    assets = list(_views(hits.asset_ids))
    usable = services().rights.best_uses(assets)
    tiles = [
        replace(
            tile, use_now=use_now(usable[tile.asset.id]),
            has_picture=tile.has_picture and (usable[tile.asset.id].ok or _sees_all(who, tile)),
        )
        for tile in tiles_of(services().database, assets)
    ]  # fmt: skip
    more = _address(text, filters, after=hits.cursor) if hits.cursor else ""
    values: dict[str, Any] = {
        "here": "review" if filters.get("lifecycle") == ["in_review"] else "library", "q": text, "total": hits.total,
        "months": [(name, list(group)) for name, group in groupby(tiles, key=_month)],
        "facets": _facets(hits.facets, filters), "chips": _chips(text, filters), "more": more,
        "filters": filters, "asked": bool(text or filters),
    }  # fmt: skip
    if request.headers.get("HX-Request") and request.headers.get("HX-Target") == "more":
        return page("fragments/tiles.html", **values)
    return page("library.html", **values)


@library.get("/media/<asset_id>/<version_id>/<preset>")
def show_media(asset_id: str, version_id: str, preset: str) -> Response:
    """Send the bytes of one form of an asset to a page, or to be saved."""
    download = request.args.get("download") == "1"
    delivery: Delivery = services().delivery
    return send(delivery.open_rendition(actor(), asset_id, preset, version_id, download=download), download=download)


@library.post("/upload")
def upload() -> Response:
    """Bring in files from a form, for browsers without modules."""
    who = actor()
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise Invalid("no_file", "No file was chosen.", where="file", next_step="Choose a file first.")
    asset_id = request.form.get("asset_id") or None
    done = None
    for file in files:
        stream = cast("IO[bytes]", cast("Any", file.stream))
        done = services().intake.upload(who, stream, filename=file.filename or "file", asset_id=asset_id)
    if done is None or len(files) > 1:
        return go("/", "added")
    code = services().catalogue.view(who, done.duplicate_of or done.asset_id).code
    return go(f"/assets/{code}", "version" if asset_id else "known" if done.duplicate_of else "added")


def _views(asset_ids: Iterable[str]) -> Iterable[AssetView]:
    for asset_id in asset_ids:
        try:
            yield services().catalogue.view(actor(), asset_id)
        except HubError:  # changed since the search looked: it is simply not shown
            continue


def _sees_all(who: Actor, tile: Tile) -> bool:
    return allowed(who, Act.VIEW_UNAPPROVED, owner_id=tile.asset.owner_id)


def _month(tile: Tile) -> str:
    return words.month(tile.asset.created_at)


def _facets(found: Any, filters: dict[str, list[str]]) -> list[tuple[str, str, list[Choice]]]:
    return [
        (name, label, _choices(name, dict(found.get(name, {})), filters.get(name, [])))
        for name, label in FACETS.items()
    ]


def _choices(name: str, counts: dict[str, int], chosen: list[str]) -> list[Choice]:
    known = list(words.ASSET) if name == "lifecycle" else list(words.KIND) if name == "kind" else []
    others = sorted({*counts, *chosen} - set(known), key=lambda value: (-counts.get(value, 0), value))
    listed = [value for value in known if value in counts or value in chosen or name == "lifecycle"] + others[:12]
    return [_choice(name, value, counts.get(value, 0), chosen=value in chosen) for value in listed]


def _choice(name: str, value: str, count: int, *, chosen: bool) -> Choice:
    label, icon, hue = value, "", ""
    if name == "lifecycle" and value in words.ASSET:
        sign = words.ASSET[value]
        label, icon, hue = sign.word, sign.icon, sign.hue
    elif name == "kind" and value in words.KIND:
        label, icon = words.KIND[value]
    return Choice(value, label, icon, hue, count, chosen)


def _chips(text: str, filters: dict[str, list[str]]) -> list[Chip]:
    chips: list[Chip] = []
    for name, values in filters.items():
        for value in values:
            rest = {n: [v for v in vs if (n, v) != (name, value)] for n, vs in filters.items()}
            chips.append(Chip(FACETS[name], _choice(name, value, 0, chosen=True).label, _address(text, rest)))
    return chips


def _address(text: str, filters: dict[str, list[str]], *, after: str | None = None) -> str:
    pairs = [("q", text)] if text else []
    pairs += [(name, value) for name, values in filters.items() for value in values]
    pairs += [("after", after)] if after else []
    return "/" + (f"?{urlencode(pairs)}" if pairs else "")
