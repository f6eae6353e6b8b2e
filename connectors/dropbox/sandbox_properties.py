"""Templates and property groups of the made-up Dropbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from connectors.dropbox.sandbox_answers import answer, arguments, refuse, tagged

MOST_FIELDS, MOST_BYTES = 32, 1024


class Templates:
    """What this app may keep with files."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def told(self) -> Response:
        """Tell the ids."""
        return answer({"template_ids": list(self.known)})

    def one(self) -> Response:
        """Tell how one is made, but not its id."""
        known = self.known.get(arguments()["template_id"])
        return answer(known) if known else refuse("template_not_found")

    def add(self) -> Response:
        """Make one."""
        sent = arguments()
        if len(sent["fields"]) > MOST_FIELDS:
            return refuse("too_many_properties")
        made = f"ptid:{hashlib.sha256(sent['name'].encode()).hexdigest()[:22]}"
        self.known[made] = {**sent, "fields": [{**one, "type": tagged(one["type"])} for one in sent["fields"]]}
        return answer({"template_id": made})

    def wrong(self, groups: Sequence[Mapping[str, Any]]) -> str:
        """Say what is wrong with groups; empty when they fit."""
        for group in groups:
            if group["template_id"] not in self.known:
                return "template_not_found"
            names = {field["name"] for field in self.known[group["template_id"]]["fields"]}
            if not {field["name"] for field in group["fields"]} <= names:
                return "does_not_fit_template"
            if any(len(field["value"].encode()) > MOST_BYTES for field in group["fields"]):
                return "property_field_too_large"
        return ""
