"""What happens to copies, row by row of docs/copies.md, and where a row cannot apply by what a manifest declares."""

from __future__ import annotations

from connectors.sdk.manifest import Capability

ROWS = {
    "new_version": "A new version is approved",
    "text_changed": "Title or alternative text changes",
    "rights_end": "Rights end",
    "substituted": "Rights end, and a substitute is named",
    "deleted_here": "Deleted in the DAM",
    "deleted_there": "Deleted in the channel",
    "edited_there": "Edited in the channel",
    "moved_there": "Moved or renamed in the channel",
    "unreachable": "Channel unreachable",
    "refused": "Credentials dead",
    "schedule_outlived": "Scheduled, and its rights end before the date",
    "recalled": "Recalled after it was published",
    "restored": "An older backup is restored",
    "connected_twice": "The same remote connected twice",
    "two_hubs": "Two hubs in one account",
}
"""Each row by its key, as people read it."""

PROMISE = {
    "new_version": "It shows the approved version, and one copy only, at the same reference where bytes can be "
    "replaced. Where every publication is a person's act and "
    "bytes cannot be replaced, the old one stays and a person is asked.",
    "text_changed": "What stands there says the new text, and what of it does not arrive there is said before it is "
    "saved.",
    "rights_end": "It is withdrawn when they end, or hold in another territory or channel only, without anybody's act.",
    "substituted": "It shows the substitute, and one copy only. Where every publication is a person's act, nothing "
    "stands in by itself: that is said before, and it is withdrawn.",
    "deleted_here": "It is withdrawn.",
    "deleted_there": "It is noticed, said, and not put back by itself; one act puts it back.",
    "edited_there": "Library and channel agree again, as the field's owner says.",
    "moved_there": "It is the same copy, and follows as before.",
    "unreachable": "Nothing is called gone; when the channel answers again, what was missed follows.",
    "refused": "The connection asks for a person, nothing is called gone, and the copy stands as it stood.",
    "schedule_outlived": "It never becomes public; another one of the same time does.",
    "recalled": "It is withdrawn, before all other work.",
    "restored": "An archive from before the copy was published is restored in another place. The copy is known again "
    "by its marker, and none is made twice. Where an account cannot be listed, that holds for what was wished for "
    "before; who asks anew for another is asked to look first, and nothing is published by itself.",
    "connected_twice": "It is recognised, and makes no second connection, place or copy: a person is asked whether its "
    "credentials are to be renewed.",
    "two_hubs": "Each touches only its own copies, whatever becomes of the other's.",
}


AFTER_OUT = frozenset({"new_version", "text_changed", "rights_end", "substituted", "deleted_here", "recalled"})
"""Rows that are played on what is published, where a program cannot change or take back what is out."""


IN_EACH_STATE = frozenset({"edited_there", "unreachable", "refused"})
"""Rows that are played on what waits, has a time and is published, where these differ."""


def published_differs(row, manifest):
    """Tell whether a row ends with a person for what is published, and by itself for what is not yet."""
    return row in IN_EACH_STATE and bool(manifest.stays_once_out)


def is_persons(row, manifest):
    """Tell whether the hub changes nothing by itself in a row, and asks a person, as its test then proves."""
    fixed = row == "new_version" and manifest.by_hand and Capability.REPLACE not in manifest.abilities
    blind = row == "restored" and Capability.LOOK not in manifest.abilities
    return fixed or blind or (row in AFTER_OUT and bool(manifest.stays_once_out))


def why_not(row, manifest):
    """Return why a row cannot apply to a connector, from its manifest; empty: it can."""
    abilities = manifest.abilities
    if row == "text_changed" and Capability.UPDATE not in abilities and Capability.FIND not in abilities:
        return manifest.gaps.get("update", "It changes no texts.")
    if row in {"deleted_there", "edited_there"} and Capability.LOOK not in abilities:
        return manifest.gaps["reading as a member"]
    if row == "moved_there" and manifest.by_hand:
        return "A post stands where it was published: nobody can move it."
    if row == "moved_there":
        return manifest.gaps.get("moving", "")
    return ""
