"""Other texts of an asset, foreseen: which copies would say them, which cannot, and what is lost."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from hub.web.api.documents import blueprint
from hub.web.api.placements import CopyOut, by_name
from hub.web.api.schemas import AssetChange, AssetPath, Shown
from hub.web.identity import actor
from hub.web.services import services

texts = blueprint("texts", "What becomes of the texts of copies, before other ones are saved.")


class LostOut(Shown):
    """One field of which a place does not say the new text, or not wholly."""

    field: str
    why: str


class TextLineOut(Shown):
    """One copy and what would become of its texts."""

    copy_: CopyOut = Field(alias="copy", serialization_alias="copy")
    says: str = Field(description="follows; later, once it stands there; kept, as it is; or person: somebody must act.")
    why: str = Field(description="Why it needs a person, or is kept, where that is known.")
    lost: list[LostOut]


class TextImpactOut(Shown):
    """What saving texts would change."""

    fields: list[str] = Field(description="The fields that would change.")
    lines: list[TextLineOut]


@texts.post("/assets/<asset_id>/texts/impact", responses={200: TextImpactOut})
def impact_of_texts(path: AssetPath, body: AssetChange) -> Response:
    """Foresee which copies would say other texts, which cannot and why, and what of them is lost; nothing is kept."""
    found = services().placements.rewording.texts(actor(), path.asset_id, body.fields, language=body.language)
    return by_name(TextImpactOut.model_validate(found))
