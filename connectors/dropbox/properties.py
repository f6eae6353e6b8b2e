"""What is kept with a file besides its bytes: a property group, which holds the fields and says which bytes are ours.

The group's own field names the marker, the content key, and the hash that Dropbox has of those bytes. A key is believed
only while that hash is the file's: bytes that somebody put there by hand are told as what they are.
https://www.dropbox.com/developers/documentation/http/documentation#file_properties
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.dropbox.types import Group
from connectors.sdk.types import Fields, JsonValue

TEMPLATE = "damhub"
OURS = "damhub"
TEXTS = ("title", "alt_text", "creator", "credit", "copyright")
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """The texts of our group, by name; empty ones are not kept."""

    texts: Mapping[str, str]

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Held:
        """Find our group among those of a file."""
        for group in groups:
            texts = {field.name: field.value for field in group.fields}
            if OURS in texts:
                return cls(texts)
        return cls({})

    @property
    def fields(self) -> Fields:
        """The mapped fields; those that are not kept are empty."""
        fields: dict[str, JsonValue] = {name: self.texts.get(name, "") for name in TEXTS}
        return fields

    @property
    def marker(self) -> str | None:
        """The marker, which outlives a change of the file's name."""
        return self._ours()[0] or None

    def content_key(self, content_hash: str) -> str:
        """Return the name of the bytes that stand there; where they are not ours, the beginning of their hash."""
        _, key, known = self._ours()
        return key if known and known == content_hash else content_hash[:12]

    def saying(self, fields: Fields) -> Held:
        """Return this with other values in these fields."""
        return replace(self, texts={**self.texts, **{name: str(value or "") for name, value in fields.items()}})

    def marked(self, marker: str, key: str, content_hash: str) -> Held:
        """Return this for other bytes."""
        return replace(self, texts={**self.texts, OURS: f"{marker} {key} {content_hash}"})

    def group(self, template_id: str) -> dict[str, Any]:
        """Return what Dropbox is to keep."""
        texts = {name: self.texts.get(name, "") for name in (*TEXTS, OURS)}
        fields = [{"name": name, "value": value} for name, value in texts.items() if value or name == OURS]
        return {"template_id": template_id, "fields": fields}

    def _ours(self) -> tuple[str, str, str]:
        parts = self.texts.get(OURS, "").split(" ")
        return (parts[0], parts[1], parts[2]) if len(parts) == _PARTS else ("", "", "")


def template() -> dict[str, Any]:
    """Return the template that groups are made from."""
    kept = {**dict.fromkeys(TEXTS, "What the approved asset says."), OURS: "Which copy of which asset this is."}
    fields = [{"name": name, "description": text, "type": "string"} for name, text in kept.items()]
    return {"name": TEMPLATE, "description": "Kept by damhub with each file that it puts here.", "fields": fields}
