"""One file for each publication, whatever became of its answer: ids are taken before, noted, and used again."""

from dataclasses import replace

import httpx
import pytest

from connectors.google_drive import MANIFEST, uploads
from connectors.google_drive.sandbox_stock import DRIVES
from connectors.google_drive.types import CONTENT, MARKER, NATIVE
from connectors.sdk.errors import BadAnswer, OutcomeUnknown, Rejected, Unreachable
from connectors.sdk.manifest import Capability, Write
from connectors.sdk.paging import every
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What

LARGE = b"z" * (5 * 1024 * 1024 + 1)
PRESS = next(iter(DRIVES))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(uploads, "PIECE", 1024 * 1024)


class Hub:
    """Keeps a publication's note, as the hub does, and tries again with it."""

    def __init__(self, bench, target=None, **more):
        self.bench, self.target, self.notes = bench, target or bench.target, []
        self.sent = replace(bench.outgoing(**more), keep=self.keep)

    def keep(self, note):
        self.notes.append(note)

    @property
    def note(self):
        return self.notes[-1] if self.notes else ""

    def publish(self):
        return self.bench.connector.publish(self.target, replace(self.sent, kept=self.note))

    def lose(self, fault=Fault.LOSE_ANSWER, **more):
        self.bench.sandbox.faults.add(Rule(fault=fault, on="write", times=None, **more))
        with pytest.raises(OutcomeUnknown):
            self.publish()
        self.bench.sandbox.faults.clear()


def created(sandbox):
    return [seen for seen in sandbox.requests if seen.method == "POST" and seen.path == "/upload/drive/v3/files"]


def ask_ids(bench, **query):
    headers = {"Authorization": f"Bearer {bench.sandbox.secrets['access_token']}"}
    return bench.client.get(f"{bench.sandbox.origin}/drive/v3/files/generateIds", params=query, headers=headers)


def make(bench, **about):
    headers = {"Authorization": f"Bearer {bench.sandbox.secrets['access_token']}", "X-Upload-Content-Length": "1"}
    url = f"{bench.sandbox.origin}/upload/drive/v3/files"
    answer = bench.client.post(url, params={"uploadType": "resumable"}, json=about, headers=headers)
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"] if answer.is_error else ""


def test_the_class_of_the_write_says_so():
    assert MANIFEST.abilities[Capability.PUBLISH].write is Write.KEYED
    assert MANIFEST.settles_after_s >= 30  # what is to be taken away is still searched for


def test_an_id_is_noted_before_anything_is_sent_and_is_the_files(bench, sandbox):
    hub = Hub(bench)
    sent_before = []
    hub.sent = replace(hub.sent, keep=lambda note: (hub.keep(note), sent_before.extend(created(sandbox))))
    receipt = hub.publish()
    assert (hub.notes, sent_before, receipt.again) == ([receipt.ref], [], False)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("data", [None, LARGE], ids=["in one call", "in pieces"])
@pytest.mark.parametrize("where", ["My Drive", "shared drive"])
def test_a_lost_answer_and_a_late_search_make_no_second_file(bench, drive, sandbox, data, where):
    shared = next(one for one in every(drive.targets) if one.ref == f"1{PRESS}05@{PRESS}")
    hub = Hub(bench, shared if where == "shared drive" else None, data=data)
    hub.lose(**({"path": "upload_id", "skip": 5} if data else {}))  # the answer to the last piece, and all after it
    sandbox.searches_late = True
    assert drive.find(hub.target, hub.sent.marker) == ()
    receipt = hub.publish()
    assert receipt.again
    assert [one.ref for one in sandbox.copies(hub.target.ref)] == [receipt.ref] == hub.notes
    assert bench.look(receipt.ref).sha256 == hub.sent.sha256


@pytest.mark.parametrize("data", [None, LARGE], ids=["in one call", "in pieces"])
def test_what_was_lost_on_its_way_is_made_under_the_same_id(bench, data):
    hub = Hub(bench, data=data)
    hub.lose(Fault.LOSE_REQUEST, **({"path": "upload_id"} if data else {}))
    assert bench.made() == 0
    receipt = hub.publish()
    assert (bench.made(), receipt.again, [receipt.ref]) == (1, False, hub.notes)


def test_who_died_after_the_write_finds_it_there(bench):
    """The note is all that the next try has of the one before."""
    hub = Hub(bench)
    first = hub.publish()
    second = hub.publish()
    assert (second.ref, second.again, second.parts, second.url) == (first.ref, True, first.parts, first.url)
    assert bench.made() == 1


