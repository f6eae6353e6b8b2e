"""What stands in the made-up Drive at first: folders, three shared drives, and the odd things of old ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.google_drive.types import FOLDER, NATIVE, SHORTCUT

ROOT = "0AMyDriveRootUk9PVA"
DRIVES: Mapping[str, str] = {
    "0APress00000Uk9PVA": "Press", "0ABrand00000Uk9PVA": "Brand", "0AArchive000Uk9PVA": "Archive / old",
}  # fmt: skip
SAME_TEXT = "Campaigns"  # names are not unique
AT = "2026-05-04T06:30:00.123Z"


def _file(ref: str, name: str, kind: str, parents: list[str], drive: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": ref, "name": name, "mimeType": kind, "parents": parents, "driveId": drive, "trashed": False,
        "description": "", "starred": False, "properties": {}, "appProperties": {}, "createdTime": AT,
        "modifiedTime": AT, "version": 1, "may": True, **more,
    }  # fmt: skip


def _folders() -> list[dict[str, Any]]:
    made = [_file(f"1folder{number:03}", f"Folder {number:03}", FOLDER, [ROOT]) for number in range(1, 71)]
    made += [_file("1same1", SAME_TEXT, FOLDER, [ROOT]), _file("1same2", SAME_TEXT, FOLDER, ["1folder001"])]
    made.append(_file("1orphan", "Shared with me / today", FOLDER, []))
    made.append(_file("1closed", "Only to read", FOLDER, [], may=False))
    for drive, name in DRIVES.items():
        made += [_file(f"1{drive}{n:02}", f"{name} {n:02}", FOLDER, [drive], drive) for n in range(1, 21)]
    return made


def _odd() -> list[dict[str, Any]]:
    document, sheet, form = f"{NATIVE}document", f"{NATIVE}spreadsheet", f"{NATIVE}form"
    return [
        _file("1doc", "Plan", document, [ROOT], size=1024, body=b"%PDF-1.7 plan"),
        _file("1sheet", "Budget / 2026", sheet, [ROOT], size=2048, body=b"PK\x03\x04 budget"),
        _file("1huge", "Yearbook", document, [ROOT], size=1, body=b"%PDF-1.7 yearbook",
              refuses="exportSizeLimitExceeded"),
        _file("1form", "Survey", form, [ROOT], body=b"", refuses="fileNotExportable"),
        _file("1brandnew", "Something new", f"{NATIVE}brandnew", [ROOT], body=b"", refuses="fileNotExportable"),
        _file("1short", "Plan (shortcut)", SHORTCUT, ["1folder001"],
              shortcutDetails={"targetId": "1doc", "targetMimeType": document}),
        _file("1dangling", "Gone (shortcut)", SHORTCUT, ["1folder001"],
              shortcutDetails={"targetId": "1nowhere", "targetMimeType": "image/png"}),
        _file("1cycle", "Up (shortcut)", SHORTCUT, ["1folder001"],
              shortcutDetails={"targetId": "1folder001", "targetMimeType": FOLDER}),
    ]  # fmt: skip


STANDING: Mapping[str, Mapping[str, Any]] = {file["id"]: file for file in (*_folders(), *_odd())}
"""Everything but the tops of the drives, which no listing tells."""
TOPS: Mapping[str, Mapping[str, Any]] = {
    ROOT: _file(ROOT, "My Drive", FOLDER, []),
    **{drive: _file(drive, "Drive", FOLDER, [], drive) for drive in DRIVES},
}
