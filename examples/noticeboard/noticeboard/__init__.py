"""Noticeboard: links to approved files on a team's boards."""

from __future__ import annotations

from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Limit, Manifest, Write
from noticeboard.connector import Noticeboard, Settings

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="noticeboard",
    title="Noticeboard",
    summary="Puts links to approved files on a team's boards.",
    settings=Settings,
    origin=lambda settings: settings.origin,
    auths=(
        Auth(
            name="token",
            label="Token",
            headers=lambda secrets: {"Authorization": f"Bearer {secrets['token']}"},
            fields=(AuthField("token", "Token", secret=True, hint="Noticeboard, Settings, Tokens."),),
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
    },
    carries=Carries.LINK,
    connect=Noticeboard,
    sandbox="noticeboard.sandbox:create",
    limits=(Limit(calls=60, per_s=60.0),),
    gaps={
        "replace": "A notice shows our link, which always leads to the approved version.",
        "repoint": "A notice shows our link, which always leads to the approved version.",
        "subscribe": "Noticeboard tells nobody of changes: the hub looks again by itself.",
        "hold": "A notice is there at once.",
        "import": "There are no files at Noticeboard.",
        "changes": "Noticeboard keeps no list of changes.",
        "usage": "A notice is used nowhere else.",
        "numbers": "Noticeboard counts no looks.",
    },
)
