"""Pinboard: a made-up vendor that can do everything. The conformance suite proves its own checks against it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Manifest, Write
from connectors.sdk.types import Level
from connectors.testing.pinboard.connector import MOST_SHEETS, Pinboard, Settings
from connectors.testing.pinboard.events import PinboardInbound

__all__ = ["MANIFEST"]


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['token']}", "X-Client": "damhub"}


MANIFEST = Manifest(
    name="pinboard",
    title="Pinboard",
    summary="Pins approved assets to walls.",
    settings=Settings,
    origin=lambda settings: settings.origin,
    auths=(Auth("token", "Token", headers=_headers, fields=(AuthField("token", "Token", secret=True, signs=True),)),),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.READ),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.REPLACE: Ability(Write.HARMLESS),
        Capability.REPOINT: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.SUBSCRIBE: Ability(Write.HARMLESS),
        Capability.HOLD: Ability(Write.HARMLESS),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
        Capability.USAGE: Ability(),
        Capability.NUMBERS: Ability(),
        Capability.CARDS: Ability(),
    },
    carries=Carries.BYTES,
    connect=Pinboard,
    sandbox="connectors.testing.pinboard.sandbox:create",
    settles_after_s=0.0,
    most_pictures=MOST_SHEETS,
    picture_fields=("note",),
    inbound=PinboardInbound(),
)
