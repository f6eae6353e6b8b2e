"""By which links a copy can be opened, folders above it included, and how many people share its folder."""

import json

import pytest

from connectors.dropbox.sandbox_sharing import member
from connectors.dropbox.sandbox_tree import FOLDERS
from connectors.dropbox.usage import UNTOLD
from connectors.sdk.errors import AuthExpired, Unreachable
from connectors.sdk.paging import every
from connectors.sdk.types import Target
from connectors.testing.faults import refuse
from tests.unit.dropbox.test_dropbox import outgoing

FOLDER = "id:inner001AAAAAAAAAAA"
PATH = FOLDERS[FOLDER]
ABOVE = PATH.rpartition("/")[0]


@pytest.fixture
def copy(dropbox):
    """A copy in a folder of a folder."""
    return dropbox.publish(Target("folder", FOLDER, "Inner"), outgoing()).ref


def uses(dropbox, ref):
    return list(every(lambda cursor: dropbox.uses(Target("folder", FOLDER, "Inner"), ref, cursor)))


def test_links_to_folders_above_are_told_and_those_to_others_are_not(dropbox, sandbox, copy):
    direct = sandbox.use(FOLDER, copy)
    sandbox.sharing.folder_links = {
        PATH: ["https://www.dropbox.com/scl/fo/inner"],
        ABOVE: [f"https://www.dropbox.com/scl/fo/{n}" for n in range(3)],
        "/Folder 002 für Anna": ["https://www.dropbox.com/scl/fo/elsewhere"],
    }  # fmt: skip
    found = {(use.kind, use.url, use.public) for use in uses(dropbox, copy)}
    above = {("folder_link", url, True) for path in (PATH, ABOVE) for url in sandbox.sharing.folder_links[path]}
    assert found == {("shared_link", direct, True)} | above
    assert {use.label for use in uses(dropbox, copy)} == {"A link", "Inner", "Folder 001 für Anna"}
    assert not sandbox.violations


def test_nobody_shares_what_lies_in_no_shared_folder(dropbox, sandbox, copy):
    sandbox.sharing.shared["/Folder 002 für Anna"] = {"users": [member(1)]}
    assert uses(dropbox, copy) == []


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ({"users": [member(0, "owner")]}, []),
        ({"users": [member(0, "owner"), member(1)]}, ["Its folder is shared with 1 person"]),
        ({"users": [member(0, "owner"), *map(member, range(1, 6))], "groups": [member(7), member(8)],
          "invitees": [member(9)]},
         ["Its folder is shared with 5 people, 2 groups, 1 who have not said yes yet"]),
    ],
)  # fmt: skip
def test_who_shares_a_folder_is_counted_and_not_named(dropbox, sandbox, copy, who, told):
    sandbox.sharing.shared[ABOVE] = who
    found = uses(dropbox, copy)
    assert [use.label for use in found] == told
    assert all((use.kind, use.ref, use.public) == ("sharing", "people", False) for use in found)
    assert not sandbox.violations


@pytest.mark.parametrize("why", ["app_folder", "left"])
def test_where_the_app_may_not_ask_that_is_said_and_links_are_told(dropbox, sandbox, copy, why):
    url = sandbox.use(FOLDER, copy)
    sandbox.sharing.shared[ABOVE] = {"users": [member(1)]}
    setattr(sandbox.sharing, why, True)
    assert [(use.ref, use.label) for use in uses(dropbox, copy)] == [(url, "A link"), ("untold", UNTOLD)]


def test_a_failure_is_not_taken_for_nobody(dropbox, sandbox, copy):
    sandbox.sharing.shared[ABOVE] = {"users": [member(1)]}
    sandbox.faults.add(refuse(503, path="list_folder_members", times=None))
    with pytest.raises(Unreachable):
        uses(dropbox, copy)
    sandbox.faults.clear()
    body = json.dumps({"error_summary": "expired_access_token/", "error": {".tag": "expired_access_token"}})
    sandbox.faults.add(refuse(401, path="list_folder_members", times=None, body=body))
    with pytest.raises(AuthExpired):
        uses(dropbox, copy)
