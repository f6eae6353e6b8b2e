"""The page behind a card's link, for anybody: what it is, whether it may be used, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from hub.clock import DAY
from hub.delivery.living import LivingPage, State
from hub.errors import NotFound
from hub.placements.links import PATH
from hub.web.sending import send
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import page
from hub.web.ui.words import Sign

living = Blueprint("living", "hub.web", url_prefix=PATH.rstrip("/"))
PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
EXPANDERS: Final = (
    "slackbot-linkexpanding", "facebookexternalhit", "twitterbot", "linkedinbot", "discordbot", "telegrambot",
    "whatsapp", "skypeuripreview", "mattermost-bot", "iframely", "embedly",
)  # fmt: skip
"""Names of programs that show what an address is about, as they call themselves; many of them ask for `*/*`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says of the state."""

    sign: Sign
    sentence: str


@living.get("/<token>")
def follow(token: str) -> Response:
    """Show the page to whoever reads pages; send the bytes to whoever asks for anything else, as pictures do."""
    response = _page(token) if _reads_pages() else send(services().delivery.serve_placement(token))
    response.vary.update(("Accept", "User-Agent"))
    return _unlisted(response)


@living.get("/<token>/preview")
def preview(token: str) -> Response:
    """Send the picture of what stands there now."""
    return _unlisted(send(services().delivery.serve_placement(token, preview=True)))


@living.get("/<token>/file")
def file(token: str) -> Response:
    """Send what stands there now, to be saved."""
    return _unlisted(send(services().delivery.serve_placement(token), download=True))


def told_of(found: LivingPage) -> Told:
    """Say whether it may be used, and until when."""
    sentence = words.LIVING[found.state.value]
    shown = found.shown
    if shown is None:
        return Told(words.LINKED[found.state.value], sentence)
    said = sentence.format(version=shown.version, code=found.code, stand_in=shown.asset_code)
    if shown.until is not None:
        whole = shown.until % DAY == 0
        ends = (
            f"Last day of use: {words.day(shown.until - 1)}." if whole else f"Rights end {words.moment(shown.until)}."
        )
        said = f"{said} {ends}"
    return Told(words.LINKED[found.state.value], said)


def _page(token: str) -> Response:
    try:
        found = services().delivery.living_page(token)
    except NotFound as nothing:  # one page for all that nobody made, so that nothing can be learnt by trying
        return page("living.html", HTTPStatus.NOT_FOUND, found=None, nothing=nothing)
    path, stands_in = f"{PATH}{token}", found.state is State.STAND_IN
    address = f"{services().settings.url}{path}"
    return page("living.html", found=found, shown=found.shown, told=told_of(found), path=path, address=address,
                stands_in=stands_in)  # fmt: skip


def _reads_pages() -> bool:
    named = any(kind.lower() in PAGES and quality > 0 for kind, quality in request.accept_mimetypes)
    reader = request.user_agent.string.lower()
    return named or any(name in reader for name in EXPANDERS)


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
