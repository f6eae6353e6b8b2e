"""An account's field mapping: what goes where, a preview with a real asset, what is lost, and earlier versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed
from hub.catalogue.languages import locale_of
from hub.connections.mappings import MappingView, field_at
from hub.errors import HubError, Invalid
from hub.media.document import asset_document
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page
from hub.web.ui.names import people
from hub.web.ui.texts import Tongue, tongues
from mappings.errors import MappingError
from mappings.languages import name_of
from mappings.report import preview
from mappings.spec import MappingSpec, legible, parse_spec

mapping = Blueprint("mapping", "hub.web", url_prefix="/connections/<connection_id>/mapping")


@mapping.get("")
def show_mapping(connection_id: str) -> Response:
    """Show the mapping that counts, tried on an asset."""
    view = services().mappings.view(actor(), connection_id)
    given = {name: request.args.get(name, "") for name in ("asset", "language")}
    return _page(connection_id, view, view.spec, {"text": view.text, **given})


@mapping.post("")
def save_mapping(connection_id: str) -> Response:
    """Try what was written on an asset, or let it count."""
    room, form = services().mappings, request.form
    view = room.view(actor(), connection_id)
    try:
        if form.get("act") == "try":
            return _page(connection_id, view, _parsed(form.get("text", "")), form)
        seen = form.get("seen", -1, type=int)
        room.save(actor(), connection_id, form.get("text", ""), note=form.get("note", ""), seen=seen)
    except HubError as wrong:
        return _page(connection_id, view, view.spec, form, wrong)
    return go(f"/connections/{connection_id}/mapping", "mapped")


@mapping.post("/back")
def go_back(connection_id: str) -> Response:
    """Let an earlier version count again."""
    number, seen = request.form.get("number", -1, type=int), request.form.get("seen", -1, type=int)
    services().mappings.go_back(actor(), connection_id, number, seen=seen)
    return go(f"/connections/{connection_id}/mapping", "mapped")


def _page(
    connection_id: str, view: MappingView, spec: MappingSpec, given: Any, error: HubError | None = None
) -> Response:
    found, wrong = None, error
    code, language = str(given.get("asset", "")).strip(), str(given.get("language", ""))
    try:
        found = _tried(spec, code, language, str(given.get("text", ""))) if code else None
    except HubError as unknown:
        wrong = wrong or unknown
    account = services().connections.view(actor(), connection_id)
    return page(
        "mapping.html", 200 if wrong is None else wrong.status, here="connections", account=account, view=view,
        spec=spec, given=given, error=wrong, tried=found, names=people([each.by for each in view.versions]),
        spoken=_spoken(view, found), own=name_of(services().settings.language),
        named=name_of, legible=legible,
        editable=allowed(actor(), Act.CONNECT),
    )  # fmt: skip


def _spoken(view: MappingView, tried: dict[str, Any] | None) -> list[Tongue]:
    """Return the languages that it can be tried in: those of the account's places, and those of the asset."""
    shown = {*tried["asset"].translations, tried["language"]} if tried else set[str]()
    told = {place.language for place in services().connections.targets(actor(), view.remote_id)}
    own = services().settings.language
    return tongues((told | shown) - {"", own})


def _tried(spec: MappingSpec, code: str, language: str, text: str) -> dict[str, Any]:
    """Return what a place in this language would be told of an asset, for somebody who may see it."""
    own = services().settings.language
    asset, locale = services().catalogue.view(actor(), code), locale_of(language, own)
    version_id = asset.approved_version_id or asset.versions[0].id
    ends = services().rights.ask(actor(), asset.id, channel="*", territory="*").last
    with services().database.read() as session:
        document = asset_document(session, asset.id, version_id, language=own, usable_until=ends)
    try:
        found = preview(spec, document, locale)
    except MappingError as error:  # what fails on an asset knows its field, and the text knows the field's line
        raise _refused(error, field_at(text, error.where) if error.line is None else "") from None
    return {
        "asset": asset,
        "language": locale,
        "values": {line.remote: line for line in found.lines},
        "losses": found.losses,
    }


def _parsed(text: str) -> MappingSpec:
    try:
        return parse_spec(text, source="mapping")
    except MappingError as error:
        raise _refused(error) from None


def _refused(error: MappingError, line: str = "") -> Invalid:
    what = f"{line}: {error.what}" if line else str(error)
    return Invalid(error.code, what, where="mapping", next_step=error.next_step)
