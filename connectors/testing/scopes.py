"""What a made-up vendor's token may do: which scopes each call needs, and which were granted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from flask import Response, request
from pydantic import BaseModel

from connectors.sdk.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Needs:
    """Calls that need a scope: any one of `scopes` suffices."""

    methods: str  # separated by blanks
    path: str  # "*" stands for anything
    scopes: tuple[str, ...]

    def fits(self, method: str, path: str) -> bool:
        """Tell whether this is about a request."""
        return method in self.methods.split() and fnmatchcase(path, self.path)


class Scopes:
    """A sandbox's scopes. Nobody is held to them before `granted` is set; a token that was typed in has none."""

    def __init__(self, way: str, needs: Sequence[Needs], refuse: Callable[[str], Response]) -> None:
        """Hold calls to what the manifest's auth `way` asks for; `refuse` answers in the vendor's form.

        The first of `needs` that fits a request counts; what none of them is about needs nothing.
        """
        self.way, self.needs = way, tuple(needs)
        self.granted: frozenset[str] | None = None
        self._refuse = refuse

    def asked(self, manifest: Manifest, settings: BaseModel) -> frozenset[str]:
        """Return what a sign-in asks for; where the manifest knows no such sign-in, all that there is."""
        server = next((auth.server(settings) for auth in manifest.auths if auth.name == self.way), None)
        return frozenset(server.scopes if server else (name for one in self.needs for name in one.scopes))

    def refusal(self, granted: frozenset[str] | None = None) -> Response | None:
        """Refuse the request at hand where what it needs was not granted; `granted` by its token, else to everybody."""
        held = self.granted if granted is None else granted
        need = next((one for one in self.needs if one.fits(request.method, request.path)), None)
        if held is None or need is None or held & set(need.scopes):
            return None
        return self._refuse(need.scopes[0])
