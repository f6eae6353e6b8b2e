"""The command for those who build on the hub's events: it takes webhooks, or reads the feed, and shows what comes."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast
from urllib.parse import urljoin

import typer
from rich.console import Console

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import AddressRefused, Guard, origin_of
from connectors.sdk.pull import Query, pull
from connectors.sdk.push import Answer, push
from connectors.sdk.wire import Client, guarded_client
from hub.cli.following import Ask, Follower
from hub.cli.printing import plain, say
from hub.cli.receiving import Heard, Receiver, serving
from hub.cli.toolbox import Toolbox
from hub.clock import SECOND, SystemClock
from hub.errors import Invalid
from hub.notify.feed import LATEST
from webhooks import TIME_LIMIT_S, new_secret, sign

FEED: Final = "/api/v1/events"
MOST_BYTES: Final = 8 * 1024 * 1024
TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Listening:
    """The command, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the command to the command line."""
        app.command()(self.listen)

    def listen(
        self,
        *,
        hub: Annotated[str, typer.Option(help="A hub's address: its feed is read, and nothing must reach you.")] = "",
        after: Annotated[str, typer.Option(help="A cursor to go on behind; empty: from the first event.")] = LATEST,
        kind: Annotated[list[str] | None, typer.Option(help="Only these kinds, such as asset.*; repeat it.")] = None,
        port: Annotated[int, typer.Option(min=0, max=65_535, help="Without a hub: where to take webhooks.")] = 9000,
        forward: Annotated[str, typer.Option(help="An address to hand each message on to, signed.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each message.")] = False,
    ) -> None:
        """Show events as they happen: of a hub's feed, or as webhooks that are sent to this machine. Ctrl-C ends it.

        The feed is read with the token in HUB_TOKEN; webhooks are checked with the endpoint's secret in WEBHOOK_SECRET.
        Neither is an argument, which other people of the machine could see.
        """
        token, secret = os.environ.get("HUB_TOKEN", ""), os.environ.get("WEBHOOK_SECRET", "")
        if hub and not token:
            raise Invalid("hub_and_token", "A hub's feed is read with a token.", where="HUB_TOKEN",
                          next_step="Put a token of the scope events or read into the environment.")  # fmt: skip
        show = show_json if as_json else show_line
        signing = secret or new_secret()
        hear = Hearing(show, forwarder(forward, signing) if forward else None, complain).hear
        if forward and not secret and hub:
            complain(f"Handed on with signatures by {signing}")
        with suppress(KeyboardInterrupt):
            if hub:
                follower = Follower(asking(hub, token), complain, after, tuple(kind or ()))
                complain(f"Reading the feed of {hub}.")
                follower.follow(hear, _wait)
            else:
                self._take(Receiver([secret] if secret else [], hear, complain), port, checked=bool(secret))

    def _take(self, receiver: Receiver, port: int, *, checked: bool) -> None:
        with serving(receiver, port=port, now_s=_now_s) as address:
            how = "" if checked else " Without WEBHOOK_SECRET no signature is checked."
            complain(f"Taking webhooks at {address}.{how}")
            threading.Event().wait()


class Hearing:
    """Shows each message, and hands it on."""

    def __init__(
        self, show: Callable[[Heard], None], forward: Callable[[Heard], str] | None, complain: Callable[[str], None]
    ) -> None:
        """`forward` hands a message on and returns what went wrong, empty when it was taken."""
        self._show, self._forward, self._complain = show, forward, complain

    def hear(self, heard: Heard) -> bool:
        """Show a message and hand it on; return whether it was taken."""
        self._show(heard)
        wrong = self._forward(heard) if self._forward else ""
        if wrong:
            self._complain(f"Not handed on: {wrong}")
        return not wrong


def show_line(heard: Heard) -> None:
    """Print a message for a person: when, what, and what it names."""
    try:
        message = cast("Mapping[str, Any]", json.loads(heard.body))
        data = cast("Mapping[str, Any]", message["data"])
        said = "  ".join(f"{name} {_short(value)}" for name, value in data.items())
        say(f"{message['timestamp']}  {message['type']}  {said}")
    except (ValueError, KeyError, TypeError, AttributeError):
        say(f"{heard.id}  no message of a hub: {heard.body[:200].decode('utf-8', 'replace')}")


def show_json(heard: Heard) -> None:
    """Print a message for a program, as one line."""
    try:
        message = json.loads(heard.body)
    except ValueError:
        message = heard.body.decode("utf-8", "replace")
    cursor = {"cursor": heard.cursor} if heard.cursor else {}
    sys.stdout.write(json.dumps({"id": heard.id, **cursor, "message": message}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Say on standard error what is no message."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(plain(text), markup=False, style="dim")


def asking(hub: str, token: str) -> Ask:
    """Return what asks a hub's feed."""
    address, client = urljoin(hub.rstrip("/") + "/", FEED.lstrip("/")), _client(hub)

    def ask(query: Query) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return pull(address, query, headers, client=client, total_s=TIME_LIMIT_S, most=MOST_BYTES)

    return ask


def forwarder(url: str, secret: str) -> Callable[[Heard], str]:
    """Return what hands messages on to an address: with the headers that they came with, or else signed anew."""
    client = _client(url)

    def forward(heard: Heard) -> str:
        own = heard.headers or sign([secret], message_id=heard.id, now_s=_now_s(), body=heard.body)
        headers = {"content-type": "application/json", **own}
        try:
            answer = push(url, heard.body, headers, client=client, total_s=TIME_LIMIT_S)
        except ConnectorError as failure:
            return failure.message
        return "" if answer.status in TAKEN else f"{url} answered {answer.status}."

    return forward


def _client(url: str) -> Client:
    """Return a client for an address that the person at this machine named: it may be inside."""
    try:
        return guarded_client(Guard(trusted_origins=[origin_of(url)]))
    except (AddressRefused, ValueError) as wrong:
        raise Invalid("address_unfit", "This is not an http or https address.", where=url,
                      next_step="Write it with http:// or https://.") from wrong  # fmt: skip


def _short(value: object) -> str:
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def _now_s() -> int:
    return SystemClock().now() // SECOND


def _wait(seconds: float) -> bool:
    """Wait; Ctrl-C ends it by itself."""
    threading.Event().wait(seconds)
    return True
