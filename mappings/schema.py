"""The JSON schema of a mapping spec, for editors: names are completed and mistakes shown while a spec is written.

python -m mappings.schema     writes mappings/specs/schema.json anew

A spec names it in its first line: `# yaml-language-server: $schema=schema.json`.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from mappings.document import CORE_FIELDS, TRANSLATED_FIELDS
from mappings.spec import DOCUMENT_FIELDS, LIST_FIELDS, MappingSpec
from mappings.transforms import TRANSFORMS

FILE: Final = "schema.json"
TAG: Final = r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"
_SAYS: Final = {
    "spec": "The version of this format: 1.",
    "connector": "The connector's name, as its folder is called.",
    "notes": "What a person should know about this channel's fields.",
    "fields": "Which field of an asset stands where.",
    "field": "A field of the asset document; or else `expression`.",
    "expression": "A JMESPath expression over the asset document; it only goes out.",
    "remote": "Where it stands in the channel's fields; dots step into objects.",
    "owner": "Who may change it: the hub, the channel after the first time, or both by a three-way merge.",
    "transforms": "Applied in this order on the way out and backwards on the way in.",
    "required_for": "Kinds of file for which nothing is sent while this field is empty.",
    "languages": "Tags of the languages that are tried in this order, such as de or pt-BR, instead of the place's own.",
    "fallback": "Whether the catalogue's own language stands in where there is no text in these.",
    "max_length": "The most characters that the channel takes; a longer text is cut and reported.",
    "max_count": "The most values of a list that the channel takes; those behind them are left out and reported.",
}


def schema() -> dict[str, Any]:
    """Return the schema of a whole spec, draft 2020-12, with every known name in it."""
    made = MappingSpec.model_json_schema()
    one: dict[str, Any] = made["$defs"]["FieldSpec"]
    for name, about in (*made["properties"].items(), *one["properties"].items()):
        about["description"] = _SAYS[name]
    one["properties"]["field"] |= {"enum": list(DOCUMENT_FIELDS)}
    one["properties"]["field"].pop("default", None)
    one["properties"]["expression"].pop("default", None)
    one["properties"]["transforms"]["items"] = {
        "anyOf": [{"const": each.name, "description": each.summary} for each in TRANSFORMS.values()]
    }
    one["oneOf"] = [{"required": ["field"]}, {"required": ["expression"]}]
    one["if"] = {"properties": {"owner": {"enum": ["channel", "both"]}}, "required": ["owner"]}
    two_way = [{"const": each.name} for each in TRANSFORMS.values() if each.pull is not None]
    one["then"] = {
        "required": ["field"],
        "properties": {"field": {"enum": list(CORE_FIELDS)}, "transforms": {"items": {"anyOf": two_way}}},
    }
    one["properties"]["languages"]["items"] |= {"pattern": TAG}
    one["allOf"] = [
        {
            "if": {"properties": said, "required": ["field", *said]},
            "then": {"properties": {"field": {"enum": list(fitting)}}},
        }
        for said, fitting in (
            ({"languages": {"minItems": 1}}, TRANSLATED_FIELDS),
            ({"fallback": {"const": False}}, TRANSLATED_FIELDS),
            ({"max_count": {"type": "integer"}}, LIST_FIELDS),
        )
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "damhub-mapping-spec-1", **made}


def main() -> None:
    """Write the file."""
    path = Path(cast("Path", resources.files("mappings.specs").joinpath(FILE)))
    path.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
