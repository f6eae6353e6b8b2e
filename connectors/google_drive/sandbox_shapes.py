"""How the made-up Drive shows a file, adds its properties up, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.google_drive.items import kind_of
from connectors.google_drive.sandbox_answers import Refused
from connectors.google_drive.types import CONTENT, MARKER, PROPERTIES, File
from connectors.sdk.types import ItemKind
from connectors.testing.sandbox import Standing, Stock

MOST_PROPERTY = 124
_HIDDEN = frozenset({
    "may", "body", "refuses", "md5", "sha1", "sha256", "target", "size", "driveId", "parents", "dropped", "granted",
})  # fmt: skip


def shape(ref: str, file: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file as Drive shows it: numbers are text, and what there is nothing of is left out."""
    shown = {name: value for name, value in file.items() if name not in _HIDDEN and value not in ("", {}, [])}
    sums = {f"{name}Checksum": file[name] for name in ("md5", "sha1", "sha256") if name in file}
    lies = {"parents": file["parents"]} if file["parents"] else {}
    drive = {"driveId": file["driveId"]} if file["driveId"] else {}
    size = {"size": str(file["size"])} if "size" in file else {}
    return {
        **shown, **sums, **lies, **drive, **size, "kind": "drive#file", "id": ref, "version": str(file["version"]),
        "capabilities": {"canAddChildren": file["may"], "canDownload": True},
        "webViewLink": f"https://drive.google.com/open?id={ref}",
    }  # fmt: skip


def lists(file: Mapping[str, Any], drive: str, *, shared: bool) -> bool:
    """Tell whether a listing holds a file: that of an account tells some of its shared drives' files, too."""
    if drive == "allDrives":
        return True
    if drive != "user":
        return bool(file["driveId"] == drive)
    return not file["driveId"] or (shared and file["name"].endswith("01"))


def merged(there: Mapping[str, str], sent: Mapping[str, Any]) -> dict[str, str]:
    """Add properties up: null clears one, and each holds so many bytes, its name included."""
    for name, value in sent.items():
        if len(f"{name}{value or ''}".encode()) > MOST_PROPERTY:
            raise Refused(403, "propertyLengthLimitExceeded", "The property is too long.")
    added = {**there, **sent}
    return {name: value for name, value in added.items() if value is not None}


def standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    """Return a copy as it is in truth."""
    own = {name: facts["properties"].get(name, "") for name in PROPERTIES}
    fields = {"name": facts["name"], "description": facts["description"], **own}
    private = facts["appProperties"]
    return Standing(ref, target, private.get(MARKER), private.get(CONTENT), fields, facts.get("sha256", ""))


def stocked(ref: str, file: Mapping[str, Any]) -> Stock:
    """Return a file as an inventory must tell it."""
    kind = kind_of(File.model_validate({"id": ref, "mimeType": file["mimeType"]}))
    bytes_of = kind is ItemKind.FILE
    return Stock(ref, kind, file["name"], file["size"] if bytes_of else None, file["sha256"] if bytes_of else None)
