"""An account's own field mapping: versions, refusals, the way back, and the copies that follow."""

from __future__ import annotations

import threading

import pytest

from hub.access.actors import Actor, Role
from hub.connections.mappings import AccountMappings, spec_of
from hub.connections.models import Connection, MappingVersion, Remote
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from mappings.spec import load_spec, spec_text

EDITOR = Actor("e", "Edda", Role.EDITOR)
VIEWER = Actor("v", "Vito", Role.VIEWER)
OWN = """\
spec: 1
connector: trello
fields:
  - {expression: "join(', ', [title, copyright])", remote: name, transforms: [line], max_length: 100}
"""


@pytest.fixture
def mappings(database, clock):
    return AccountMappings(database, clock)


@pytest.fixture
def account(database):
    with database.unit() as session:
        session.add(Remote(id="r", connector="trello", account_key="k", label="Board", created_at=1))
        session.flush()
        session.add(
            Connection(
                id="c", remote_id="r", owner_id="u", state="live", auth="key", settings={}, granted_scopes=[],
                created_at=1,
            )
        )  # fmt: skip
    return "c"


def test_an_account_begins_with_what_its_connector_comes_with(mappings, account):
    view = mappings.view(EDITOR, account)
    assert (view.number, view.spec, view.versions) == (0, load_spec("trello"), [])
    assert "connector: trello" in view.text


def test_its_own_mapping_counts_and_each_version_can_come_back(mappings, account, admin, database, events):
    saved = mappings.save(admin, account, OWN, note="With the rights", seen=0)
    assert (saved.number, saved.spec.fields[0].max_length) == (1, 100)
    mappings.go_back(admin, account, 0, seen=1)
    again = mappings.go_back(admin, account, 1, seen=2)
    assert [each.number for each in again.versions] == [3, 2, 1]
    assert [each.note for each in again.versions][-1] == "With the rights"
    assert again.spec == saved.spec
    with database.read() as session:
        assert spec_of(session, "r", "trello") == saved.spec
        assert spec_of(session, "another", "trello") == load_spec("trello")
    assert [event.body["number"] for event in events("mapping.changed")] == [1, 2, 3]
    mappings.go_back(admin, account, 0, seen=3)
    assert mappings.view(EDITOR, account).spec == load_spec("trello")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("spec: 1\nconnector: trello\nfields: [", "mapping_not_yaml", "line"),
        (OWN.replace("title", "titel"), "mapping_unknown_name", "title"),
        (OWN.replace("remote: name", "remote: colour"), "mapping_elsewhere", "fills no colour"),
        (OWN.replace("connector: trello", "connector: wordpress"), "mapping_elsewhere", "this is for wordpress"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(mappings, account, admin, text, code, says):
    with pytest.raises(Invalid) as refused:
        mappings.save(admin, account, text, seen=0)
    assert refused.value.code == code
    assert says in refused.value.what
    assert "mapping, line " in refused.value.what
    assert mappings.view(EDITOR, account).number == 0


RULE = "    required_for: [image]\n"
ALT = "  - {field: alt_text, remote: alt_text, owner: both, transforms: [line, html_escape]}\n"
TITLE_ALONE = "spec: 1\nconnector: wordpress\nfields:\n  - {field: title, remote: title, transforms: [line]}\n"


@pytest.mark.parametrize("text", [TITLE_ALONE, TITLE_ALONE + ALT, spec_text("wordpress").replace(RULE, "")])
def test_an_accounts_own_mapping_does_not_do_without_alt_texts(mappings, account, admin, database, text):
    with database.unit() as session:
        session.get_one(Remote, "r").connector = "wordpress"
    with pytest.raises(Invalid) as refused:
        mappings.save(admin, account, text, seen=0)
    assert (refused.value.code, "alt_text" in refused.value.what) == ("mapping_lacks_required", True)
    assert "mapping, line " in refused.value.what
    needed = ALT.replace("html_escape]", "html_escape], required_for: [image, video]")
    assert mappings.save(admin, account, TITLE_ALONE + needed, seen=0).number == 1


def test_only_those_who_connect_change_it_and_viewers_do_not_see_it(mappings, account, admin):
    acts = [
        lambda: mappings.save(EDITOR, account, OWN, seen=0),
        lambda: mappings.go_back(EDITOR, account, 0, seen=0),
        lambda: mappings.view(VIEWER, account),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        mappings.go_back(admin, account, 7, seen=0)
    with pytest.raises(NotFound):
        mappings.view(admin, "nothing")


def test_a_mapping_that_this_hub_cannot_read_any_more_can_be_seen_and_replaced(mappings, account, admin, database):
    with database.unit() as session:
        session.add(
            MappingVersion(remote_id="r", number=1, text="spec: 0", note="", created_by="u", created_at=1)
        )  # fmt: skip
    assert mappings.view(admin, account).text == "spec: 0"
    assert mappings.save(admin, account, OWN, seen=1).number == 2


@pytest.mark.both
def test_of_two_who_save_at_once_one_is_told(mappings, account, admin):
    barrier, told = threading.Barrier(4), []

    def save(number):
        barrier.wait()
        try:
            told.append(mappings.save(admin, account, OWN.replace("100", str(100 + number)), seen=0).number)
        except Conflict as late:
            told.append(late.code)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) == ["1", "mapping_changed", "mapping_changed", "mapping_changed"]