def test_other_bytes_that_somebody_put_there_meanwhile_are_left_to_the_next_look(bench, sandbox):
    hub = Hub(bench)
    hub.lose()
    sandbox.ledger.add(What.CHANGED, hub.note, hub.target.ref, sha256="0" * 64)
    receipt = hub.publish()
    assert (bench.made(), receipt.again) == (1, True)
    assert bench.look(receipt.ref).sha256 != hub.sent.sha256


@pytest.mark.parametrize("name", [MARKER, CONTENT])
def test_a_file_that_is_not_this_copy_is_never_taken_for_it(bench, sandbox, name):
    hub = Hub(bench)
    hub.lose()
    marks = {MARKER: hub.sent.marker, CONTENT: hub.sent.content_key, name: "another"}
    sandbox.ledger.add(What.CHANGED, hub.note, hub.target.ref, appProperties=marks)
    with pytest.raises(Unreachable):
        hub.publish()
    assert hub.note == ""
    assert hub.publish().ref not in hub.notes[:1]


def test_what_was_made_and_deleted_for_good_is_made_anew_under_another_id(bench, sandbox):
    hub = Hub(bench)
    hub.lose()
    sandbox.vanish(hub.target.ref, hub.note)
    with pytest.raises(Unreachable):
        hub.publish()
    assert hub.note == ""
    receipt = hub.publish()
    assert [one.ref for one in bench.standing(hub.sent.marker)] == [receipt.ref]
    assert receipt.ref != hub.notes[0]


def test_an_id_of_another_account_is_let_go(bench, sandbox):
    hub = Hub(bench)
    hub.lose(Fault.LOSE_REQUEST)
    sandbox.people[sandbox.secrets["access_token"]] = "somebody else"
    with pytest.raises(Unreachable):
        hub.publish()
    assert hub.publish().ref == hub.note


def test_a_refusal_of_the_content_stays_one(bench, sandbox):
    hub = Hub(bench)
    sandbox.faults.add(refuse(400, on="write"))
    with pytest.raises(Rejected):
        hub.publish()
    assert hub.note == ""


def test_a_full_drive_costs_no_id(bench, sandbox):
    hub = Hub(bench)
    sandbox.faults.add(refuse(403, on="write"))
    with pytest.raises(Exception, match="does not allow"):
        hub.publish()
    assert hub.publish().ref == hub.notes[0]


def test_no_id_is_no_answer_and_nothing_is_sent(bench, sandbox):
    hub = Hub(bench)
    sandbox.faults.add(Rule(fault=Fault.LIE, path="generateIds", body='{"ids": []}'))
    with pytest.raises(BadAnswer):
        hub.publish()
    assert (hub.notes, created(sandbox)) == ([], [])


def test_ids_are_given_as_the_contract_says(bench):
    assert len(ask_ids(bench).json()["ids"]) == 10
    told = ask_ids(bench, count=1000, space="appDataFolder").json()
    assert (len(set(told["ids"])), told["space"]) == (1000, "appDataFolder")
    assert len(ask_ids(bench, count=1, type="shortcuts").json()["ids"]) == 1
    for wrong in (
        {"count": 0}, {"count": 1001}, {"space": "photos"}, {"type": "folders"}, {"supportsAllDrives": "true"},
        {"type": "shortcuts", "space": "appDataFolder"},
    ):  # fmt: skip
        assert ask_ids(bench, **wrong).status_code == httpx.codes.BAD_REQUEST, wrong


def test_ids_are_good_for_what_they_were_given_for_alone(bench, sandbox):
    plain, hidden = ask_ids(bench).json()["ids"][0], ask_ids(bench, space="appDataFolder").json()["ids"][0]
    pointing = ask_ids(bench, type="shortcuts").json()["ids"][0]
    for ref in (hidden, pointing, "1" + "a" * 32, "made up", f"{plain[:-1]}x"):
        assert make(bench, id=ref) == (400, "invalid"), ref
    assert make(bench, id=plain, mimeType=f"{NATIVE}document") == (400, "generatedIdNotSupported")
    assert make(bench, id="1doc") == (409, "fileIdInUse")
    assert make(bench, id=plain, mimeType=f"{NATIVE}folder") == (200, "")
    assert make(bench, id=pointing, mimeType=f"{NATIVE}shortcut") == (200, "")
    assert make(bench, id=plain) == (200, "")
    receipt = bench.publish()[1]
    sandbox.vanish(bench.target.ref, receipt.ref)
    assert make(bench, id=receipt.ref) == (409, "fileIdInUse")
