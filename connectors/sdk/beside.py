"""What stands beside a published file where the remote itself holds no texts: a manifest, as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from connectors.sdk.types import Outgoing

MANIFEST_END = ".damhub.json"
"""Is added to the file's whole name."""


class Beside(BaseModel):
    """The manifest beside a file: what the hub says of it. It holds for the bytes that it names, and for no others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    damhub: int = 1  # the version of this shape
    marker: str
    sha256: str
    size: int
    media_type: str = ""
    link: str = ""  # the hub's own address of this copy
    fields: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, outgoing: Outgoing, fields: dict[str, JsonValue]) -> Beside:
        """Say of what goes out."""
        return cls(
            marker=outgoing.marker, sha256=outgoing.sha256, size=outgoing.size, media_type=outgoing.media_type,
            link=outgoing.link, fields=fields,
        )  # fmt: skip

    @classmethod
    def read(cls, text: bytes) -> Beside | None:
        """Read one; None where people left something that is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None
