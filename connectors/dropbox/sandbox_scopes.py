"""Which scopes Dropbox's routes need, as its interface's definition says, and how a call that lacks one is refused."""

from __future__ import annotations

from flask import Response

from connectors.dropbox.sandbox_answers import refuse
from connectors.testing.scopes import Needs, Scopes

ROUTES = {
    "users/get_current_account": "account_info.read", "users/get_space_usage": "account_info.read",
    "files/get_metadata": "files.metadata.read", "files/list_folder": "files.metadata.read",
    "files/list_folder/*": "files.metadata.read",
    "files/download": "files.content.read", "files/export": "files.content.read",
    "files/upload": "files.content.write", "files/upload_session/*": "files.content.write",
    "files/delete_v2": "files.content.write",
    "file_properties/templates/add_for_user": "files.metadata.write",
    "file_properties/templates/*": "files.metadata.read",
    "file_properties/properties/*": "files.metadata.write",
    "sharing/list_shared_links": "sharing.read",
    "sharing/list_folder_members": "sharing.read", "sharing/list_folder_members/*": "sharing.read",
}  # fmt: skip


def scopes() -> Scopes:
    """Return them."""
    return Scopes("account", [Needs("GET POST", f"/2/{path}", (scope,)) for path, scope in ROUTES.items()], _refuse)


def _refuse(scope: str) -> Response:
    """Refuse with 401, though the token is good."""
    return refuse("missing_scope", status=401, required_scope=scope)
