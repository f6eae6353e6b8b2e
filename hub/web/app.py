"""The Flask application: pages for people, an API for programs, hooks for remotes. It decides nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify

from hub.web import bodies, headers, idempotency, identity, problems
from hub.web import hooks as hooks_door
from hub.web.api import BLUEPRINTS
from hub.web.api.documents import SECURITY_SCHEMES, finish
from hub.web.described import describe, new_app
from hub.web.services import KEY, Services
from hub.web.ui import install as install_pages

if TYPE_CHECKING:
    from hub.settings import Settings


def create_app(services: Services) -> Flask:
    """Return the application for one hub."""
    app = new_app(
        "damhub", "Every copy of every asset, kept true and proven.",
        security_schemes=SECURITY_SCHEMES, problem=problems.Problem, refuse=problems.refused,
    )  # fmt: skip
    _configure(app, services.settings)
    app.extensions[KEY] = services
    headers.install(app, secure=services.settings.secure_cookies)
    bodies.install(app)
    identity.install(app)
    idempotency.install(app)
    problems.install(app)
    app.after_request(identity.keep_form_nonce)
    described = describe(app, BLUEPRINTS)
    app.register_blueprint(hooks_door.hooks)
    install_pages(app)
    document = finish(described)

    def openapi_document() -> Response:
        return jsonify(document)

    app.add_url_rule("/api/openapi.json", "openapi_document", openapi_document)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = 1024 * 1024
    app.config["MAX_FORM_PARTS"] = 200
    app.config["JSON_SORT_KEYS"] = False
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
