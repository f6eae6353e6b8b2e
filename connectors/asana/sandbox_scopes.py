"""Which scopes Asana's calls need, as its OpenAPI document says ("Required scope"), and how one is refused without.

The document names no scope for events and for a project's sections. It says 403 for what a token may not do; the
sentence is made up.
"""

from __future__ import annotations

from flask import Response

from connectors.asana.sandbox_answers import says
from connectors.testing.scopes import Needs, Scopes

API = "/api/1.0"
NEEDS = (
    ("GET", "/users/*", "users:read"), ("GET", "/workspaces/*/tags", "tags:read"),
    ("GET", "/workspaces", "workspaces:read"), ("GET", "/projects", "projects:read"),
    ("GET", "/projects/*/custom_field_settings", "projects:read"), ("PUT", "/tasks/*", "tasks:write"),
    ("POST", "/tasks/*/stories", "stories:write"), ("GET", "/tasks*", "tasks:read"),
    ("GET", "/attachments*", "attachments:read"), ("POST", "/attachments", "attachments:write"),
    ("DELETE", "/attachments/*", "attachments:delete"), ("GET", "/webhooks*", "webhooks:read"),
    ("POST", "/webhooks", "webhooks:write"), ("DELETE", "/webhooks/*", "webhooks:delete"),
)  # fmt: skip


def scopes(way: str) -> Scopes:
    """Return them."""
    return Scopes(way, [Needs(method, API + path, (scope,)) for method, path, scope in NEEDS], _refuse)


def _refuse(scope: str) -> Response:
    return says(403, f"Forbidden: this token was not granted {scope}.")
