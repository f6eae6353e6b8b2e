"""Texts and times as Postiz writes them: paragraphs of HTML, and UTC with milliseconds."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

_BREAKS = re.compile(r"</p>\s*<p[^>]*>|<br\s*/?>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_html(text: str) -> str:
    """Return a text as paragraphs; nothing stays nothing."""
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in text.split("\n")) if text else ""


def as_text(content: str) -> str:
    """Return what paragraphs say; what people there made bold or linked loses only that."""
    return html.unescape(_TAGS.sub("", _BREAKS.sub("\n", content)))


def written(at: datetime) -> str:
    """Return an instant as Postiz answers it. Without a zone it would be taken for UTC as well; better said."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(milliseconds: int) -> datetime:
    """Return the instant of UTC milliseconds."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime) -> int:
    """Return an instant as UTC milliseconds; one without a zone is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(milliseconds=1)
