"""Dropbox's shapes, as its sandbox tells them; the forms are those of recorded answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sdk.marker import marker_in
from connectors.testing.sandbox import Standing

ACCOUNT = "dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"
HOME, TEAM = "3235641", "84528192421"
WHEN = "2026-05-04T06:30:00Z"


def me(root: str) -> dict[str, Any]:
    """Return who is connected."""
    name = {"given_name": "Press", "surname": "Desk", "familiar_name": "Press", "display_name": "Press Desk"}
    info = {".tag": "team" if root == TEAM else "user", "root_namespace_id": root, "home_namespace_id": HOME}
    kind = {".tag": "business" if root == TEAM else "basic"}
    return {
        "account_id": ACCOUNT, "name": name, "email": "press@sandbox.example", "email_verified": True,
        "disabled": False, "locale": "en", "account_type": kind, "root_info": info,
    }  # fmt: skip


def space(*, team: bool) -> dict[str, Any]:
    """Return how much space is used."""
    ours = 1_288_490_189
    if not team:
        return {"used": ours, "allocation": {".tag": "individual", "allocated": 2 << 30}}
    shared = {
        ".tag": "team", "used": 3 << 40, "allocated": 9 << 40, "user_within_team_space_allocated": 0,
        "user_within_team_space_limit_type": {".tag": "off"}, "user_within_team_space_used_cached": ours,
    }  # fmt: skip
    return {"used": ours, "allocation": shared}


def folder_shape(ref: str, path: str) -> dict[str, Any]:
    """Return a folder."""
    return {
        ".tag": "folder", "name": path.rpartition("/")[2], "id": ref, "path_lower": path.lower(), "path_display": path,
    }  # fmt: skip


def file_shape(ref: str, path: str, facts: Mapping[str, Any], templates: list[str]) -> dict[str, Any]:
    """Return a file, with the groups that were asked for."""
    groups = [{"template_id": one, "fields": fields} for one, fields in facts["groups"].items() if one in templates]
    shape = {
        ".tag": "file", "name": facts["name"], "id": ref, "path_lower": path.lower(), "path_display": path,
        "client_modified": WHEN, "server_modified": WHEN, "rev": facts["rev"], "size": facts["size"],
        "content_hash": facts["content_hash"], "is_downloadable": not facts["document"],
    }  # fmt: skip
    return {**shape, "property_groups": groups} if groups else shape


def deleted(path: str) -> dict[str, Any]:
    """Return what a feed tells of something that is gone: its path, and no id."""
    return {".tag": "deleted", "name": path.rpartition("/")[2], "path_lower": path.lower(), "path_display": path}


def link_shape(url: str, folder: str = "") -> dict[str, Any]:
    """Return a link that anybody can open, to a file or to a folder of this name."""
    permissions = {"resolved_visibility": {".tag": "public"}, "can_revoke": True}
    tag = "folder" if folder else "file"
    return {".tag": tag, "url": url, "name": folder or "A link", "id": url[-20:], "link_permissions": permissions}


def held(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of all groups of a file."""
    return {one["name"]: one["value"] for fields in facts["groups"].values() for one in fields}


def standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    """Return a copy as it is in truth."""
    texts = held(facts)
    marker, key, known = (*texts.get("damhub", "").split(" "), "", "", "")[:3]
    fields = {name: texts.get(name, "") for name in ("title", "alt_text", "creator", "credit", "copyright")}
    fits = known == facts["content_hash"]
    found = marker_in(facts["name"]) or marker or None
    return Standing(ref, target, found, key if fits else None, fields, facts["sha256"])
