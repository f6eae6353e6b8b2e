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
    "two_hubs": "Two hubs in one account",
}
"""Each row by its key, as people read it."""

PROMISE = {
    "new_version": "It shows the approved version, and one copy only. Where every publication is a person's act and "
    "bytes cannot be replaced, the old one stays and a person is asked.",
    "text_changed": "What stands there says the new text.",
    "rights_end": "It is withdrawn when they end, without anybody's act.",
    "substituted": "It shows the substitute, and one copy only. Where every publication is a person's act, nothing "
    "stands in by itself: that is said before, and it is withdrawn.",
    "deleted_here": "It is withdrawn.",
    "deleted_there": "It is noticed, said, and not put back by itself.",
    "edited_there": "Library and channel agree again, or a person is asked.",
    "moved_there": "It is the same copy, and follows as before.",
    "unreachable": "Nothing is called gone; when the channel answers again, what was missed follows.",
    "refused": "The connection asks for a person, nothing is called gone, and the copy stands as it stood.",
    "schedule_outlived": "It never becomes public.",
    "recalled": "It is withdrawn, before all other work.",
    "restored": "An archive from before the copy was published is restored in another place. The copy is known again "
    "by its marker, and none is made twice. Where an account cannot be listed, that holds for what was wished for "
    "before; who asks anew for another is asked to look first, and nothing is published by itself.",
    "two_hubs": "Each touches only its own copies, whatever becomes of the other's.",
}


def why_not(row, manifest):
    """Return why a row cannot apply to a connector, from its manifest; empty: it can."""
    abilities = manifest.abilities
    if row == "text_changed" and Capability.UPDATE not in abilities and Capability.FIND not in abilities:
        return manifest.gaps.get("update", "It changes no texts.")
    if row == "moved_there" and manifest.by_hand:
        return "A post stands where it was published: nobody can move it."
    if row == "moved_there":
        return manifest.gaps.get("moving", "")
    return ""
