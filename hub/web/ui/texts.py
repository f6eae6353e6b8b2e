"""The described fields of an asset, in one of its languages: what the form shows, and what it brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.catalogue.languages import locale_of
from mappings.document import TRANSLATED_FIELDS
from mappings.languages import called, name_of, reads_right_to_left

if TYPE_CHECKING:
    from hub.catalogue.metadata import Value
    from hub.catalogue.views import AssetView

LABELS: Final = {
    "title": ("Title", "What people search for."),
    "description": ("Description", "What it shows and what it is for."),
    "alt_text": ("Alt text", "What somebody who cannot see it should hear. Goes into channels."),
    "keywords": ("Keywords", "Separated by commas."),
    "creator": ("Creator", "Who made it."),
    "credit": ("Credit", "The line that must stand beside it."),
    "copyright": ("Copyright", "Who holds the rights."),
    "campaign": ("Campaign", "What it was made for."),
    "project": ("Project", "Which project it belongs to."),
}
LONG: Final = frozenset({"description", "alt_text", "copyright"})
OFFERED: Final = (
    "ar", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "nb", "nl", "pl", "pt", "pt-BR", "ro", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh-Hans",
    "zh-Hant",
)  # fmt: skip
"""Languages that the form offers to be added; it takes every other one by its tag or name."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language that can be chosen."""

    tag: str
    name: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the form."""

    name: str
    label: str
    hint: str
    value: str
    long: bool
    own: str = ""  # the text in the catalogue's own language, beside a translation


def section(view: AssetView, wanted: str) -> dict[str, Any]:
    """Return what the page shows of an asset's texts in a language; empty: the catalogue's own.

    Raises:
        Invalid: `unknown_language`.
    """
    locale = locale_of(called(wanted), view.language)
    shown = locale or view.language
    tags = dict.fromkeys((view.language, *view.translations, shown))
    return {
        "form": _entries(view, locale),
        "locale": locale,
        "spoken": Tongue(shown, name_of(shown)),
        "own": Tongue(view.language, name_of(view.language)),
        "direction": "rtl" if reads_right_to_left(shown) else "ltr",
        "own_direction": "rtl" if reads_right_to_left(view.language) else "ltr",
        "untold": bool(locale) and locale not in view.translations,
        "tongues": [Tongue(tag, name_of(tag), tag == shown) for tag in tags],
        "offered": tongues(tag for tag in OFFERED if tag not in tags),
    }


def tongues(tags: Iterable[str]) -> list[Tongue]:
    """Return languages with their names, by name, each once."""
    return sorted((Tongue(tag, name_of(tag)) for tag in dict.fromkeys(tags)), key=lambda each: each.name)


def given(form: Mapping[str, str]) -> dict[str, object]:
    """Return the values that a form brings."""
    values: dict[str, object] = {name: form[name].strip() for name in LABELS if name in form}
    if "keywords" in values:
        values["keywords"] = [part.strip() for part in str(values["keywords"]).split(",") if part.strip()]
    return values


def _entries(view: AssetView, locale: str) -> list[Entry]:
    values = view.translations.get(locale, {}) if locale else view.fields
    return [
        Entry(
            name, label, hint, _line(values.get(name, "")), name in LONG,
            own=_line(view.fields.get(name, "")) if locale else "",
        )
        for name, (label, hint) in LABELS.items()
        if not locale or name in TRANSLATED_FIELDS
    ]  # fmt: skip


def _line(value: Value) -> str:
    return ", ".join(value) if isinstance(value, list) else value
