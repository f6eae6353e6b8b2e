"""Uploads that a site took and then broke off on, while it made the smaller sizes of a picture.

WordPress names the item in a header before it begins on the sizes, and makes those that are missing when it is asked.
Its own editor asks up to five times after any answer from 500 on, and then deletes the item: `media-upload.js` in
https://github.com/WordPress/gutenberg/tree/trunk/packages/api-fetch/src/middlewares
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, cast

from connectors.sdk.answer import Answer, quiet_json
from connectors.sdk.errors import Missing, OutcomeUnknown, Rejected
from connectors.wordpress.calls import BROKEN, MEDIA, Site
from connectors.wordpress.types import Media, fields_of

NAMED: Final = "x-wp-upload-attachment-id"
ACTION: Final = {"action": "create-image-subsizes"}
TRIES: Final = 3
"""How often the sizes are asked for: each time the site goes on with those that are still missing."""


def finished(site: Site, answer: Answer, form: Mapping[str, str]) -> Media:
    """Return the item that an upload made, whole, after an answer that names it and yet is a failure.

    Raises:
        Rejected: the site dies of this picture's sizes each time; the item is taken away again.
        OutcomeUnknown: the upload, or what asks for the sizes, got no clear answer.
    """
    if answer.status not in BROKEN:
        return answer.parse(Media)
    number = answer.headers.get(NAMED, "")
    if not number.isdecimal():
        raise _refused(site, answer)
    media = _sized(site, number, answer)
    kept = fields_of(media)
    lacking = {name: value for name, value in form.items() if kept.get(name) != value}
    return site.write(f"{MEDIA}/{number}", lacking).parse(Media) if lacking else media


def _sized(site: Site, number: str, answer: Answer) -> Media:
    for _ in range(TRIES):
        try:
            return site.write(f"{MEDIA}/{number}/post-process", ACTION).parse(Media)
        except OutcomeUnknown as error:
            if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:  # a host that is busy says nothing of the picture
                raise
        except Missing as error:
            raise _refused(site, answer) from error
    site.delete(f"{MEDIA}/{number}", force="true")
    raise Rejected(
        "WordPress took the picture and broke off each time on its smaller sizes, so that it was taken away again. "
        "Offer a smaller rendition, or raise PHP's memory_limit and max_execution_time there.",
        detail=f"{answer.call} answered {answer.status}, and post-process {TRIES} times 500", status=answer.status,
    )  # fmt: skip


def _refused(site: Site, answer: Answer) -> Exception:
    """Return what this answer is, had it not been looked into."""
    said: Any = quiet_json(answer.body)
    told = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    code, text = str(told.get("code", "")), str(told.get("message", ""))
    failure = site.api.fault(replace(answer.call, fine=frozenset()), code, text, answer.status)
    return failure or answer.call.senseless("a failure that is none", status=answer.status)
