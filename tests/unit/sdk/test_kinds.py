"""What can be done differs between kinds of targets, and is declared so."""

from dataclasses import replace

from connectors.sdk.manifest import Ability, Capability, Write
from connectors.sdk.registry import faults_of
from connectors.sdk.types import Level
from connectors.testing.pinboard import MANIFEST

SAID = Ability(Write.KEYED, Level.SAID, repeatable_s=60.0)


def test_a_kind_has_other_abilities_or_lacks_some_and_all_else_stays():
    manifest = replace(MANIFEST, differs={"wall": {Capability.PUBLISH: SAID, Capability.LOOK: None}})
    there = manifest.at("wall")
    assert there.abilities[Capability.PUBLISH] is SAID
    assert set(there.abilities) == set(MANIFEST.abilities) - {Capability.LOOK}
    assert there.title == MANIFEST.title
    assert manifest.at("board").abilities == MANIFEST.abilities
    assert not faults_of(manifest)


def test_an_ability_that_differs_must_be_declared_at_all():
    abilities = {name: ability for name, ability in MANIFEST.abilities.items() if name is not Capability.NUMBERS}
    manifest = replace(MANIFEST, abilities=abilities, differs={"wall": {Capability.NUMBERS: Ability()}})
    assert "numbers differs for a wall, and is not declared" in faults_of(manifest)
