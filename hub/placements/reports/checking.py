"""Check a signed report without its hub: is it what was signed, by whose key, and are its pages its own?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import Invalid
from hub.placements.reports.document import FORMAT, ReportDocument
from hub.placements.reports.gather import made_with
from hub.placements.reports.pages import lay_out
from hub.placements.reports.signing import AlteredError, Signed, from_text, read, thumbprint

PDF: Final = b"%PDF-"
BEGIN: Final = b'stream\n{"document":{'
END: Final = b"\nendstream"
CHANGED_AROUND: Final = (
    "The signed document in the file is genuine, but the file around it was changed: the pages may say something else. "
    "Rely on the document only."
)


class Verdict(StrEnum):
    """What a check found."""

    GENUINE = "genuine"
    ALTERED = "altered"  # it is no report, or not the one that was signed
    OTHER_KEY = "other_key"  # true to itself, and signed by somebody else's key
    PAGES_ALTERED = "pages_altered"  # the document in it is genuine, the pages around it are not its own


class Pages(StrEnum):
    """What is known of the pages that people read."""

    NONE = "none"  # there are none: it is the JSON
    SAME = "same"  # byte for byte what the document gives
    DIFFER = "differ"
    NOT_COMPARED = "not_compared"  # they were laid out by other versions of the hub or its libraries, or by a stranger


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, for a person and for a program."""

    verdict: Verdict
    says: str
    pages: Pages = Pages.NONE
    key_id: str = ""
    sha256: str = ""
    document: ReportDocument | None = None

    @property
    def genuine(self) -> bool:
        """Tell whether the report may be relied upon."""
        return self.verdict is Verdict.GENUINE


class PublicKey(BaseModel):
    """A key as a hub publishes it."""

    model_config = ConfigDict(extra="ignore")
    x: str
    kid: str
    installation: str = Field(alias="damhub_installation")
    retired_at: str | None = Field(None, alias="damhub_retired_at")


def read_keys(text: str | bytes) -> dict[str, PublicKey]:
    """Read what a hub publishes, or what `damhub evidence key --json` printed.

    Raises:
        Invalid: `no_evidence_keys`: it is something else, or a key does not bear its own name.
    """
    try:
        found = [PublicKey.model_validate(each) for each in json.loads(text)["keys"]]
        misnamed = any(thumbprint(from_text(key.x, 32)) != key.kid for key in found)
    except (ValueError, KeyError, TypeError, AlteredError, RecursionError) as error:
        raise _no_keys() from error
    if misnamed:
        raise _no_keys()
    return {key.kid: key for key in found}


def _no_keys() -> Invalid:
    return Invalid(
        "no_evidence_keys", "These are no public keys of a hub, or one of them does not bear its own name.",
        next_step="Take them from /.well-known/damhub-evidence-keys.json, or by `damhub evidence key --json`.",
    )  # fmt: skip


def check(data: bytes, keys: Mapping[str, PublicKey]) -> Checked:
    """Check a report, JSON or PDF, against the public keys of the hub that it is said to come from."""
    paper = data.startswith(PDF)
    try:
        signed = read(attached(data) if paper else data)
        document = ReportDocument.model_validate(signed.document)
    except (AlteredError, ValidationError) as wrong:
        reason = str(wrong) if isinstance(wrong, AlteredError) else f"It is no document of the form {FORMAT}."
        return Checked(Verdict.ALTERED, f"Do not rely on it. {reason}", Pages.DIFFER if paper else Pages.NONE)
    signature = signed.signature
    if stranger := _stranger(signed, document, keys):
        # Anybody may have written it, dates that are none and a million copies included: nothing of it is laid out.
        pages = Pages.NOT_COMPARED if paper else Pages.NONE
        return Checked(Verdict.OTHER_KEY, stranger, pages, signature.key_id, signature.sha256, document)
    pages = _pages(data, signed, document) if paper else Pages.NONE
    found = Checked(Verdict.GENUINE, _praise(pages), pages, signature.key_id, signature.sha256, document)
    if pages is Pages.DIFFER:
        return replace(found, verdict=Verdict.PAGES_ALTERED, says=CHANGED_AROUND)
    return found


def attached(data: bytes) -> bytes:
    """Return the signed document in a PDF that the hub made. Nothing of the file is interpreted beside this.

    Raises:
        AlteredError: there is none, or more than one.
    """
    if data.count(BEGIN) != 1:
        raise AlteredError(
            "The PDF does not hold one signed document as the hub attaches it. If another program has saved it anew, "
            "save the attached .json file out of it and check that."
        )
    begin = data.index(BEGIN) + len(b"stream\n")
    end = data.find(END, begin)
    if end < 0:
        raise AlteredError("The signed document in the PDF has no end.")
    return data[begin:end]


def _pages(data: bytes, signed: Signed, document: ReportDocument) -> Pages:
    if document.hub.renderer != made_with():
        return Pages.NOT_COMPARED
    return Pages.SAME if lay_out(signed) == data else Pages.DIFFER


def _stranger(signed: Signed, document: ReportDocument, keys: Mapping[str, PublicKey]) -> str:
    """Say why the key is none of those that were given; empty where it is."""
    key = keys.get(signed.signature.key_id)
    claimed = document.hub.installation_id
    if key is None:
        return (
            f"It is signed, but by none of the given keys. It says that it comes from hub {claimed} at "
            f"{document.hub.address}; the given keys are those of hub "
            f"{', '.join(sorted({one.installation for one in keys.values()})) or '(none)'}. Ask that hub for its keys."
        )
    if key.installation != claimed:
        return f"It says that it comes from hub {claimed}, but the key that signed it is of hub {key.installation}."
    if key.retired_at is not None and document.report.made_at > key.retired_at:
        return f"It says that it was made after its key had been retired ({key.retired_at})."
    return ""


def _praise(pages: Pages) -> str:
    said = "The document is byte for byte what the hub signed."
    return {
        Pages.NONE: said,
        Pages.SAME: f"{said} The pages are byte for byte what the document gives.",
        Pages.NOT_COMPARED: f"{said} The pages were laid out by other versions of the hub's libraries, so they were "
        "not compared: rely on the document.",
        Pages.DIFFER: said,
    }[pages]


def facts_of(checked: Checked) -> dict[str, Any]:
    """Return what a check found, for programs."""
    told = checked.document
    found: dict[str, Any] = {
        "verdict": checked.verdict.value, "genuine": checked.genuine, "says": checked.says,
        "pages": checked.pages.value, "key_id": checked.key_id, "sha256": checked.sha256,
    }  # fmt: skip
    if told is not None:
        found |= {
            "hub": told.hub.installation_id, "hub_address": told.hub.address, "damhub": told.hub.damhub,
            "made_at": told.report.made_at, "made_by": told.report.made_by.name, "number": told.report.number,
            "previous_sha256": told.report.previous_sha256, "extent": told.report.extent, "recall": told.recall.id,
            "state": told.recall.state, "asset": told.asset.code,
            "counts": cast("dict[str, int]", told.counts.model_dump()),
        }  # fmt: skip
    return found
