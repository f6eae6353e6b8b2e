"""Forms that a manifest asks for: a field for each setting and secret, what was typed in, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from flask import request

from connectors.sdk.manifest import Auth, AuthField, Manifest

if TYPE_CHECKING:
    from hub.errors import HubError


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a form."""

    name: str
    label: str
    type: str
    hint: str
    required: bool
    value: str = ""
    choices: Sequence[str] = ()
    shown: bool = False  # its value may stand in the page although it is a secret: a sandbox's
    wrong: str = ""  # what is wrong with what was typed in
    fixed: str = ""  # why nobody can change it


def auth_named(manifest: Manifest, name: str) -> Auth:
    """Return a way to connect by its name; the first of them for any other."""
    return next((auth for auth in manifest.auths if auth.name == name), manifest.auths[0])


def setting_fields(manifest: Manifest, values: Mapping[str, Any]) -> list[Asked]:
    """Return a field for each setting of a connector; what has no value yet has its default."""
    required = set(manifest.settings.model_json_schema().get("required", []))
    return [
        Asked(
            name, label_of(name, about),
            {"integer": "number", "boolean": "checkbox"}.get(about.get("type", ""), "text"),
            _sentence(about.get("description", "").replace("`", "")), name in required,
            written(values.get(name, about.get("default"))), about.get("enum", []),
        )
        for name, about in _properties(manifest).items()
    ]  # fmt: skip


def secret_fields(auth: Auth, typed: Mapping[str, str] | None = None) -> list[Asked]:
    """Return a field for each thing that a way to connect asks for; secrets that were typed in are typed anew."""
    given = typed or {}
    return [
        Asked(field.name, field.label, _input_type(field), field.hint, not field.optional,
              "" if field.secret else given.get(field.name, ""))
        for field in auth.fields
    ]  # fmt: skip


def typed_settings(manifest: Manifest, *, emptied: bool = False) -> dict[str, Any]:
    """Return the settings that were typed in; a list is written with commas. `emptied`: empty fields count, too."""
    found: dict[str, Any] = {}
    for name, about in _properties(manifest).items():
        texts = request.form.getlist(name)  # a box that is not ticked sends its "false" alone
        if not texts or not (texts[-1].strip() or emptied):
            continue
        text = texts[-1].strip()
        listed = about.get("type") == "array"
        found[name] = [part.strip() for part in text.split(",") if part.strip()] if listed else text
    return found


def typed_secrets(auth: Auth) -> dict[str, str]:
    """Return what was typed in for a way to connect."""
    return {field.name: request.form[field.name] for field in auth.fields if request.form.get(field.name)}


def with_error(fields: Sequence[Asked], error: HubError | None) -> tuple[list[Asked], bool]:
    """Return the fields, the one that an error is about with what is wrong; and whether there was one."""
    about = error.where.partition(".")[0] if error else ""
    marked = [replace(one, wrong=error.what) if error and one.name == about else one for one in fields]
    return marked, any(one.wrong for one in marked)


def label_of(name: str, about: Mapping[str, Any]) -> str:
    """Return what a setting is called in forms."""
    return _sentence(about.get("title", name).replace("_", " "))


def written(value: Any) -> str:
    """Return a setting as a person would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in cast("Sequence[object]", value))
    return "" if value is None else str(value)


def _properties(manifest: Manifest) -> dict[str, dict[str, Any]]:
    return manifest.settings.model_json_schema().get("properties", {})


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _input_type(field: AuthField) -> str:
    # A password field would drop the line breaks of a pasted file.
    return "lines" if field.lines else "password" if field.secret else "text"
