"""A made-up catalogue of any size: words as unevenly spread as in a real one, written in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, islice, pairwise, product

from sqlalchemy import insert

from hub.catalogue.models import Asset, FieldValue, Version
from hub.db.base import new_id
from hub.review.models import Approved, Decision
from hub.storage.models import Blob
from tests.bench.hubs import ADMIN

TEXT = """
lake mountain forest river city harbour bridge market portrait team office product summer winter autumn spring
morning evening night detail landscape aerial street people child family garden kitchen bicycle train station
logo banner poster brochure icon header teaser interview event conference stage speaker audience workshop
factory machine engineer laboratory hospital school student teacher museum theatre concert festival beach island
"""
COMMON = tuple(TEXT.split())
SYLLABLES = ("ba", "do", "fel", "gan", "hir", "jo", "kel", "lum", "mar", "nor", "pel", "quin", "ras", "sol", "tir",
             "zör")  # fmt: skip
KINDS = ("image", "image", "image", "image", "video", "document", "audio")
LIFECYCLES = ("approved",) * 6 + ("draft",) * 2 + ("in_review", "archived")
ENDINGS = {"image": "jpg", "video": "mp4", "document": "pdf", "audio": "mp3"}
SHA256 = "b" * 64
AT = 1_780_000_000_000
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset as people described it."""

    id: str
    number: int
    kind: str
    lifecycle: str
    filename: str
    fields: dict

    @property
    def title(self):
        return self.fields["title"]

    @property
    def body(self):
        """Everything else that is searched through."""
        texts = [self.fields[name] for name in ("description", "alt_text", "campaign", "project", "creator")]
        return "\n".join((f"DAM-{self.number}", self.filename, *texts, *self.fields["keywords"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """One question."""

    text: str
    filters: dict


class Corpus:
    """So many entries, always the same ones for the same seed."""

    def __init__(self, size, chance):
        made_up = ("".join(parts) for parts in product(SYLLABLES, repeat=3))
        self._words = [*COMMON, *islice(made_up, 4_000)]
        # As in real texts, the n-th most frequent word comes up in proportion to 1/n.
        self._weights = list(accumulate(1 / rank for rank in range(3, len(self._words) + 3)))
        self._chance = chance
        self._campaigns = [f"{word.title()} {year}" for word in COMMON[:12] for year in (2024, 2025, 2026)]
        self._projects = [f"Project {word}" for word in self._words[100:170]]
        self._creators = [f"{word.title()} {other.title()}" for word, other in pairwise(SYLLABLES)]
        self.entries = [self._entry(number) for number in range(1, size + 1)]

    def _some(self, count):
        return self._chance.choices(self._words, cum_weights=self._weights, k=count)

    def _entry(self, number):
        chance = self._chance
        kind, title = chance.choice(KINDS), self._some(chance.randint(3, 6))
        fields = {
            "title": " ".join(title).capitalize(),
            "description": " ".join(self._some(chance.randint(8, 16))),
            "alt_text": " ".join(self._some(chance.randint(4, 8))),
            "keywords": sorted(set(self._some(chance.randint(2, 5)))),
            "campaign": chance.choice(self._campaigns),
            "project": chance.choice(self._projects),
            "creator": chance.choice(self._creators),
        }
        filename = f"{title[0]}-{number}.{ENDINGS[kind]}"
        return Entry(new_id(), number, kind, chance.choice(LIFECYCLES), filename, fields)

    def questions(self, count):
        """Ask for what is there: words of one entry's title, every third question still being typed, some filtered."""
        asked, shown = [], [entry for entry in self.entries if entry.lifecycle != "archived"]
        for number in range(count):
            entry = self._chance.choice(shown)
            words = entry.title.lower().split()[: 1 + number % 3]
            if number % 3 == 1:
                words[-1] = words[-1][:4]
            filters = {}
            if number % 2:
                filters["kind"] = [entry.kind]
            if number % 4 == 1:
                filters["campaign"] = [entry.fields["campaign"], self._campaigns[0]]
            asked.append(Asked(" ".join(words), filters))
        return asked

    def write(self, database):
        """Write all into a hub's tables, without events: the index is made from the tables."""
        with database.unit() as session:
            session.execute(insert(Blob), [{"sha256": SHA256, "size": 1, "sniffed_type": "image/jpeg", "state": "kept",
                                            "created_at": AT}])  # fmt: skip
            for start in range(0, len(self.entries), BATCH):
                rows = [_rows(entry) for entry in self.entries[start : start + BATCH]]
                for place, table in enumerate((Asset, Version, FieldValue, Decision, Approved)):
                    if some := [row for of_entry in rows for row in of_entry[place]]:
                        session.execute(insert(table), some)


def _rows(entry):
    """Return what stands in each table for one entry."""
    version_id, decision_id = new_id(), new_id()
    asset = {
        "id": entry.id, "number": entry.number, "kind": entry.kind, "lifecycle": entry.lifecycle, "owner_id": ADMIN.id,
        "current_version_id": version_id, "created_at": AT, "changed_at": AT, "revision": 1,
    }  # fmt: skip
    version = {
        "id": version_id, "asset_id": entry.id, "number": 1, "sha256": SHA256, "size": 1, "media_type": "image/jpeg",
        "filename": entry.filename, "by": ADMIN.id, "at": AT,
    }  # fmt: skip
    values = [
        {"asset_id": entry.id, "field": field, "locale": "", "value": value, "author": "person",
         "author_ref": ADMIN.id, "at": AT, "revision": 1}
        for field, value in entry.fields.items()
    ]  # fmt: skip
    if entry.lifecycle != "approved":
        return [asset], [version], values, [], []
    decision = {
        "id": decision_id, "asset_id": entry.id, "version_id": version_id, "sha256": SHA256, "verdict": "approved",
        "note": "", "by": ADMIN.id, "at": AT,
    }  # fmt: skip
    approved = {
        "asset_id": entry.id, "version_id": version_id, "sha256": SHA256, "decision_id": decision_id, "at": AT,
    }  # fmt: skip
    return [asset], [version], values, [decision], [approved]
