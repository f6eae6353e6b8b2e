"""The asset document: one asset's catalogue entry and measurements in the shape that mapping specs are written for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.catalogue.assets import get_asset, get_version
from hub.catalogue.metadata import all_fields_of
from hub.media.models import Traits
from mappings.document import AssetDocument
from mappings.languages import DEFAULT


def asset_document(
    session: Session,
    asset_id: str,
    version_id: str,
    *,
    link: str = "",
    usable_until: int | None = None,
    language: str = DEFAULT,
) -> AssetDocument:
    """Return what a channel may be told of one version of an asset; `language` is the catalogue's own."""
    asset = get_asset(session, asset_id)
    version = get_version(session, version_id)
    traits = session.get(Traits, version_id)
    said = all_fields_of(session, asset.id)
    facts: dict[str, object] = {
        **said.pop("", {}),
        "language": language,
        "translations": said,
        "code": asset.code,
        "asset_id": asset.id,
        "version": version.number,
        "sha256": version.sha256,
        "filename": version.filename,
        "media_type": version.media_type,
        "usable_until": usable_until,
        "link": link,
    }
    if traits is not None:
        facts |= {name: getattr(traits, name) for name in ("width", "height", "duration_ms", "pages")}
    return AssetDocument.model_validate(facts)
