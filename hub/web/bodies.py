"""What is checked of a request before anything reads it: type, size, depth and text of its body and its address."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

from hub.errors import Invalid, TooLarge, Unsupported

JSON_LIMIT: Final = 1024 * 1024
JSON_DEPTH: Final = 24
FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""One that never ends reaches to the end: were it no match, a body of quotes would be searched from each of them."""
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_NOT_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


def install(app: Flask) -> None:
    """Check every request before its view runs."""

    def check() -> None:
        _check_text(request.path, "path")
        for name, value in request.args.items(multi=True):
            _check_text(name + value, f"query: {name}")
        if request.path.startswith("/api/") and request.method in WRITES:
            check_body()

    app.before_request(check)


def check_body() -> None:
    """Refuse a body of the wrong type, a JSON body that is too large, too deep, or not JSON at all."""
    if request.endpoint and request.endpoint.endswith(("upload_asset", "upload_version")):
        if request.mimetype != "application/octet-stream":
            _wrong_type("application/octet-stream")
        return
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        return
    if request.mimetype != "application/json":
        _wrong_type("application/json")
    read_json(read_bounded(JSON_LIMIT))


def read_bounded(limit: int) -> bytes:
    """Return a body of up to `limit` bytes. One that does not say how long it is, is read no further than that.

    Raises:
        TooLarge: `too_large`.
    """
    # Where a server ends the stream itself, werkzeug cuts it at the limit without a word: so one byte more is let in.
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise _too_large(limit) from error
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        "too_large", f"What is sent here may have up to {limit} bytes. Nothing was done.", where="body",
        next_step="Send less at once.",
    )  # fmt: skip


def read_json(raw: bytes) -> Any:
    """Return what a JSON body says, or refuse it with a stable code."""
    if _depth(raw) > JSON_DEPTH:
        raise Invalid(
            "json_too_deep", f"The body nests deeper than {JSON_DEPTH} levels.", where="body",
            next_step="Send it flatter.",
        )  # fmt: skip
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "bad_json", "The body is not JSON that this hub reads.", where="body",
            next_step="Send UTF-8 JSON without NaN, Infinity or lone surrogates.",
        ) from error  # fmt: skip
    if _NUL.search(text):
        raise _bad_text("body")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of two values under one name, readers disagree which one counts."""
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Invalid(
            "duplicate_name", "The body names something twice. Nothing was done.", where=name[:64],
            next_step="Send each name once.",
        )  # fmt: skip
    return value


def _depth(raw: bytes) -> int:
    """Return how deep brackets nest outside of strings, without parsing."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _check_text(text: str, where: str) -> None:
    if _NOT_TEXT.search(text):
        raise _bad_text(where)


def _bad_text(where: str) -> Invalid:
    return Invalid(
        "bad_text", "The request holds a character that no text has.", where=where, next_step="Leave it out."
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _wrong_type(wanted: str) -> NoReturn:
    raise Unsupported(
        "wrong_content_type", f"This address takes {wanted}.", where="Content-Type", next_step=f"Send {wanted}."
    )
