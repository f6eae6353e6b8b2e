"""Upload sessions of the made-up Dropbox: pieces in their order, each kept whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from connectors.dropbox.sandbox_answers import CHUNK, Intake, answer, arguments, received

Refusal = tuple[str, dict[str, Any]]


class Sessions:
    """Uploads in pieces that are not finished."""

    def __init__(self) -> None:
        self.open: dict[str, Intake] = {}

    def start(self) -> Response:
        """Begin one, with bytes or without."""
        session = f"pid_upload_session:{secrets.token_hex(12)}"
        self.open[session] = received()
        return answer({"session_id": session})

    def take(self) -> Refusal | None:
        """Take the next piece; return what is wrong with it."""
        sent = arguments()
        cursor: Mapping[str, Any] = sent["cursor"]
        intake = self.open.get(cursor["session_id"])
        if intake is None:
            return "not_found", {}
        if cursor["offset"] != intake.size:
            return "incorrect_offset", {"correct_offset": intake.size}
        whole, alone = intake.copy(), Intake()
        while chunk := request.stream.read(CHUNK):
            whole.take(chunk)
            alone.take(chunk)
        if sent.get("content_hash", alone.content_hash) != alone.content_hash:
            return "content_hash_mismatch", {}
        self.open[cursor["session_id"]] = whole
        return None
