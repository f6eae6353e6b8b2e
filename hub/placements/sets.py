"""What exactly would be sent for several pictures in one copy: the leading one's texts, and each one's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.sdk.types import COMPANIONS, Fields, JsonValue
from hub.placements.rendering import Rendering, digests
from mappings.engine import Loss, LossKind, reach


def compose(leading: Rendering, companions: Sequence[Rendering], own: Sequence[str]) -> Rendering:
    """Return one rendering of a set.

    Args:
        leading: whose texts are the copy's.
        companions: the further pictures, in their order.
        own: the remote's fields that each picture has for itself; of its others nothing is said.
    """
    if not companions:
        return leading
    said = [{name: reach(each.rendered.first_fields, name) for name in own} for each in companions]
    words: list[JsonValue] = [dict(each) for each in said]
    rendered = replace(
        leading.rendered,
        fields={**leading.rendered.fields, COMPANIONS: words},
        first_fields={**leading.rendered.first_fields, COMPANIONS: words},
        losses=(*leading.rendered.losses, *(loss for each in companions for loss in _lacking(each, own))),
    )
    unmapped = leading.unmapped or next((f"{each.code}: {each.unmapped}" for each in companions if each.unmapped), "")
    followers = tuple(_only(each, fields) for each, fields in zip(companions, said, strict=True))
    fields_hash, doc_hash = digests(rendered, [leading.bytes, *(each.bytes for each in companions)], unmapped)
    return replace(
        leading, rendered=rendered, companions=followers, unmapped=unmapped, fields_hash=fields_hash, doc_hash=doc_hash,
        unreadable=leading.unreadable or any(each.unreadable for each in companions),
    )  # fmt: skip


def _only(rendering: Rendering, fields: Fields) -> Rendering:
    return replace(rendering, rendered=replace(rendering.rendered, fields=dict(fields), first_fields=dict(fields)))


def _lacking(rendering: Rendering, own: Sequence[str]) -> list[Loss]:
    """Return the words that the channel cannot do without and this picture lacks, by the picture's name."""
    return [
        replace(loss, field=f"{loss.field} of {rendering.code}")
        for loss in rendering.rendered.losses
        if loss.kind is LossKind.MISSING and loss.remote in own
    ]
