"""A hub with something of everything in it, which can be put back to how it was in a moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import asdict

from hub.access.actors import Role
from hub.db.installation import wake
from hub.intake.models import FoundItem
from hub.notify.endpoints import first_secret
from hub.notify.models import Delivery, DeliveryAttempt, Endpoint
from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.links import placement_link
from hub.placements.models import Attempt, Binding, Exchange, FieldConflict, Placement
from tests.web_hub import picture

ASKERS = ("nobody", "viewer", "contributor", "editor", "administrator", "reader")
"""Who asks: nobody, a person of each role, and an administrator's token that may only read."""


class World:
    """One hub, its people's clients, and the names of the things in it."""

    def __init__(self, hub, path):
        self.hub, self._path = hub, path
        self._watch = None
        wake(hub.database, hub.settings, hub.clock)
        self._furnish()
        self.names = self._names()
        assert hub.services.access.token_actor(self.token_secret)  # notes its first use
        self.cookies = {}
        for role in Role:
            client = hub.client(role)
            self.cookies[str(role)] = (client.get_cookie("damhub_session").value, client.csrf)
        self._began = hub.clock.now()
        hub.database.dispose()
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._kept = path.read_bytes()

    def _furnish(self):
        hub, rooms = self.hub, self.hub.services
        admin, editor = hub.people[Role.ADMINISTRATOR], hub.people[Role.EDITOR]
        self.asset = hub.approved(picture(1, (300, 200)), title="Winter lake")
        self.draft = hub.upload(picture(2, (300, 200)), title="Draft of a hill", role=Role.CONTRIBUTOR)
        self.secret_draft = hub.upload(picture(3, (300, 200)), title="Unseen", role=Role.EDITOR)
        self.deleted = hub.upload(picture(4, (300, 200)), title="Deleted", role=Role.EDITOR)
        rooms.catalogue.delete(editor, self.deleted.id)
        self.target = hub.target("trello", "Card")
        self.blog = hub.target("wordpress", "Press", "press.example.com")
        self.copy = hub.copy(self.asset, self.target, level="seen")
        self.used = hub.copy(self.secret_draft, self.blog)
        self.counted = hub.copy(self.secret_draft, hub.target("postiz", "Page"))
        self.removed = hub.copy(
            self.asset, hub.target("trello", "Old card"), phase="settled", settled_at=1, settled_reason="removed_there"
        )
        with hub.database.unit() as session:
            self._attempt(session)
            session.add(self._conflict())
            session.add(self._proposal())
        self.connection = next(one for one in rooms.connections.list(admin) if one.connector == "trello")
        self.term = rooms.rights.add_term(editor, self.draft.id, source="licence", effect="allow", until_at=10**13)
        self.hold = rooms.rights.preservations.hold(editor, self.asset.id, "Lawsuit.")
        self.link = rooms.delivery.make_link(editor, self.asset.id, "web")
        other = hub.approved(picture(5, (300, 200)), title="Recalled")
        self.recall = rooms.placements.recall(editor, other.id, "It must go.")
        self.token, self.token_secret = rooms.access.issue_token(admin, label="reads", scopes=["read"], days=30)
        self._endpoint()
        self._binding()
        self._found()

    def _binding(self):
        with self.hub.database.unit() as session:
            session.add(
                Binding(
                    id="binding-1", name="Launch", remote_id=self.connection.remote_id, board_ref="b",
                    board_label="Board", takes=asdict(Takes()), source=asdict(Source("campaign", "Lake")),
                    names=asdict(Names()), withdraw_policy="remove", state="dry", author_id="x", created_at=1,
                    ended_at=None, due_at=1,
                )
            )  # fmt: skip

    def _found(self):
        """Let something stand at the connection's remote that the hub did not put there."""
        with self.hub.database.unit() as session:
            session.add(
                FoundItem(
                    id="found-1", remote_id=self.connection.remote_id, external_id="card/file", copy_ref="file",
                    kind="file", name="holiday.jpg", filename="", url="", place="", parent="", size=7, media_type="",
                    external_rev="1", sha256=None, marker="", seen_at=1, seen_round=1, whose="stranger", how="none",
                    match_failures=0, act="none", act_state="none", act_failures=0, problem_code="", problem="",
                )
            )  # fmt: skip

    def _conflict(self):
        return FieldConflict(
            id="conflict-1", placement_id=self.copy.id, asset_id=self.asset.id, field="name", name="title", locale="",
            reason="both", base="Lake", ours="Winter lake", kept="Winter lake", theirs="Lake in winter",
            theirs_there="Lake in winter", ours_by=self.hub.people[Role.EDITOR].id, ours_author="person", ours_at=1,
            noticed_at=2, value="",
        )  # fmt: skip

    def _proposal(self):
        return Exchange(
            id="proposal-1", placement_id=self.copy.id, asset_id=self.asset.id, version_id=self.asset.version_id,
            ref="7", item_ref="7", content_key="abc", state="open", sha256=self.asset.sha256, size=7,
            media_type="image/png", filename="lake.png", preview_sha256=self.asset.sha256, noticed_at=2, failures=0,
            problem_code="", problem="",
        )  # fmt: skip

    def _attempt(self, session):
        row = session.get_one(Placement, self.copy.id)
        session.add(
            Attempt(
                id="attempt-1", placement_id=row.id, generation=1, op="publish", step="publish", write="findable",
                intended_at=1, answered_at=2, outcome="done", detail={},
            )
        )  # fmt: skip

    def _endpoint(self):
        secret, sealed = first_secret(self.hub.keyring, "endpoint-1")
        self.endpoint_secret = secret
        with self.hub.database.unit() as session:
            session.add(
                Endpoint(
                    id="endpoint-1", url="https://93.184.216.34/hook", sealed_secrets=sealed, kinds=["asset.approved"],
                    state="live", off_reason="", failing_since=None, created_at=1, created_by="x",
                )
            )  # fmt: skip
            session.flush()
            session.add(
                Delivery(
                    endpoint_id="endpoint-1", event_id="sent-1", kind="asset.approved", body="{}", due_at=1, attempt=1,
                    state="delivered", last_answer="HTTP 204", ended_at=2,
                )
            )  # fmt: skip
            session.add(
                DeliveryAttempt(
                    id="try-1", endpoint_id="endpoint-1", event_id="sent-1", at=2, took_ms=5, status=204,
                    answer="HTTP 204",
                )
            )  # fmt: skip

    def _names(self):
        return {
            "asset": self.asset.id, "code": self.asset.code, "version": self.asset.version_id,
            "sha256": self.asset.sha256, "draft": self.draft.id, "draft_code": self.draft.code,
            "draft_version": self.draft.version_id, "draft_sha256": self.draft.sha256,
            "secret": self.secret_draft.id, "secret_version": self.secret_draft.version_id,
            "deleted": self.deleted.id, "target": self.target.id, "blog": self.blog.id, "copy": self.copy.id,
            "used": self.used.id, "counted": self.counted.id, "removed": self.removed.id, "conflict": "conflict-1",
            "proposal": "proposal-1",
            "hold": self.hold.id, "deleted_code": self.deleted.code,
            "connection": self.connection.id, "term": self.term.id, "link": self.link.id,
            "card": self._card_link(),
            "signed": self.link.url.rpartition("/")[2], "recall": self.recall.id, "token": self.token,
            "user": self.hub.people[Role.VIEWER].id, "endpoint": "endpoint-1", "sent": "sent-1", "notice": "notice-1",
            "binding": "binding-1", "found": "found-1",
        }  # fmt: skip

    def _card_link(self):
        """Return the last part of the address of the copy on a card."""
        address = placement_link(self.copy.marker, base_url="", keyring=self.hub.keyring)
        return address.rpartition("/")[2]

    def restore(self):
        """Put the database and the clock back."""
        self.hub.clock.advance(self._began - self.hub.clock.now())
        if self._watch is not None and self._written() == self._written_at_first:
            return
        self.close()
        self.hub.database.dispose()
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._path.write_bytes(self._kept)
        self._watch = sqlite3.connect(self._path, check_same_thread=False)
        self._written_at_first, self._read_at = self._written(), None

    def client(self, asker):
        """Return a client for one of `ASKERS`."""
        client = self.hub.app.test_client()
        if asker == "reader":
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token_secret}"
        elif asker != "nobody":
            cookie, client.csrf = self.cookies[asker]
            client.set_cookie("damhub_session", cookie)
            client.environ_base["HTTP_X_CSRF_TOKEN"] = client.csrf
        return client

    def contents(self):
        """Return everything that is in the database; it is read anew only when somebody wrote since."""
        if (written := self._written()) != self._read_at:
            self._read_at, self._read = written, _everything(self._watch)
        return self._read

    def _written(self):
        """Return what is another number after others have written."""
        return self._watch.execute("PRAGMA data_version").fetchone()[0]

    def close(self):
        """Let go of the database."""
        if self._watch is not None:
            self._watch.close()


def _everything(database):
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in sorted(tables)}
