"""Assets: bring in, find, read, describe, put away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected

from hub.access.actors import Actor
from hub.catalogue.views import AssetView
from hub.errors import HubError, Invalid, NotFound, Stale
from hub.web.api.documents import PREFIX, answer, blueprint
from hub.web.api.schemas import (
    AssetChange,
    AssetOut,
    AssetPage,
    AssetPath,
    AssetQuery,
    Deleted,
    RenditionPath,
    RenditionQuery,
    SuccessorBody,
    Uploaded,
    UploadQuery,
    ZipBody,
)
from hub.web.idempotency import incoming
from hub.web.identity import actor
from hub.web.sending import send
from hub.web.services import services

assets = blueprint("assets", "The catalogue and its bytes.")
BYTES: Final[dict[str, Any]] = {"description": "The bytes.", "content": {"*/*": {"schema": {}}}}
FILTERS = ("lifecycle", "kind", "campaign", "project", "keyword", "collection")


class _NotBasedOnAnything(HubError):
    status = 428


@assets.get("/assets", responses={200: AssetPage})
def list_assets(query: AssetQuery) -> Response:
    """Find assets by words and filters."""
    given = query.model_dump()
    filters = {name: [str(value) for value in given[name]] for name in FILTERS if given[name]}
    who = actor()
    hits = services().search.query(
        who, query.q, filters=filters, sort=query.sort, limit=query.limit, cursor=query.cursor or None
    )
    items = list(_still_there(who, hits.asset_ids))
    return answer(AssetPage(items=items, total=hits.total, facets=hits.facets, cursor=hits.cursor))


def _still_there(who: Actor, asset_ids: Iterable[str]) -> Iterator[AssetOut]:
    for asset_id in asset_ids:
        try:
            yield _shown(services().catalogue.view(who, asset_id))
        except NotFound:  # deleted, or not for this person any more, since the search looked
            continue


@assets.post("/assets", responses={201: Uploaded, 200: Uploaded})
def upload_asset(query: UploadQuery) -> Response:
    """Bring in a file as a new asset; 200 when the same bytes are known already."""
    return _take_in(query, None)


@assets.post("/assets/<asset_id>/versions", responses={201: Uploaded, 200: Uploaded})
def upload_version(path: AssetPath, query: UploadQuery) -> Response:
    """Bring in a file as the next version of an asset; it is not approved by that."""
    return _take_in(query, path.asset_id)


@assets.get("/assets/<asset_id>", responses={200: AssetOut, 304: None})
def get_asset(path: AssetPath) -> Response:
    """Read one asset."""
    out = _shown(services().catalogue.view(actor(), path.asset_id))
    if request.if_none_match.contains_weak(_etag(out).strip('"')):
        return Response(status=304, headers={"ETag": _etag(out)})
    return answer(out, headers={"ETag": _etag(out), "Cache-Control": "private, no-cache"})


@assets.patch("/assets/<asset_id>", responses={200: AssetOut})
def edit_asset(path: AssetPath, body: AssetChange) -> Response:
    """Set metadata fields in one language; the change must say which state it is based upon."""
    before = services().catalogue.view(actor(), path.asset_id)
    after = services().catalogue.edit(
        actor(), before.id, body.fields, language=body.language, expected_revision=_revision(before)
    )
    out = _shown(after)
    return answer(out, headers={"ETag": _etag(out)})


@assets.get("/deleted", responses={200: Deleted})
def list_deleted() -> Response:
    """List what is deleted and can be brought back, the newest first."""
    return answer(Deleted(items=[_shown(one) for one in services().catalogue.deleted(actor())]))


@assets.delete("/assets/<asset_id>", responses={204: None})
def delete_asset(path: AssetPath) -> Response:
    """Delete an asset: its copies are withdrawn, its bytes stay for a grace period."""
    services().catalogue.delete(actor(), path.asset_id)
    return answer()


@assets.post("/assets/<asset_id>/restore", responses={204: None})
def restore_asset(path: AssetPath) -> Response:
    """Bring a deleted asset back."""
    services().catalogue.restore(actor(), path.asset_id)
    return answer()


@assets.post("/assets/<asset_id>/archive", responses={204: None})
def archive_asset(path: AssetPath) -> Response:
    """Keep an asset, but let nobody use it."""
    services().catalogue.archive(actor(), path.asset_id)
    return answer()


@assets.post("/assets/<asset_id>/unarchive", responses={204: None})
def unarchive_asset(path: AssetPath) -> Response:
    """Let an archived asset be used again."""
    services().catalogue.unarchive(actor(), path.asset_id)
    return answer()


@assets.put("/assets/<asset_id>/successor", responses={204: None})
def set_successor(path: AssetPath, body: SuccessorBody) -> Response:
    """Name the asset that takes this one's place where it has to go."""
    services().catalogue.set_successor(actor(), path.asset_id, body.successor_id)
    return answer()


@assets.get(
    "/assets/<asset_id>/renditions/<preset>",
    responses={200: BYTES, 206: BYTES, 304: None},
)
def get_rendition(path: RenditionPath, query: RenditionQuery) -> Response:
    """Read the bytes of one form of an asset."""
    served = services().delivery.open_rendition(
        actor(), path.asset_id, path.preset, query.version, download=query.download
    )
    return send(served, download=query.download)


@assets.post("/zip", responses={200: {"description": "The archive.", "content": {"application/zip": {"schema": {}}}}})
def pack(body: ZipBody) -> Response:
    """Pack several assets into one archive; refused as a whole when one of them may not go."""
    made = services().delivery.zip(actor(), body.asset_ids, body.preset)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.filename}"',
        "Content-Length": str(made.size),
        "Content-Type": "application/zip",
    }
    return Response(iter(made.stream), headers=headers, direct_passthrough=True)


def _take_in(query: UploadQuery, asset_id: str | None) -> Response:
    try:
        done = services().intake.upload(
            actor(), body_stream(), filename=query.filename, expect_size=request.content_length,
            expect_sha256=query.sha256, asset_id=asset_id, fields={"title": query.title} if query.title else None,
        )  # fmt: skip
    except ClientDisconnected as error:
        raise Invalid(
            "upload_cut_off", "The upload broke off before all of it had come. Nothing was kept.",
            where=query.filename, next_step="Send the file again.",
        ) from error  # fmt: skip
    out = Uploaded.model_validate(done, from_attributes=True)
    headers = {"Location": f"{PREFIX}/assets/{out.asset_id}"}
    return answer(out, 200 if out.duplicate_of else 201, headers)


def body_stream() -> IO[bytes]:
    """Return the request's body as a stream; its length must be known, so that a cut-off one is noticed."""
    if request.content_length is None:
        raise Invalid(
            "length_required", "An upload must say how long it is.", where="Content-Length",
            next_step="Send Content-Length.",
        )  # fmt: skip
    return incoming()


def _shown(view: AssetView) -> AssetOut:
    return AssetOut.model_validate(view)


def _etag(out: AssetOut) -> str:
    return f'"{out.id}-{out.revision}"'


def _revision(view: AssetView) -> int:
    sent = request.if_match
    if not sent and not sent.star_tag:
        raise _NotBasedOnAnything(
            "if_match_required", "The change does not say which state it is based upon.", where="If-Match",
            next_step="Read the asset and send its ETag as If-Match.",
        )  # fmt: skip
    if not sent.star_tag and not sent.contains(f"{view.id}-{view.revision}"):
        raise Stale(
            "changed_meanwhile", "Somebody else changed this meanwhile. Nothing of yours was written.",
            where=view.code, next_step="Load it again and repeat the change.",
        )  # fmt: skip
    return view.revision
