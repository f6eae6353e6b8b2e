"""The decoding child: reads one request a line, decodes one file, answers one line. Started by `hub.media.pool`.

Requests and answers are JSON, so that a child that was taken over by a file can say nothing but text to its parent.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, cast

from hub.errors import HubError, TooLarge
from hub.media import footage, pages, pictures
from hub.media.attribution import RIGHTS_FIELDS
from hub.media.confine import allow_cpu, confine
from hub.media.embedded import Fields
from hub.media.presets import Limits

LONGEST_TEXT: Final = 20_000
MOST_TEXTS: Final = 200


@dataclass(frozen=True, slots=True)
class Developed:
    """Everything that was found out about one file and made of it."""

    width: int | None
    height: int | None
    duration_ms: int | None
    pages: int | None
    embedded: Fields
    look: pictures.Look | None = None


def develop(source: Path, media_type: str, rights: Mapping[str, str], folder: Path, limits: Limits) -> Developed:
    """Measure a file and write its renditions into a folder.

    `rights` are what the catalogue says; what it does not say is taken from the file.
    """
    opened, image = _opened(source, media_type, limits)
    if image is None:
        return opened
    said = {field: text for field, text in opened.embedded.items() if field in RIGHTS_FIELDS and isinstance(text, str)}
    return replace(opened, look=pictures.render(image, {**said, **rights}, folder))


def _opened(source: Path, media_type: str, limits: Limits) -> tuple[Developed, Any]:
    if media_type in pages.TYPES:
        booklet = pages.open_booklet(source, limits)
        return Developed(None, None, None, booklet.pages, booklet.embedded), booklet.image
    if media_type in footage.TYPES:
        film = footage.open_footage(source, media_type, limits)
        return Developed(film.width, film.height, film.duration_ms, None, film.embedded), film.image
    picture = pictures.open_picture(source, media_type, limits)
    return Developed(picture.width, picture.height, None, picture.pages, picture.embedded), picture.image


def answer(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Carry out one request and return what the parent is told."""
    try:
        if request.get("only") == "fingerprint":
            picture = pictures.open_picture(Path(request["source"]), request["media_type"], limits)
            return {"fingerprint": pictures.fingerprint(picture.image)}
        done = develop(
            Path(request["source"]), request["media_type"], request["rights"], Path(request["folder"]), limits
        )
    except HubError as error:
        return {"error": [type(error).__name__, error.code, error.what, error.next_step]}
    except MemoryError:
        error = out_of_memory()
        return {"error": [type(error).__name__, error.code, error.what, error.next_step], "spent": True}
    look = done.look
    return {
        "width": done.width,
        "height": done.height,
        "duration_ms": done.duration_ms,
        "pages": done.pages,
        "embedded": {field: _bounded(value) for field, value in done.embedded.items()},
        "colour": look.colour if look else None,
        "has_alpha": bool(look and look.has_alpha),
        "made": [
            [made.preset, made.path.name, made.media_type, made.width, made.height]
            for made in (look.made if look else ())
        ],
    }


def out_of_memory() -> TooLarge:
    """Return the error for a file that needs more memory than a child may have."""
    return TooLarge(
        "too_much_memory",
        "Opening the file takes more memory than a file may have. The file itself is safe.",
        next_step="Upload a smaller or simpler file as a new version.",
    )


def _bounded(value: str | list[str]) -> str | list[str]:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return [text[:LONGEST_TEXT] for text in value[:MOST_TEXTS]]


def serve(requests: IO[str], answers: IO[str], limits: Limits) -> None:
    """Answer requests until the parent closes its end or memory has run out once."""
    for line in requests:
        allow_cpu(limits.cpu_s)
        said = answer(cast("Mapping[str, Any]", json.loads(line)), limits)
        answers.write(json.dumps(said) + "\n")
        answers.flush()
        if said.get("spent"):
            return


def main(arguments: list[str]) -> None:
    """Confine this process, say so, and serve. Libraries that print write to standard error instead."""
    limits = Limits(**json.loads(arguments[0]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    network = confine(memory_bytes=limits.memory_bytes, output_bytes=limits.output_bytes)
    answers.write(json.dumps({"network": network}) + "\n")
    answers.flush()
    serve(sys.stdin, answers, limits)


if __name__ == "__main__":
    main(sys.argv[1:])
