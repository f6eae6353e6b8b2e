"""Ways to break a connector on purpose: one method, every error, its webhooks, its client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import Api, Sending
from connectors.sdk.manifest import Manifest
from connectors.sdk.types import Fields, Hint, Outgoing, Target
from connectors.testing.conformance.bench import Bench, Planted

Method = Callable[..., Any]
Wrap = Callable[[Any, Bench], Any]


class Broken:
    """A connector of which some methods are wrong."""

    def __init__(self, inner: Any, methods: Mapping[str, Method]) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._inner, name)


class Misnaming:
    """A connector that changes each error that passes through it."""

    def __init__(self, inner: Any, act: Callable[[ConnectorError], Any]) -> None:
        self._inner = inner
        self._act = act

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def wrong(*arguments: Any) -> Any:
            try:
                return method(*arguments)
            except ConnectorError as error:
                return self._act(error)

        return wrong


def method(check: str, sentence: str, name: str, act: Callable[..., Any]) -> Planted:
    """Break one method of this name; `act` takes the right connector, the bench, and the method's arguments."""

    def wrap(inner: Any, bench: Bench) -> Any:
        def wrong(*arguments: Any) -> Any:
            return act(inner, bench, *arguments)

        return Broken(inner, {name: wrong})

    return Planted(check, sentence, connector=wrap)


def identify(check: str, sentence: str, act: Callable[[Any, Bench], Any]) -> Planted:
    """Break `identify`."""
    return method(check, sentence, "identify", act)


def targets(check: str, sentence: str, act: Callable[[Any, Bench, str | None], Any]) -> Planted:
    """Break `targets`."""
    return method(check, sentence, "targets", act)


def publish(check: str, sentence: str, act: Callable[[Any, Bench, Target, Outgoing], Any]) -> Planted:
    """Break `publish`."""
    return method(check, sentence, "publish", act)


def update(check: str, sentence: str, act: Callable[[Any, Bench, Target, str, Fields], Any]) -> Planted:
    """Break `update`."""
    return method(check, sentence, "update", act)


def replace(check: str, sentence: str, act: Callable[[Any, Bench, Target, str, Outgoing], Any]) -> Planted:
    """Break `replace`."""
    return method(check, sentence, "replace", act)


def repoint(check: str, sentence: str, act: Callable[[Any, Bench, Target, str, str], Any]) -> Planted:
    """Break `repoint`."""
    return method(check, sentence, "repoint", act)


def withdraw(check: str, sentence: str, act: Callable[[Any, Bench, Target, str], Any]) -> Planted:
    """Break `withdraw`."""
    return method(check, sentence, "withdraw", act)


def find(check: str, sentence: str, act: Callable[[Any, Bench, Target, str], Any]) -> Planted:
    """Break `find`."""
    return method(check, sentence, "find", act)


def look(check: str, sentence: str, act: Callable[[Any, Bench, Target, str], Any]) -> Planted:
    """Break `look`."""
    return method(check, sentence, "look", act)


def subscribe(check: str, sentence: str, act: Callable[[Any, Bench, Target, str], Any]) -> Planted:
    """Break `subscribe`."""
    return method(check, sentence, "subscribe", act)


def unsubscribe(check: str, sentence: str, act: Callable[[Any, Bench, str], Any]) -> Planted:
    """Break `unsubscribe`."""
    return method(check, sentence, "unsubscribe", act)


def errors(check: str, sentence: str, act: Callable[[ConnectorError], Any]) -> Planted:
    """Change every error; what `act` returns is returned instead of it."""
    return Planted(check, sentence, connector=lambda inner, _: Misnaming(inner, act))


def renamed(check: str, sentence: str, kind: type[ConnectorError]) -> Planted:
    """Call every error by another name."""

    def act(error: ConnectorError) -> Any:
        raise kind(error.message, detail=error.detail, status=error.status) from error

    return errors(check, sentence, act)


def manifest(check: str, sentence: str, change: Callable[[Manifest], Manifest]) -> Planted:
    """Declare something wrong."""
    return Planted(check, sentence, manifest=change)


class BrokenInbound:
    """Webhooks that are verified or read wrongly."""

    def __init__(self, inner: Any, *, verify: Method | None = None, read: Callable[[Hint], Hint] | None = None) -> None:
        self._inner = inner
        self._verify = verify
        self._read = read

    def greet(self, *arguments: Any) -> Any:
        """Greet as it should."""
        return self._inner.greet(*arguments)

    def verify(self, **what: Any) -> None:
        """Verify, perhaps wrongly."""
        if self._verify is not None:
            self._verify(self._inner, **what)
        else:
            self._inner.verify(**what)

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read, perhaps wrongly."""
        hint: Hint = self._inner.read(headers, body)
        return self._read(hint) if self._read else hint


def inbound(
    check: str, sentence: str, *, verify: Method | None = None, read: Callable[[Hint], Hint] | None = None
) -> Planted:
    """Break webhooks."""
    return manifest(
        check,
        sentence,
        lambda right: dataclasses.replace(right, inbound=BrokenInbound(right.inbound, verify=verify, read=read)),
    )


class LeakyApi(Api):
    """Takes the credentials along wherever a redirect leads."""

    def _following(
        self, call: Call, request: httpx.Request, response: httpx.Response, credentials: Mapping[str, str]
    ) -> httpx.Request | None:
        following = super()._following(call, request, response, credentials)
        if following is not None:
            following.headers.update(dict(credentials))
        return following


class NamelessApi(Api):
    """Says that it is a browser."""

    def _once(self, sending: Sending) -> Answer:
        return super()._once(dataclasses.replace(sending, headers={**sending.headers, "User-Agent": "Mozilla/5.0"}))
