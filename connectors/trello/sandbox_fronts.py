"""What stands on the front of the made-up Trello's cards: the list, covers, labels, custom fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from connectors.trello.sandbox_answers import NOT_FOUND, says

if TYPE_CHECKING:
    from flask import Flask

TEXT, NUMBER, LABEL = "63da6e4df46172832ddbde14", "63da6e4df46172832ddbde15", "63d128782f36f2348afaf01d"
LONGEST_TEXT = 255
LISTS = ("To do", "Design", "Done")


def front() -> dict[str, Any]:
    """Return an empty front."""
    cover = {"idAttachment": None, "color": None, "idUploadedBackground": None, "size": "normal", "brightness": "dark"}
    said: dict[str, Any] = {"desc": "", "list": 0, "due_complete": False}
    return {"closed": False, "labels": [], "fields": {}, "cover": cover, **said}


def list_of(board: str, number: int) -> str:
    """Return the id of one of a board's lists."""
    return f"f{number}{board[2:]}"


class Fronts:
    """Serves them. Boards have fields and labels only where somebody made them."""

    def __init__(self, app: Flask, cards: dict[str, dict[str, Any]]) -> None:
        self._cards = cards
        self.fields: dict[str, list[dict[str, Any]]] = {}
        self.labels: dict[str, list[dict[str, Any]]] = {}
        for method, path, act in (
            ("GET", "/1/boards/<board>/lists", self._list_lists),
            ("GET", "/1/boards/<board>/customFields", self._list_fields),
            ("GET", "/1/boards/<board>/labels", self._list_labels),
            ("PUT", "/1/cards/<card>", self._change),
            ("PUT", "/1/cards/<card>/customField/<field>/item", self._fill),
            ("POST", "/1/cards/<card>/idLabels", self._mark),
        ):  # fmt: skip
            app.add_url_rule(path, endpoint=f"{method} {path}", view_func=act, methods=[method])

    def furnish(self, board: str, *, field: str = "", label: str = "") -> None:
        """Let somebody make a text field and a label on a board, beside others."""
        if field:
            kinds = ((NUMBER, field, "number"), (TEXT, field, "text"))
            self.fields[board] = [{"id": ref, "name": name, "type": kind, "options": []} for ref, name, kind in kinds]
        if label:
            names = (("63d128782f36f2348afaf022", ""), (LABEL, label))
            self.labels[board] = [{"id": ref, "idBoard": board, "name": name, "color": "red"} for ref, name in names]

    def items(self, card: dict[str, Any]) -> list[dict[str, Any]]:
        """Tell what stands in a card's custom fields."""
        return [
            {"id": "63da6e4df46172832ddbde99", "idCustomField": field, "idValue": None, "value": {"text": text}}
            for field, text in card["fields"].items() if text
        ]  # fmt: skip

    def _list_lists(self, board: str) -> Response:
        shapes = [{"id": list_of(board, number), "name": name, "idBoard": board} for number, name in enumerate(LISTS)]
        return jsonify(shapes)

    def _list_fields(self, board: str) -> Response:
        return jsonify(self.fields.get(board, []))

    def _list_labels(self, board: str) -> Response:
        return jsonify(self.labels.get(board, [])[: request.args.get("limit", 50, int)])

    def _change(self, card: str) -> Response:
        if card not in self._cards:
            return says(NOT_FOUND, 404)
        sent: dict[str, Any] = request.get_json()
        self._cards[card]["cover"]["idAttachment"] = sent["idAttachmentCover"]
        return jsonify({"id": card, "idAttachmentCover": sent["idAttachmentCover"]})

    def _fill(self, card: str, field: str) -> Response:
        known = self.fields.get(self._cards[card]["board"], []) if card in self._cards else []
        kind = next((one["type"] for one in known if one["id"] == field), "")
        if not kind:
            return says(NOT_FOUND, 404)
        value: Any = request.get_json()["value"]
        if value != "" and (set(value) != {kind} or len(value[kind]) > LONGEST_TEXT):
            return says("Invalid custom field item value.", 400)
        self._cards[card]["fields"][field] = value["text"] if value else None
        return jsonify({"id": "63da6e4df46172832ddbde99", "value": value or None, "idCustomField": field})

    def _mark(self, card: str) -> Response:
        label = request.args["value"]
        if card not in self._cards:
            return says(NOT_FOUND, 404)
        if label not in [one["id"] for one in self.labels.get(self._cards[card]["board"], [])]:
            return says("invalid value for value", 400)
        if label in self._cards[card]["labels"]:
            return says("that label is already on the card", 400)
        self._cards[card]["labels"].append(label)
        return jsonify(self._cards[card]["labels"])
