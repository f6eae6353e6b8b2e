"""LinkedIn's own forms of answer and refusal, for its sandbox."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from flask import Response, request


def answer(body: Any, status: int = HTTPStatus.OK, **headers: str) -> Response:
    """Answer JSON."""
    told = {"x-li-uuid": "AAYsandbox", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Response(json.dumps(body), status, headers=told, content_type="application/json")


def empty(status: int, **headers: str) -> Response:
    """Answer without a body."""
    return Response(b"", status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def refuse(status: int, code: str, message: str, **more: Any) -> Response:
    """Refuse."""
    return answer({"status": status, "code": code, "message": message, **more}, status)


def denied(what: str) -> Response:
    """Refuse a call that the app's products or the member's role do not allow."""
    text = f"Not enough permissions to access: {what}"
    return refuse(HTTPStatus.FORBIDDEN, "ACCESS_DENIED", text, serviceErrorCode=100)


def duplicate(ref: str) -> Response:
    """Refuse a repetition, in the words that were recorded."""
    body: dict[str, Any] = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of "
        + ref,
        "errorDetails": {
            "inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]
        },
        "status": 422,
    }
    return answer(body, HTTPStatus.UNPROCESSABLE_ENTITY)


class Days:
    """The calls of a day, which ends at midnight UTC: so many for the app, and so many for a member."""

    def __init__(self, allowed: Mapping[str, int], clock: Callable[[], float] = time.time) -> None:
        self.allowed = dict(allowed)
        self.clock = clock
        self._made: Counter[tuple[str, int]] = Counter()

    def spend(self) -> bool:
        """Count a call against every budget; False when one of them is used up."""
        day = int(self.clock() // 86_400)
        over = any(self._made[whose, day] >= most for whose, most in self.allowed.items())
        self._made.update((whose, day) for whose in self.allowed)
        return not over


def throttled() -> Response:
    """Refuse for the rest of the day, without a word on when it ends."""
    text = "Resource level throttle limit for calls to this resource is reached."
    return refuse(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", text, serviceErrorCode=101)


def page(elements: list[Any], start: int, count: int) -> dict[str, Any]:
    """Return part of a list."""
    links: list[dict[str, str]] = []
    if start + count < len(elements):
        links.append({"rel": "next", "type": "application/json", "href": f"{request.path}?start={start + count}"})
    shown = elements[start : start + count]
    return {"elements": shown, "paging": {"start": start, "count": count, "links": links}}


def asked_page(most: int, usual: int) -> tuple[int, int]:
    """Return where a list is to be read, and how much of it."""
    return int(request.args.get("start", "0")), min(int(request.args.get("count", str(usual))), most)


def as_object(value: object) -> dict[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def shown_in(post: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the media of a post that is sent; none where it shows something else, or more than one thing."""
    content = as_object(post.get("content"))
    if set(content) == {"media"}:
        return [as_object(content["media"])]
    images: Any = as_object(content.get("multiImage")).get("images")
    whole = set(content) == {"multiImage"} and isinstance(images, list)
    return [as_object(each) for each in cast("list[Any]", images)] if whole else []


def body_of_request() -> dict[str, Any]:
    """Return what was sent as JSON."""
    return as_object(request.get_json(silent=True))


def _medium(facts: Mapping[str, Any]) -> dict[str, str]:
    named = {"id": facts["media"], "title": facts["title"], "altText": facts["alt"]}
    return {name: value for name, value in named.items() if value or name == "title"}


def told(ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a post as LinkedIn tells it."""
    shown = [_medium(each) for each in (facts, *facts["more"])]
    return {
        "id": ref,
        "author": facts["target"],
        "commentary": facts["commentary"],
        "visibility": facts["visibility"],
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "content": {"multiImage": {"images": shown}} if facts["more"] else {"media": shown[0]},
        "lifecycleState": facts["lifecycle"],
        "lifecycleStateInfo": {"isEditedByAuthor": facts["edited"]},
        "isReshareDisabledByAuthor": facts["final"],
        "createdAt": 1790000000000,
        "publishedAt": 1790000000000,
        "lastModifiedAt": 1790000000000,
    }
