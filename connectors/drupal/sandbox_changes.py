"""What a document that is sent to the made-up Drupal asks for, and what Drupal makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from flask import request

from connectors.drupal.sandbox_documents import JSONAPI, NO_FORMAT, Refusal

if TYPE_CHECKING:
    from connectors.drupal.sandbox_files import Files


class Effect(Protocol):
    """A line of the ledger."""

    @property
    def ref(self) -> str:
        """What it is about."""
        ...

    @property
    def target(self) -> str:
        """Where that stands."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is different since."""
        ...


WRITABLE: Final = frozenset({"name", "status", "revision_log_message", "field_rights", "langcode"})
CALLED: Final = {"revision_log_message": "log", "field_rights": "rights"}
LONGEST: Final = 255


def typed() -> None:
    """Refuse other types of content."""
    if request.mimetype != JSONAPI:
        raise Refusal(415, NO_FORMAT.format(kind=request.mimetype))


def document() -> dict[str, Any]:
    """Return what stands in `data`."""
    try:
        body: Any = json.loads(request.get_data())
    except ValueError:
        raise Refusal(400, "Syntax error") from None
    data: Any = cast("dict[str, Any]", body).get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not cast("dict[str, Any]", data).get("type"):
        raise Refusal(400, 'Resource object must include a "type".')
    return cast("dict[str, Any]", data)


def shown_in(data: Mapping[str, Any], field: str, files: Files) -> dict[str, Any] | None:
    """Return the file that a document shows, and what stands beside it."""
    relationships: dict[str, Any] = data.get("relationships", {})
    for name in relationships:
        if name != field:
            raise Refusal(422, f"The relationship {name} does not exist on the {data['type']} resource type.")
    shown: dict[str, Any] | None = relationships.get(field, {}).get("data")
    if shown and shown["id"] not in files.all:
        raise Refusal(404, f"The resource identified by `file--file:{shown['id']}` could not be found.")
    return shown


def changes_in(
    facts: Mapping[str, Any], data: Mapping[str, Any], shown: Mapping[str, Any] | None, files: Files
) -> dict[str, Any]:
    """Return what a document changes; what is not said beside a file is emptied."""
    sent: dict[str, Any] = dict(data.get("attributes", {}))
    for name in sent:
        if name not in WRITABLE:
            raise Refusal(422, f"The attribute {name} does not exist on the {data['type']} resource type.")
    if len(str(sent.get("name") or "")) > LONGEST:
        raise Refusal(422, "name: Name: may not be longer than 255 characters.", pointer="/data/attributes/name")
    changes = {CALLED.get(name, name): value for name, value in sent.items()}
    if not shown:
        return changes
    file = files.all[shown["id"]]
    file.kept = True
    beside: Mapping[str, Any] = shown.get("meta", {})
    names = ("alt", "title") if facts["image"] else ("description",)
    changes |= {name: beside.get(name) for name in names}
    return {**changes, "file": file.uuid, "filename": file.name, "sha256": file.sha256, "size": len(file.data)}


def at_version(effects: Iterable[Effect], ref: str, version: str) -> dict[str, Any]:
    """Return what a revision held. Files have none: one that was deleted is missing in every revision."""
    facts: dict[str, Any] = {}
    for effect in effects:
        if effect.ref == ref:
            facts.update({"target": effect.target, **effect.facts})
            if f"id:{facts['vid']}" == version:
                return facts
    raise Refusal(404, f"The requested version, identified by `{version}`, could not be found.")
