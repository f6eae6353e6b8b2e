"""Headers of every answer: what a browser may do with our pages, and what caches may keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Flask, g, request

from hub.db.base import new_id

if TYPE_CHECKING:
    from flask import Response

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types damhub lit-html"
)
FIXED: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"


def install(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer; an answer that carries stricter ones keeps them."""

    def number_request() -> None:
        g.request_id = new_id()

    def put(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint == "static":
            response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") else "no-cache"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.before_request(number_request)
    app.after_request(put)
