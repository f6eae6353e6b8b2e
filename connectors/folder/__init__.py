"""A folder on a disk or network share: a tree of approved files under readable names, each with its manifest."""

from __future__ import annotations

from connectors.folder.connector import FolderConnector
from connectors.folder.types import Settings
from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Manifest, Meaning, Write
from connectors.sdk.types import Level

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="folder",
    title="Folder",
    summary="Keeps a tree of approved files in a folder of a disk or network share, each with a manifest beside it.",
    settings=Settings,
    origin=lambda settings: settings.origin,
    auths=(
        Auth(
            name="key",
            label="Key of the folder",
            headers=lambda secrets: {"Authorization": f"Bearer {secrets['key']}"},
            fields=(
                AuthField(
                    "key",
                    "Key",
                    secret=True,
                    hint="The text whose SHA-256 stands in the file .damhub-key at the folder's top.",
                ),
            ),
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.KEYED, Level.SEEN),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.REPLACE: Ability(Write.HARMLESS, Level.SEEN),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.IMPORT: Ability(),
    },
    carries=Carries.BYTES,
    connect=FolderConnector,
    sandbox="connectors.folder.sandbox:create",
    rendition="original",
    settles_after_s=1.0,
    error_codes={
        "folder_away": Meaning.RETRY_LATER,  # not mounted: says nothing about what is in it
        "disk_failed": Meaning.RETRY_LATER,
        "damaged": Meaning.RETRY_LATER,
        "changed": Meaning.RETRY_LATER,
        "no_space": Meaning.MISCONFIGURED,  # a 507: nothing was kept, and a person must make room
    },
    gaps={
        "repoint": "A replaced file keeps its name, so nothing that uses it need be changed.",
        "subscribe": "Disks tell of changes only to the machine that they are in.",
        "hold": "A file is there at once: a folder schedules nothing.",
        "changes": "A folder keeps no list of changes: the hub looks again by itself.",
        "usage": "A folder does not know who shows its files.",
        "numbers": "A folder counts no looks.",
        "links": "Symbolic links, pipes and devices are neither told nor followed.",
    },
)
