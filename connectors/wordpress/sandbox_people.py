"""The page of the made-up WordPress where a person makes an application password for a program."""

from __future__ import annotations

import html
import re
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid5

from flask import Response, jsonify, request

from connectors.wordpress.sandbox_library import Refusal

if TYPE_CHECKING:
    from connectors.wordpress.sandbox import WordPressSandbox

PAGE = "/wp-admin/authorize-application.php"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def authorize(site: WordPressSandbox) -> Response:
    """Ask the administrator, who is signed in there; POST with `approve` or `reject` is their answer."""
    asked = {name: request.values.get(name, "") for name in ("app_name", "app_id", "success_url", "reject_url")}
    if not UUID.fullmatch(asked["app_id"]) or not asked["success_url"].startswith(("http://127.0.0.1", "https://")):
        return _page("The Authorize Application request is not allowed.", HTTPStatus.INTERNAL_SERVER_ERROR)
    if request.method == "GET":
        kept = "".join(f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">' for name in asked)
        return _page(f'<form method="post">{kept}<button name="approve">Yes</button></form>', HTTPStatus.OK)
    if "approve" not in request.form:
        return _on(asked["reject_url"])
    password = secrets.token_hex(12)
    site.passwords.add(password)
    origin = request.url_root.rstrip("/")
    brought = urlencode({"site_url": origin, "user_login": site.secrets["username"], "password": password})
    return _on(f"{asked['success_url']}{'&' if '?' in asked['success_url'] else '?'}{brought}")


def introspect(site: WordPressSandbox, password: str) -> Response:
    """Say which application password the call was made with."""
    known = {"uuid": uuid_of(password), "app_id": "", "name": "damhub", "last_ip": "127.0.0.1"}
    return jsonify(known) if password in site.passwords else jsonify({**known, "name": "by hand"})


def forget(site: WordPressSandbox, uuid: str) -> Response:
    """Take an application password back."""
    found = [one for one in site.passwords if uuid_of(one) == uuid]
    if not found:
        raise Refusal("rest_application_password_not_found", "Application password not found.", HTTPStatus.NOT_FOUND)
    site.passwords.discard(found[0])
    return jsonify({"deleted": True, "previous": {"uuid": uuid}})


def uuid_of(password: str) -> str:
    """Return the number under which a site knows a password."""
    return str(uuid5(NAMESPACE_OID, password))


def _page(text: str, status: int) -> Response:
    return Response(f"<!doctype html><title>Authorize Application</title>{text}", status, content_type="text/html")


def _on(address: str) -> Response:
    return Response("", HTTPStatus.FOUND, {"Location": address})
