"""An asset's texts as one place is told them: in its language, else in what that is a kind of, else in the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.document import TRANSLATED_FIELDS, AssetDocument
from mappings.languages import name_of, with_parents


@dataclass(frozen=True, slots=True)
class Spoken:
    """The facts of a document, its texts in one language where it has them."""

    language: str  # the one that was wanted
    facts: dict[str, Any]
    stand_ins: Mapping[str, str]  # by field, the language of the text that is shown in the stead of a missing one
    unsaid: frozenset[str]  # fields that are empty although another language has a text

    def sentence(self, name: str) -> str:
        """Say what is shown, or not, of a field that has no text in the wanted language; empty where it has one."""
        what = f"No {name_of(self.language)} {name.replace('_', ' ')}"
        several = name == "keywords"
        if name in self.unsaid:
            return f"{what}: none {'are' if several else 'is'} shown, because no other language may stand in"
        if name in self.stand_ins:
            shown = name_of(self.stand_ins[name])
            return f"{what}: the {shown} {'ones are' if several else 'one is'} shown"
        return ""


def speak(document: AssetDocument, languages: Sequence[str], *, fallback: bool = True) -> Spoken:
    """Return a document's facts in a language.

    Args:
        document: the asset.
        languages: in order; each stands for what it is a kind of, too. None at all: the document's own.
        fallback: whether the document's own language stands in where there is no text in any of them.
    """
    wanted = languages[0] if languages else document.language
    order = dict.fromkeys(tag for each in languages or (wanted,) for tag in with_parents(each))
    facts = {**document.model_dump(mode="json", exclude={"translations"}), "language": wanted}
    stand_ins: dict[str, str] = {}
    unsaid: set[str] = set()
    for name in TRANSLATED_FIELDS:
        own = facts[name]
        texts = {tag: own if tag == document.language else _text(document, tag, name) for tag in order}
        shown = next((tag for tag, text in texts.items() if text), None)
        if shown is not None:
            facts[name] = texts[shown]
        elif fallback:
            shown = document.language
        elif own:
            facts[name] = type(own)()
            unsaid.add(name)
        if shown is not None and facts[name] and shown not in with_parents(wanted):
            stand_ins[name] = shown
    return Spoken(wanted, facts, stand_ins, frozenset(unsaid))


def _text(document: AssetDocument, tag: str, name: str) -> str | list[str]:
    """Return a text in another language, empty where there is none."""
    value = document.translations.get(tag, {}).get(name, "")
    return value if isinstance(value, str) else list(value)
