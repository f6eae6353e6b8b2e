"""How the made-up Drive exports documents: by a call that has a limit, and at an address for people that has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from connectors.google_drive.sandbox_answers import Refused
from connectors.google_drive.types import PDF

DOWNLOADS = "/feeds/download/documents/export/Export"
FORMATS: Mapping[str, str] = {"pdf": PDF, "txt": "text/plain"}


def links(origin: str, ref: str, file: Mapping[str, Any]) -> dict[str, Any]:
    """Return where people get a document's exports; what has none has no links."""
    if not file.get("body"):
        return {}
    return {
        "exportLinks": {kind: f"{origin}{DOWNLOADS}?id={ref}&exportFormat={name}" for name, kind in FORMATS.items()}
    }


def export(file: Mapping[str, Any]) -> Response:
    """Answer the call."""
    if "body" not in file:
        raise Refused(403, "fileNotExportable", "Export only supports Docs Editors files.")
    if file.get("refuses"):
        raise Refused(403, file["refuses"], "This file is too large to be exported.")
    return Response(file["body"], content_type=request.args["mimeType"])


def download(file: Mapping[str, Any], *, browsers: bool) -> Response:
    """Answer at the address for people, which may want a browser."""
    if browsers:
        return Response("<html>Sign in</html>", content_type="text/html; charset=utf-8")
    return Response(file["body"], content_type=FORMATS[request.args["exportFormat"]])
