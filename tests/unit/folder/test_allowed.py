"""Which folders may be spoken to is the operator's to say, and nobody else's."""

import pytest
from pydantic import ValidationError

from connectors.folder import MANIFEST
from hub.access.actors import Actor, Role
from hub.access.keyring import Keyring
from hub.app import doctor_ground
from hub.cli.findings import Verdict
from hub.connections.service import Connections
from hub.db.installation import wake
from hub.errors import HubError
from hub.settings import Settings
from tests.unit.folder.conftest import KEY

ADMIN = Actor("user-admin", "Ada", Role.ADMINISTRATOR)


@pytest.fixture
def connections(database, clock, press, tmp_path):
    settings = Settings(home=tmp_path / "home", folders={"press": press})
    wake(database, settings, clock)
    return Connections(database, clock, Keyring.load(settings), {"folder": MANIFEST}, settings)


def test_a_named_folder_is_connected_with_its_key(connections):
    made = connections.connect(ADMIN, "folder", auth="key", settings={"folder": "press"}, secrets={"key": KEY})
    labels = [target.label for target in connections.targets(ADMIN, made.remote_id)]
    assert (made.state, labels) == ("live", [])
    connections.refresh_targets(ADMIN, made.id)
    labels = [target.label for target in connections.targets(ADMIN, made.remote_id)]
    assert sorted(labels) == ["Messe Köln", "Top of the folder"]


def test_another_folder_is_not(connections):
    with pytest.raises(HubError, match="DAMHUB_FOLDERS"):
        connections.connect(ADMIN, "folder", auth="key", settings={"folder": "etc"}, secrets={"key": KEY})


def test_folders_are_read_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DAMHUB_FOLDERS", '{"press": "/mnt/press"}')
    assert str(Settings(home=tmp_path).folders["press"]) == "/mnt/press"


@pytest.mark.parametrize("folder", ["press", "HOME", "HOME/blobs", "HOME/.."])
def test_the_hubs_own_folder_and_what_is_no_whole_path_are_refused(folder, tmp_path):
    home = tmp_path / "home"
    with pytest.raises(ValidationError, match="apart from the hub's own"):
        Settings(home=home, folders={"press": folder.replace("HOME", str(home))})


@pytest.mark.parametrize("name", ["Press", "a.b", "-x", "", "x" * 60])
def test_names_that_are_no_part_of_an_address_are_refused(name):
    with pytest.raises(ValidationError):
        Settings(folders={name: "/mnt/press"})


def test_the_doctor_tells_which_folders_are_not_mounted(press, tmp_path):
    (tmp_path / "empty").mkdir()
    named = {"press": press, "empty": tmp_path / "empty", "gone": tmp_path / "gone"}
    found = list(doctor_ground.folders(Settings(home=tmp_path / "home", folders=named)))
    assert [(one.what.split()[0], one.verdict) for one in found] == [
        ("press", Verdict.GOOD), ("empty", Verdict.LOOK), ("gone", Verdict.LOOK),
    ]  # fmt: skip
