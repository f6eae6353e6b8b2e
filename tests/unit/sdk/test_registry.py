"""Connectors are found by themselves, and a manifest that promises what its class lacks is refused."""

import importlib.metadata
from dataclasses import replace

import pytest

import connectors
from connectors.sdk.manifest import Ability, Capability, Limit, Write
from connectors.sdk.registry import BrokenConnector, classes_of, discover, faults_of
from connectors.trello import MANIFEST
from connectors.trello.connector import Trello


class Other(Trello):
    pass


def test_the_folders_beside_the_sdk_are_found():
    found = discover()
    assert found["trello"] is MANIFEST
    assert {"sdk", "testing"}.isdisjoint(found)


def test_a_declared_ability_without_its_method_is_a_fault():
    abilities = {**MANIFEST.abilities, Capability.REPLACE: Ability(Write.HARMLESS)}
    assert any(
        "declares replace but Trello lacks replace" in one for one in faults_of(replace(MANIFEST, abilities=abilities))
    )


def test_a_method_without_its_declared_ability_is_a_fault():
    abilities = {key: value for key, value in MANIFEST.abilities.items() if key is not Capability.WITHDRAW}
    faults = faults_of(replace(MANIFEST, abilities=abilities))
    assert any("withdraw is not declared" in one for one in faults)
    assert any("no gap says why withdraw" in one for one in faults)


def test_a_write_must_say_how_it_behaves_and_a_read_must_not():
    abilities = {**MANIFEST.abilities, Capability.PUBLISH: Ability(), Capability.LOOK: Ability(Write.KEYED)}
    faults = faults_of(replace(MANIFEST, abilities=abilities))
    assert "publish must name how its write behaves" in faults
    assert "look must not name how its write behaves" in faults


def test_connect_may_be_a_function_that_names_what_it_returns():
    def connect(api, settings) -> Trello | Other:
        return Trello(api, settings)

    def silent(api, settings):
        return Trello(api, settings)

    class Nameless:
        pass

    assert classes_of(replace(MANIFEST, connect=connect)) == (Trello, Other)
    assert faults_of(replace(MANIFEST, connect=connect)) == []
    with pytest.raises(BrokenConnector):
        classes_of(replace(MANIFEST, connect=silent))
    assert "Nameless lacks identify" in faults_of(replace(MANIFEST, connect=Nameless))


class Entry:
    def __init__(self, name, value):
        self.name = name
        self.value = value

    def load(self):
        return self.value


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("acme", None, "no MANIFEST"),
        ("acme", MANIFEST, "calls itself"),
        ("trello", MANIFEST, "two connectors"),
        ("broken", replace(MANIFEST, name="broken", gaps={}), "no gap says why"),
    ],
)
def test_a_package_that_does_not_fit_is_refused(monkeypatch, name, value, problem):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [Entry(name, value)])
    with pytest.raises(BrokenConnector, match=problem):
        discover()


def test_a_folder_that_cannot_be_loaded_is_named(monkeypatch, tmp_path):
    (tmp_path / "halfway").mkdir()
    (tmp_path / "halfway" / "__init__.py").write_text("from connectors.halfway.connector import MANIFEST\n")
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    with pytest.raises(BrokenConnector, match="connectors/halfway cannot be loaded: ModuleNotFoundError: No module"):
        discover()


def test_a_package_that_cannot_be_loaded_is_named(monkeypatch):
    def load():
        raise ImportError("no module named acme_api")

    entry = Entry("acme", "acme.damhub:MANIFEST")
    entry.load = load
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry])
    with pytest.raises(BrokenConnector, match=r"the package of acme .* ImportError: no module named acme_api"):
        discover()


def test_a_package_that_fits_is_found(monkeypatch):
    extra = replace(MANIFEST, name="extra")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [Entry("extra", extra)])
    assert discover()["extra"] is extra


def test_a_limit_by_a_setting_that_does_not_exist_is_a_fault():
    limits = (Limit(1, 1.0, when="not unheard_of"),)
    assert faults_of(replace(MANIFEST, limits=limits)) == [
        "a limit holds by the setting unheard_of, which does not exist"
    ]
