"""What stands beside a file in the made-up Drive: what it was before, who can open it, and shortcuts to it.

https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions and .../permissions
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from flask import Flask, Response, request

from connectors.google_drive.sandbox_answers import Refused, page, partial
from connectors.google_drive.sandbox_stock import AT, DRIVES
from connectors.google_drive.types import NATIVE, SHORTCUT
from connectors.testing.ledger import Ledger, What

LIES_IN = "1folder002"
REVISIONS_PAGE, PERMISSIONS_PAGE = 3, 2
"""Drive may answer less than it was asked for."""
REVISIONS = "/drive/v3/files/<ref>/revisions"
NO_RIGHT = "The user does not have sufficient permissions for this file."
DANA = {"id": "0815", "type": "user", "role": "owner", "emailAddress": "dana@example.com", "displayName": "Dana"}
MEMBERS = (
    {**DANA, "role": "fileOrganizer"},
    {"id": "0816", "type": "user", "role": "organizer", "emailAddress": "mo@example.com", "displayName": "Mo"},
    {"id": "0817", "type": "group", "role": "reader", "emailAddress": "desk@example.com", "displayName": "Desk"},
)
"""Who is in each shared drive."""


class Known(Protocol):
    """Finds a file; one in a shared drive only for who says that he knows of such drives, unless `shared`."""

    def __call__(self, ref: str, *, shared: bool = False) -> Mapping[str, Any]:
        """Return it."""
        ...


class Beside:
    """Answers for what is beside files. What was is what the ledger tells."""

    def __init__(self, ledger: Ledger, known: Known, app: Flask) -> None:
        self._ledger, self._known = ledger, known
        self.forbids_dropping = False  # as for who may not delete what a file was
        self.hides_sharing = False  # as for who may not share a file
        for method, path, act in (
            ("GET", REVISIONS, self._revisions), ("DELETE", f"{REVISIONS}/<revision>", self._drop),
            ("GET", "/drive/v3/files/<ref>/permissions", self._permissions),
        ):  # fmt: skip
            app.add_url_rule(path, endpoint=f"{method} {path}", view_func=act, methods=[method])

    def revisions(self, ref: str) -> list[str]:
        """Return the ids of what a file was and is, oldest first."""
        facts = [effect.facts for effect in self._ledger.effects() if effect.ref == ref]
        dropped = {str(one["dropped"]) for one in facts if "dropped" in one}
        named = dict.fromkeys(str(one["headRevisionId"]) for one in facts if "headRevisionId" in one)
        return [revision for revision in named if revision not in dropped]

    def share(self, ref: str, **permission: Any) -> None:
        """Somebody shares a file."""
        file = self._ledger.living()[ref]
        given = [*file.get("granted", ()), {"id": secrets.token_hex(8), "kind": "drive#permission", **permission}]
        self._ledger.add(What.CHANGED, ref, file["target"], granted=given)

    def shortcut(self, ref: str, drive: str = "") -> str:
        """Somebody makes a shortcut to a file, in My Drive or in a shared drive."""
        made, folder = f"1short{secrets.token_hex(6)}", f"1{drive}02" if drive else LIES_IN
        leads = {"targetId": ref, "targetMimeType": self._known(ref, shared=True)["mimeType"]}
        self._ledger.add(
            What.MADE, made, folder, name=f"To {ref}", mimeType=SHORTCUT, shortcutDetails=leads, parents=[folder],
            driveId=drive, description="", starred=False, properties={}, appProperties={}, trashed=False,
            createdTime=AT, modifiedTime=AT, version=1, may=False,
        )  # fmt: skip
        return made

    def shortcuts(self, ref: str) -> list[str]:
        """Return the shortcuts to a file."""
        living = self._ledger.living()
        return [one for one, file in living.items() if file.get("shortcutDetails", {}).get("targetId") == ref]

    def _revisions(self, ref: str) -> Response:
        self._known(ref, shared=True)
        shapes = [{"kind": "drive#revision", "id": one, "keepForever": False} for one in self.revisions(ref)]
        return partial({"kind": "drive#revisionList", **page("revisions", shapes, REVISIONS_PAGE)}, "Revisions")

    def _drop(self, ref: str, revision: str) -> Response:
        file = self._known(ref, shared=True)
        left = self.revisions(ref)
        if revision not in left:
            raise Refused(404, "notFound", f"Revision not found: {revision}.", "revisionId")
        if self.forbids_dropping:
            raise Refused(403, "insufficientFilePermissions", NO_RIGHT)
        if file["mimeType"].startswith(NATIVE) or left == [revision]:
            raise Refused(400, "invalid", "This revision cannot be deleted.", "revisionId")
        before = {"headRevisionId": left[-2]} if left[-1] == revision else {}
        self._ledger.add(What.CHANGED, ref, file["target"], dropped=revision, **before)
        return Response(status=204)

    def _permissions(self, ref: str) -> Response:
        file = self._known(ref)
        if self.hides_sharing:
            raise Refused(403, "insufficientFilePermissions", NO_RIGHT)
        held = MEMBERS if file["driveId"] in DRIVES else (DANA,)
        shapes = [{"kind": "drive#permission", **one} for one in (*held, *file.get("granted", ()))]
        shapes = [shape if request.args.get("fields") else _short(shape) for shape in shapes]
        told = page("permissions", shapes, PERMISSIONS_PAGE)
        return partial({"kind": "drive#permissionList", **told}, "Permissions")


def _short(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a permission where no fields are asked for."""
    return {name: value for name, value in shape.items() if name in ("id", "type", "kind", "role")}
