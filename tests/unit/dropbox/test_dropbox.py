"""What Dropbox does otherwise than others, one trap after the other."""

import hashlib
import io
import json

import pytest

from connectors.dropbox import MANIFEST, calls
from connectors.dropbox.hashing import BLOCK, hash_of
from connectors.dropbox.sandbox_tree import FOLDERS, TEAM_FOLDER
from connectors.dropbox.types import Settings
from connectors.sdk.errors import (
    BadAnswer,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RetryLater,
    Unreachable,
)
from connectors.sdk.paging import every
from connectors.sdk.types import ItemKind
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.dropbox.conftest import MARKER, answered, lying, outgoing


def arguments(request):
    return json.loads(request.headers["Dropbox-API-Arg"])


def test_bytes_go_to_one_host_and_everything_else_to_another(dropbox, wire, top):
    receipt = dropbox.publish(top, outgoing())
    dropbox.look(top, receipt.ref)
    dropbox.fetch(receipt.ref, io.BytesIO())
    assert wire.paths() == [
        ("api", "file_properties/templates/list_for_user"), ("api", "file_properties/templates/add_for_user"),
        ("content", "files/upload"), ("api", "file_properties/templates/list_for_user"), ("api", "files/get_metadata"),
        ("content", "files/download"),
    ]  # fmt: skip
    assert {request.url.host for request in wire.sent} == {"api.dropboxapi.com", "content.dropboxapi.com"}
    assert all(request.url.scheme == "https" and "Authorization" in request.headers for request in wire.sent)


def test_another_address_of_the_interface_serves_both():
    assert MANIFEST.further_origins(Settings()) == ("https://content.dropboxapi.com",)
    assert MANIFEST.further_origins(Settings(origin="http://127.0.0.1:1")) == ("http://127.0.0.1:1",)


def test_a_call_without_arguments_says_null(dropbox, wire):
    dropbox.identify()
    assert wire.sent[0].content == b"null"
    assert wire.sent[0].headers["Content-Type"] == "application/json"


def test_arguments_in_a_header_are_plain_ascii(dropbox, wire, top, sandbox):
    receipt = dropbox.publish(top, outgoing(title="Grüße \x7f 日本 🎉"))
    sent = next(one for one in wire.sent if one.url.path.endswith("/upload")).headers["Dropbox-API-Arg"]
    assert sent.isascii()
    assert sent.isprintable()
    assert dropbox.look(top, receipt.ref).fields["title"] == "Grüße \x7f 日本 🎉"


def test_the_top_is_an_empty_path_and_a_folder_is_its_id(dropbox, wire, top):
    dropbox.publish(top, outgoing())
    dropbox.find(top, MARKER)
    folder = dropbox.targets(None).items[1]
    dropbox.publish(folder, outgoing(b"other"))
    uploads = [arguments(one)["path"] for one in wire.sent if one.url.path.endswith("/upload")]
    assert uploads[0].startswith(f"/{MARKER}-")
    assert uploads[1].startswith(f"{folder.ref}/{MARKER}-")
    listed = [json.loads(one.content) for one in wire.sent if one.url.path.endswith("/list_folder")]
    assert not listed[0]["path"]


def test_only_below_a_folder(connect, sandbox):
    path = next(iter(FOLDERS.values()))
    dropbox = connect(folder=path)
    targets = list(every(dropbox.targets))
    assert [one.ref for one in targets] == ["id:folder001AAAAAAAAAA", "id:inner001AAAAAAAAAAA"]
    sandbox.stock("elsewhere.jpg", b"x")
    assert [item.name for item in every(dropbox.inventory)] == ["Inner"]


def test_the_teams_space_is_asked_for_and_its_folders_show(connect, sandbox, wire):
    sandbox.team = True
    assert TEAM_FOLDER not in [one.ref for one in every(connect().targets)]
    wire.sent.clear()
    assert TEAM_FOLDER in [one.ref for one in every(connect(whole_team=True).targets)]
    roots = [json.loads(one.headers["Dropbox-API-Path-Root"]) for one in wire.sent if "list_folder" in one.url.path]
    assert roots[0] == {".tag": "root", "root": "84528192421"}


def test_a_teams_space_that_moved_is_asked_for_again_later(connect, sandbox, wire):
    def moves(request, answer):
        sandbox.team = False
        return answer

    sandbox.team, wire.spoil = True, moves
    with pytest.raises(RetryLater):
        connect(whole_team=True).targets(None)


def test_the_same_bytes_again_are_no_second_file(dropbox, top, sandbox):
    one, two = (dropbox.publish(top, outgoing()) for _ in range(2))
    assert one.ref == two.ref
    assert len(sandbox.ledger.effects(What.MADE)) == 1


