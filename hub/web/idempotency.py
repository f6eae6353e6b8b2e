"""The same key gives the same answer: a repeated POST is carried out once (RFC draft "Idempotency-Key")."""

from __future__ import annotations

import hashlib
import io
import json
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Final, cast

from flask import Flask, Response, g, request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from hub.clock import DAY
from hub.errors import Conflict, Invalid
from hub.web.identity import caller
from hub.web.models import IdempotentAnswer
from hub.web.services import services

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255
KEPT_MS: Final = DAY
STREAMED: Final = "application/octet-stream"
CHUNK: Final = 256 * 1024
FIRST_FAILURE: Final = 400
PURPOSE: Final = "idempotent-answer"
NOT_CARRIED_OUT: Final = frozenset({400, 401, 403, 413, 415, 422, 429})
"""Answers that say nothing was begun: the key stays free."""


def install(app: Flask) -> None:
    """Watch for keys on every POST of the API."""
    app.before_request(_before)
    app.after_request(_after)


def incoming() -> IO[bytes]:
    """Return the request's body as a stream; views read it here, so that its digest is known."""
    stream: _Hashed | None = g.get("idempotency_stream")
    return cast("IO[bytes]", stream) if stream is not None else request.stream


def _before() -> Response | HTTPException | None:
    key, actor = request.headers.get(HEADER), caller().actor
    if key is None or request.method != "POST" or not request.path.startswith("/api/") or actor is None:
        return None
    if not 1 <= len(key) <= LONGEST or not key.isprintable():
        raise Invalid("bad_idempotency_key", "A key has 1 to 255 printable characters.", where=HEADER,
                      next_step="Send a random key, such as a UUID.")  # fmt: skip
    stream = _Hashed(request.stream) if request.mimetype == STREAMED else None
    asked = _request_hash(actor.scopes)
    known = _claim(actor.id, key, asked)
    if known is None:
        g.idempotency = (actor.id, key)
        g.idempotency_stream = stream
        return None
    if stream is not None and known.status is not None:
        asked = _with_body(asked, stream.to_the_end())
    if known.status is not None and known.request_hash != asked:
        raise Conflict("key_used_otherwise", "This key was used for another request.", where=HEADER,
                       next_step="Use a new key for each request.")  # fmt: skip
    if known.status is None:
        raise Conflict("still_at_work", "The first request with this key has not been answered.", where=HEADER,
                       next_step="Ask for the thing itself, or wait.")  # fmt: skip
    body = services().keyring.open(known.body, purpose=PURPOSE) if known.body else ""
    response = Response(body, status=known.status, headers=dict(known.headers))
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _claim(user_id: str, key: str, asked: str) -> IdempotentAnswer | None:
    """Return the known answer of a key, or take the key for this request."""
    now = services().clock.now()
    try:
        with services().database.unit() as session:
            known = session.get(IdempotentAnswer, (user_id, key))
            if known is not None and known.at > now - KEPT_MS:
                return known
            if known is not None:
                session.delete(known)
                session.flush()
            session.add(
                IdempotentAnswer(user_id=user_id, key=key, request_hash=asked, status=None, headers={}, body="", at=now)
            )
    except IntegrityError as error:
        raise Conflict("still_at_work", "The first request with this key has not been answered.", where=HEADER,
                       next_step="Ask for the thing itself, or wait.") from error  # fmt: skip
    return None


def _after(response: Response) -> Response:
    claimed: tuple[str, str] | None = g.pop("idempotency", None)
    if claimed is None:
        return response
    failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code in NOT_CARRIED_OUT
    stream: _Hashed | None = g.pop("idempotency_stream", None)
    # Of a stream that was not read to its end it cannot be said later whether the same one comes again.
    kept = not failed and not response.is_streamed and (stream is None or response.status_code < FIRST_FAILURE)
    with services().database.unit() as session:
        if not kept:
            user_id, key = claimed
            mine = (IdempotentAnswer.user_id == user_id, IdempotentAnswer.key == key)
            session.execute(delete(IdempotentAnswer).where(*mine))
            return response
        row = session.get_one(IdempotentAnswer, claimed)
        text = response.get_data(as_text=True)
        row.status = response.status_code
        if stream is not None:
            row.request_hash = _with_body(row.request_hash, stream.hexdigest())
        row.headers = {name: value for name, value in response.headers if name in {"Content-Type", "Location", "ETag"}}
        row.body = services().keyring.seal(text, purpose=PURPOSE) if text else ""
    return response


def _request_hash(scopes: frozenset[str] | None) -> str:
    """Return what tells requests apart; the body of a stream is added when it has been read."""
    body = "" if request.mimetype == STREAMED else hashlib.sha256(request.get_data(cache=True)).hexdigest()
    # An answer that a wide session was given is not for a narrow token of the same person.
    power = None if scopes is None else sorted(scopes)
    parts = [request.method, request.full_path, body, request.content_length, power]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _with_body(asked: str, digest: str) -> str:
    return hashlib.sha256(f"{asked} {digest}".encode()).hexdigest()


class _Hashed(io.RawIOBase):
    """A request's stream that knows the digest of what was read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._digest.update(piece)
        return piece

    def to_the_end(self) -> str:
        """Read what is left and return the digest of all of it."""
        while self.read(CHUNK):
            pass
        return self.hexdigest()

    def hexdigest(self) -> str:
        """Return the digest of what was read so far."""
        return self._digest.hexdigest()
