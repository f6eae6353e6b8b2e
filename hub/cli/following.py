"""Follow a hub's feed of events from outside: page by page, on and on, with nothing but its address and a token."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast

from connectors.sdk.errors import ConnectorError
from connectors.sdk.push import Answer
from hub.cli.receiving import Hear, Heard
from hub.errors import Gone, Unavailable
from hub.notify.feed import LATEST
from hub.notify.messages import written

PAUSE_S: Final = 2.0
PAGE: Final = 100

Ask = Callable[[Sequence[tuple[str, str]]], Answer]
"""Asks the hub's feed with these parameters; raises one of the SDK's errors when there is no answer."""
Pause = Callable[[float], bool]
"""Waits for some seconds; returns whether to go on then."""


@dataclass(slots=True)
class Follower:
    """Where reading is. `cursor` is where it goes on: keep it to miss nothing."""

    ask: Ask
    complain: Callable[[str], None]
    cursor: str = LATEST
    kinds: Sequence[str] = field(default_factory=tuple)
    _silent: bool = False

    def follow(self, hear: Hear, pause: Pause) -> None:
        """Read on until `pause` says to stop.

        A hub that does not answer is asked again. After a restore of the hub, reading goes on at the end of its log.

        Raises:
            Unavailable: `feed_refused`: the hub refuses, and asking again does not help.
        """
        going_on = True
        while going_on:
            more = False
            try:
                more = self._page(hear)
                self._silent = False
            except ConnectorError as silent:
                if not self._silent:
                    self.complain(f"{silent.message} Trying on.")
                self._silent = True
            except Gone as gone:
                self.complain(f"{gone.what} Going on with what happens from now on.")
                self.cursor = LATEST
            going_on = more or pause(PAUSE_S)

    def _page(self, hear: Hear) -> bool:
        asked = [("after", self.cursor), ("limit", str(PAGE)), *(("kinds", kind) for kind in self.kinds)]
        page = _read(self.ask(asked))
        for item in page["items"]:
            hear(Heard(str(item["id"]), written(item["message"]).encode(), {}, str(item["cursor"])))
            self.cursor = str(item["cursor"])
        self.cursor = str(page["cursor"])
        return bool(page["more"])


def _read(answer: Answer) -> dict[str, Any]:
    """Return a page, or raise what the hub says."""
    try:
        said = cast("dict[str, Any]", json.loads(answer.body))
        if answer.status == HTTPStatus.OK:
            return said if {"items", "cursor", "more"} <= set(said) else _refused("It answers with no feed.")
        what, step = str(said["detail"]), str(said.get("next", ""))
    except (ValueError, KeyError, TypeError):
        return _refused(f"It answers {answer.status}, in words that are not a hub's.")
    if answer.status == HTTPStatus.GONE:
        raise Gone("cursor_of_another_epoch", what, next_step=step)
    return _refused(what, step)


def _refused(what: str, step: str = "") -> dict[str, Any]:
    step = step or "Check the address of the hub, and the token's scope."
    raise Unavailable("feed_refused", f"The hub does not let us read its feed. {what}", next_step=step)