def test_other_bytes_in_the_way_are_never_taken_for_ours(dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    sandbox.put_by_hand(ref, b"retouched by hand")
    with pytest.raises(OutcomeUnknown):
        dropbox.publish(top, outgoing())
    assert [copy.ref for copy in dropbox.find(top, MARKER)] == [ref]


def test_bytes_that_somebody_put_there_are_told_as_others(dropbox, top, sandbox):
    sent = outgoing()
    ref = dropbox.publish(top, sent).ref
    assert dropbox.look(top, ref).content_key == sent.content_key
    sandbox.put_by_hand(ref, b"retouched by hand")
    key = dropbox.look(top, ref).content_key
    assert key not in (None, sent.content_key)
    assert dropbox.look(top, ref).sha256 is None, "Dropbox tells no SHA-256"
    dropbox.replace(top, ref, sent)
    assert dropbox.look(top, ref).content_key == sent.content_key


def test_a_moved_or_renamed_copy_is_the_same_copy(dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    sandbox.move(ref, "/", "our logo.png")
    assert dropbox.look(top, ref).marker == MARKER
    assert [copy.ref for copy in dropbox.find(top, MARKER)] == [ref]
    sandbox.move(ref, next(iter(FOLDERS)), "our logo.png")
    assert dropbox.look(top, ref).marker == MARKER


def test_a_copy_that_changed_since_it_was_read_is_not_written_over(dropbox, top, sandbox, wire):
    ref = dropbox.publish(top, outgoing()).ref

    def meanwhile(request, answer):
        if request.url.path.endswith("/get_metadata"):
            sandbox.put_by_hand(ref, b"a moment ago")
        return answer

    wire.spoil = meanwhile
    with pytest.raises(OutcomeUnknown):
        dropbox.replace(top, ref, outgoing(b"new"))
    assert sandbox.copies("/")[0].sha256 == hashlib.sha256(b"a moment ago").hexdigest()


@pytest.mark.parametrize("how", ["refused", "ignored"])
def test_words_that_an_upload_did_not_keep_are_written_afterwards(dropbox, top, sandbox, wire, how):
    dropbox.publish(top, outgoing(b"first"))
    sandbox.keeps_groups = False
    if how == "refused":

        def refused(request, answer):
            wrong = {"error_summary": "properties_error/does_not_fit_template/.", "error": {
                ".tag": "properties_error", "properties_error": {".tag": "does_not_fit_template"}}}  # fmt: skip
            return answered(409, json=wrong) if request.url.path.endswith("/upload") else answer

        wire.spoil = refused
    sent = outgoing(b"second", title="Second")
    ref = dropbox.publish(top, sent).ref
    copy = dropbox.look(top, ref)
    assert (copy.fields["title"], copy.content_key) == ("Second", sent.content_key)


def test_a_group_that_was_taken_away_comes_back(dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    sandbox.ledger.add(What.CHANGED, ref, "/", groups={})
    dropbox.update(top, ref, {"title": "Again"})
    assert dropbox.look(top, ref).fields["title"] == "Again"
    assert dropbox.look(top, ref).marker == MARKER


def test_no_templates_are_never_asked_for_as_an_empty_list(dropbox, top, wire):
    assert dropbox.find(top, MARKER) == ()
    listed = [json.loads(one.content) for one in wire.sent if one.url.path.endswith("/list_folder")]
    assert "include_property_groups" not in listed[0]


def test_the_template_is_made_once(dropbox, top, sandbox, wire):
    for number in range(3):
        dropbox.publish(top, outgoing(b"%d" % number))
    assert [path for _, path in wire.paths()].count("file_properties/templates/add_for_user") == 1
    assert len(sandbox.templates.known) == 1


def test_bytes_that_arrived_otherwise_are_noticed(dropbox, top, wire):
    def other(request, answer):
        if not request.url.path.endswith("/upload"):
            return answer
        return answered(200, json={**answer.json(), "content_hash": "0" * 64})

    wire.spoil = other
    with pytest.raises(OutcomeUnknown):
        dropbox.publish(top, outgoing())


def test_bytes_that_were_damaged_on_their_way_are_sent_again_later(dropbox, top, wire, sandbox):
    sandbox.faults.add(refuse(409, path="upload", body='{"error": {".tag": "content_hash_mismatch"}}'))
    with pytest.raises(Unreachable):
        dropbox.publish(top, outgoing())
    assert not sandbox.copies("/")


@pytest.mark.parametrize(("size", "error"), [(8, OutcomeUnknown), (10, OutcomeUnknown)])
def test_a_source_of_another_size_publishes_nothing(dropbox, top, sandbox, size, error):
    with pytest.raises(error):
        dropbox.publish(top, lying(outgoing(), size=size))
    assert not sandbox.copies("/")


@pytest.fixture
def small(monkeypatch):
    """Let every file over a block be a large one."""
    monkeypatch.setattr(calls, "SINGLE", BLOCK)
    monkeypatch.setattr(calls, "PIECE", BLOCK)


def test_a_large_file_goes_in_pieces_and_stands_with_the_last(small, dropbox, top, sandbox, wire):
    data = bytes(range(256)) * (2 * BLOCK // 256) + b"the end"
    sent = outgoing(data)
    ref = dropbox.publish(top, sent).ref
    steps = [path.rpartition("/")[2] for host, path in wire.paths() if host == "content"]
    assert steps == ["start", "append_v2", "append_v2", "finish"]
    assert sandbox.copies("/")[0].sha256 == sent.sha256
    assert dropbox.look(top, ref).content_key == sent.content_key
    assert [arguments(one)["cursor"]["offset"] for one in wire.sent if "append" in one.url.path] == [0, BLOCK]
    assert not sandbox.sessions.open


def test_a_large_replacement_keeps_the_id(small, dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    sent = outgoing(bytes(BLOCK + 5))
    assert dropbox.replace(top, ref, sent).ref == ref
    assert sandbox.copies("/")[0].sha256 == sent.sha256


@pytest.mark.parametrize("fault", [Fault.DOUBLE, Fault.ERROR_AFTER, Fault.ERROR_BEFORE])
def test_a_piece_whose_answer_is_lost_is_not_lost(small, dropbox, top, sandbox, fault):
    sent = outgoing(bytes(2 * BLOCK + 5))
    sandbox.faults.add(Rule(fault=fault, path="append_v2"))
    dropbox.publish(top, sent)
    assert sandbox.copies("/")[0].sha256 == sent.sha256


@pytest.mark.parametrize("fault", [Fault.DOUBLE, Fault.ERROR_AFTER])
def test_a_finish_whose_answer_is_lost_is_found(small, dropbox, top, sandbox, fault):
    sandbox.faults.add(Rule(fault=fault, path="finish"))
    with pytest.raises(OutcomeUnknown):
        dropbox.publish(top, outgoing(bytes(BLOCK + 5)))
    assert len(dropbox.find(top, MARKER)) == 1


def test_a_session_that_ended_is_begun_anew_later(small, dropbox, top, sandbox):
    sandbox.faults.add(refuse(409, path="append_v2", body='{"error": {".tag": "not_found"}}'))
    with pytest.raises(Unreachable):
        dropbox.publish(top, outgoing(bytes(BLOCK + 5)))
    assert not sandbox.copies("/")


def test_pieces_that_do_not_fit_together_are_no_file(small, dropbox, top, sandbox):
    body = '{"error": {".tag": "incorrect_offset", "correct_offset": 1}}'
    sandbox.faults.add(refuse(409, path="append_v2", body=body))
    with pytest.raises(OutcomeUnknown):
        dropbox.publish(top, outgoing(bytes(BLOCK + 5)))
    assert not sandbox.copies("/")


def test_one_call_takes_150_mib(dropbox, top, sandbox, monkeypatch):
    monkeypatch.setattr("connectors.dropbox.sandbox.SINGLE", 8)
    with pytest.raises(Rejected):
        dropbox.publish(top, outgoing(b"nine bytes"))


def test_a_document_without_bytes_comes_as_an_export(dropbox, sandbox):
    sandbox.write_document("Plan.paper", "# Plan")
    item = next(one for one in every(dropbox.inventory) if one.name == "Plan.paper")
    assert (item.kind, item.size) == (ItemKind.DOCUMENT, None)
    into = io.BytesIO()
    assert dropbox.fetch(item.ref, into).media_type == "text/markdown"
    assert into.getvalue() == b"# Plan"


def test_bytes_that_came_otherwise_are_no_file(dropbox, sandbox, wire):
    ref = sandbox.stock("holiday.jpg", b"as it is there")

    def other(request, answer):
        return answered(200, text="as it is here", headers=dict(answer.headers) | {"Content-Length": "13"})

    wire.spoil = other
    with pytest.raises(BadAnswer):
        dropbox.fetch(ref, io.BytesIO())
    wire.spoil = lambda request, answer: answered(200, text="a page")
    with pytest.raises(BadAnswer):
        dropbox.fetch(ref, io.BytesIO())


def test_a_folder_is_no_file(dropbox):
    with pytest.raises(Rejected):
        dropbox.fetch(next(iter(FOLDERS.values())), io.BytesIO())


def test_the_feed_tells_a_move_as_gone_and_new_with_the_same_id(dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    cursor = dropbox.changes(None).cursor
    sandbox.move(ref, "/", "Renamed.png")
    gone, new = dropbox.changes(cursor).items
    assert gone.gone
    assert gone.ref.startswith(f"/{MARKER}")
    assert (new.ref, new.item.facts["id"], new.item.name) == ("/renamed.png", ref, "Renamed.png")


def test_what_is_imported_knows_its_folder(dropbox, sandbox):
    inner = next(one for one in every(dropbox.inventory) if one.name == "Inner")
    assert inner.parents == ("/folder 001 für anna",)
    assert inner.facts["path"] == "/Folder 001 für Anna/Inner"


def test_an_inventory_whose_place_is_lost_is_no_shorter_one(dropbox, sandbox):
    page = dropbox.inventory(None)
    sandbox.stock("new.jpg", b"x")
    sandbox.lose_feed()
    with pytest.raises(Missing):
        dropbox.inventory(page.cursor)


def test_links_are_uses_and_die_with_the_file(dropbox, top, sandbox):
    ref = dropbox.publish(top, outgoing()).ref
    made = [sandbox.use("/", ref) for _ in range(3)]
    uses = list(every(lambda cursor: dropbox.uses(top, ref, cursor)))
    assert [(use.url, use.public) for use in uses] == [(url, True) for url in made]
    dropbox.withdraw(top, ref)
    with pytest.raises(Missing):
        dropbox.uses(top, ref, None)


@pytest.mark.parametrize("name", ["desktop.ini", "Thumbs.db"])
def test_names_that_dropbox_refuses_are_refused(dropbox, name):
    commit = {"path": f"/{name}", "mode": "add", "property_groups": []}
    with pytest.raises(Rejected):
        dropbox._calls().upload(outgoing(), hash_of(outgoing()), commit)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, "Error in call to API function", Rejected),
        (401, '{"error": {".tag": "missing_scope", "required_scope": "files.metadata.read"}}', Misconfigured),
        (401, '{"error": {".tag": "user_suspended"}}', Misconfigured),
        (403, '{"error": {".tag": "no_permission"}}', Misconfigured),
        (409, '{"error": {".tag": "path", "path": {".tag": "not_found"}}}', Missing),
        (409, '{"error": {".tag": "path", "path": {".tag": "restricted_content"}}}', Rejected),
        (409, '{"error": {".tag": "path", "reason": {".tag": "insufficient_space"}}}', Misconfigured),
        (409, '{"error": {".tag": "path", "reason": {".tag": "too_many_write_operations"}}}', RateLimited),
        (409, '{"error": {".tag": "too_many_write_operations"}}', RateLimited),
        (409, "{}", Rejected),
        (422, '{"error": {".tag": "invalid_root", "invalid_root": {".tag": "user"}}}', Unreachable),
        (429, "<html>slow down</html>", RateLimited),
        (429, '{"error": {"reason": {".tag": "too_many_requests"}}}', RateLimited),
    ],
)
def test_a_refusal_means_what_its_tags_say(dropbox, top, sandbox, status, body, error):
    sandbox.faults.add(refuse(status, path="list_folder", body=body))
    with pytest.raises(error) as raised:
        dropbox.find(top, MARKER)
    assert type(raised.value) is error


def test_a_throttled_call_obeys_its_time(dropbox, sandbox):
    body = '{"error_summary": "too_many_requests/...", "error": {"reason": {".tag": "too_many_write_operations"}}}'
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, status=429, headers={"Retry-After": "300"}, body=body))
    with pytest.raises(RateLimited) as limited:
        dropbox.identify()
    assert limited.value.after_s == 300.0


@pytest.mark.parametrize("auth", MANIFEST.auths[:2])
def test_a_sign_in_asks_for_a_refresh_token_and_for_no_more_than_it_needs(auth):
    server = auth.server(Settings())
    assert server.authorize_more == {"token_access_type": "offline"}
    assert server.pkce
    writes = {"files.content.write", "files.metadata.write"} & set(server.scopes)
    assert bool(writes) is (auth.name == "account")
    assert "sharing.write" not in server.scopes


def test_the_sandbox_refuses_what_is_in_no_contract(sandbox, dropbox, wire):
    there = dropbox._calls()
    for path, sent in (
        ("/2/files/get_metadata", {"path": "/x", "colour": "red"}),
        ("/2/files/list_folder", {"path": "", "limit": 2001}),
        ("/2/files/list_folder", {"path": "", "include_property_groups": {".tag": "filter_all"}}),
    ):
        with pytest.raises(Rejected):
            there.read(path, sent, dict)
    assert len(sandbox.violations) >= 3
