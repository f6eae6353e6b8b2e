"""A search that looks through the catalogue itself: small enough to be right by reading it."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from sqlalchemy import select

from hub.catalogue.models import Asset
from hub.errors import HubError


class PlainSearch:
    """Finds by words in titles and by exact filters, newest first."""

    def __init__(self, database, catalogue):
        self._database, self._catalogue = database, catalogue

    def query(self, actor, text="", *, filters, sort="newest", limit=60, cursor=None):
        del sort
        with self._database.read() as session:
            ids = list(
                session.scalars(select(Asset.id).where(Asset.deleted_at.is_(None)).order_by(Asset.number.desc()))
            )
        views = []
        for asset_id in ids:
            try:
                views.append(self._catalogue.view(actor, asset_id))
            except HubError:
                continue
        found = [view for view in views if text.lower() in f"{view.title} {view.code}".lower() and _fits(view, filters)]
        facets = {
            "lifecycle": Counter(view.lifecycle.value for view in views),
            "kind": Counter(view.kind for view in views),
            "campaign": Counter(view.fields["campaign"] for view in views if view.fields.get("campaign")),
        }
        start = int(cursor or 0)
        part = found[start : start + limit]
        more = str(start + limit) if len(found) > start + limit else None
        return SimpleNamespace(
            asset_ids=[v.id for v in part],
            total=len(found),
            facets={k: dict(v) for k, v in facets.items()},
            cursor=more,
        )

    def drain(self, owner):
        return 0


def _fits(view, filters):
    facts = {"lifecycle": view.lifecycle.value, "kind": view.kind, "campaign": view.fields.get("campaign")}
    return all(facts.get(name) in wanted for name, wanted in filters.items())
