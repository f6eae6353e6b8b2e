"""In which forms a report is written."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """In which form a report is wanted. Both hold the same signed document."""

    JSON = "json"
    PDF = "pdf"
