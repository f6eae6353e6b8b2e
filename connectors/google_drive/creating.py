"""Making a file once: under an id that Drive gave before, and that is noted before anything is sent.

https://developers.google.com/workspace/drive/api/guides/create-file: an id from `files.generateIds` goes with the
create, and "subsequent retries return a 409 Conflict". So a repeat is safe whatever a search shows by then.
"""

from __future__ import annotations

from http import HTTPStatus

from connectors.google_drive.addresses import API, FILE, UPLOAD, path_of
from connectors.google_drive.items import new_file, parts, to_copy
from connectors.google_drive.types import File, GivenIds
from connectors.google_drive.uploads import Place, send
from connectors.sdk.errors import Missing, Rejected, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.types import Outgoing, Receipt


def create(api: Api, folder: str, outgoing: Outgoing) -> Receipt:
    """Make a file, or find that an earlier try made it.

    Raises:
        Unreachable: the id can be used no more: the next try takes another.
    """
    ref = outgoing.kept
    if not ref:
        ref = _new_id(api)
        outgoing.keep(ref)
    place = Place("POST", f"{UPLOAD}/files", FILE)
    try:
        return receipt_of(send(api, place, outgoing, new_file(outgoing, folder, ref)).parse(File))
    except Rejected as refused:
        return _made_before(api, outgoing, ref, refused)


def receipt_of(file: File, *, again: bool = False) -> Receipt:
    """Return what a write came to."""
    return Receipt(file.id, parts(file), file.web_view_link, again=again)


def _new_id(api: Api) -> str:
    query = {"count": 1, "space": "drive", "type": "files", "fields": "ids"}
    answer = api.ask("GET", f"{API}/files/generateIds", query=query)
    ids = answer.parse(GivenIds).ids
    if not ids:
        raise answer.call.senseless("no id for a file", status=answer.status)
    return ids[0]


def _made_before(api: Api, outgoing: Outgoing, ref: str, refused: Rejected) -> Receipt:
    """Settle a refusal by reading what stands under the id. Reading by id is never late.

    What is ours by marker and content key was made by an earlier try, whatever somebody did to it since: other bytes
    in it are for the next look to see, which compares hashes.
    """
    try:
        file = api.get(path_of(ref), File, query=FILE)
    except Missing:
        file = None
    if file is not None:
        copy = to_copy(file)
        if (copy.marker, copy.content_key) == (outgoing.marker, outgoing.content_key):
            return receipt_of(file, again=True)
    outgoing.keep("")
    if outgoing.kept or refused.status == HTTPStatus.CONFLICT:
        # What was made under it is gone again, or the id is none of this account's any more.
        raise Unreachable(
            "Google Drive takes no file under the id that it gave for this one. The hub asks for another by itself.",
            detail=refused.detail, status=refused.status,
        ) from refused  # fmt: skip
    raise refused
