"""Finds connectors: the folders beside the SDK, and packages that offer the entry point `damhub.connectors`."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import connectors
from connectors.sdk import protocols
from connectors.sdk.manifest import Capability, Manifest

ENTRY_POINTS = "damhub.connectors"
NOT_CONNECTORS = frozenset({"sdk", "testing"})
PROTOCOLS: Mapping[Capability, type] = {
    Capability.TARGETS: protocols.Targets,
    Capability.PUBLISH: protocols.Publish,
    Capability.UPDATE: protocols.Update,
    Capability.REPLACE: protocols.Replace,
    Capability.REPOINT: protocols.Repoint,
    Capability.WITHDRAW: protocols.Withdraw,
    Capability.FIND: protocols.Find,
    Capability.LOOK: protocols.Look,
    Capability.SUBSCRIBE: protocols.Subscribe,
    Capability.HOLD: protocols.Hold,
    Capability.IMPORT: protocols.Import,
    Capability.CHANGES: protocols.Feed,
    Capability.USAGE: protocols.Usage,
    Capability.NUMBERS: protocols.Numbers,
    Capability.CARDS: protocols.Cards,
}
NEEDS_NO_WORD = frozenset({Capability.CARDS})
"""What most systems lack by their nature: there, no gap need say so."""
WRITES = frozenset(
    {
        Capability.PUBLISH,
        Capability.UPDATE,
        Capability.REPLACE,
        Capability.REPOINT,
        Capability.WITHDRAW,
        Capability.HOLD,
    }
)


class BrokenConnector(TypeError):
    """A connector's declaration and its code do not agree; its author must put that right."""


def discover() -> dict[str, Manifest]:
    """Return every connector's manifest by name, each checked against its code.

    Raises:
        BrokenConnector: a manifest is missing, doubled, or promises what its class does not have.
    """
    found: dict[str, Manifest] = {}
    for manifest in (*_folders(), *_entry_points()):
        if manifest.name in found:
            raise BrokenConnector(f"two connectors are named {manifest.name}")
        problems = faults_of(manifest)
        if problems:
            raise BrokenConnector(f"{manifest.name}: {'; '.join(problems)}")
        found[manifest.name] = manifest
    return found


def _folders() -> Iterable[Manifest]:
    for folder in pkgutil.iter_modules(connectors.__path__):
        if folder.ispkg and folder.name not in NOT_CONNECTORS:
            yield _manifest(_loaded(folder.name), folder.name)


def _entry_points() -> Iterable[Manifest]:
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            value: object = entry.load()
        except Exception as error:
            raise _unloadable(f"the package of {entry.name} ({entry.value})", error) from error
        yield _manifest(value, entry.name)


def _loaded(name: str) -> object:
    try:
        module = importlib.import_module(f"connectors.{name}")
    except Exception as error:
        raise _unloadable(f"connectors/{name}", error) from error
    return getattr(module, "MANIFEST", None)


def _unloadable(what: str, error: Exception) -> BrokenConnector:
    return BrokenConnector(f"{what} cannot be loaded: {type(error).__name__}: {error}")


def _manifest(value: object, name: str) -> Manifest:
    if not isinstance(value, Manifest):
        raise BrokenConnector(f"{name} exports no MANIFEST")
    if value.name != name:
        raise BrokenConnector(f"the connector in {name} calls itself {value.name}")
    return value


def faults_of(manifest: Manifest) -> list[str]:
    """Say where a manifest and its code disagree: empty when they agree."""
    faults: list[str] = []
    for built in classes_of(manifest):
        for capability, protocol in PROTOCOLS.items():
            methods = methods_of(protocol)
            has = [name for name in methods if callable(getattr(built, name, None))]
            if capability in manifest.abilities and len(has) < len(methods):
                faults.append(f"declares {capability} but {built.__name__} lacks {', '.join(methods - set(has))}")
            elif capability not in manifest.abilities and has:
                faults.append(f"{built.__name__} has {', '.join(has)} but {capability} is not declared")
        faults.extend(
            f"{built.__name__} lacks {name}"
            for name in methods_of(protocols.Connector)
            if not callable(getattr(built, name, None))
        )
    for capability, ability in manifest.abilities.items():
        if capability is not Capability.SUBSCRIBE and (capability in WRITES) != (ability.write is not None):
            faults.append(f"{capability} must {'name' if capability in WRITES else 'not name'} how its write behaves")
    for kind, other in manifest.differs.items():
        unknown = sorted(set(other) - set(manifest.abilities))
        faults.extend(f"{capability} differs for a {kind}, and is not declared" for capability in unknown)
    settings = {limit.when.removeprefix("not ") for limit in manifest.limits} - {"", *manifest.settings.model_fields}
    faults.extend(f"a limit holds by the setting {name}, which does not exist" for name in sorted(settings))
    silent = (
        set(Capability) - NEEDS_NO_WORD - set(manifest.abilities) - {Capability(gap) for gap in _known(manifest.gaps)}
    )
    faults.extend(f"no gap says why {capability} is not possible" for capability in sorted(silent))
    return faults


def classes_of(manifest: Manifest) -> tuple[type, ...]:
    """Return the classes that `connect` can build: itself, or what its return annotation names."""
    if inspect.isclass(manifest.connect):
        return (manifest.connect,)
    returned: Any = typing.get_type_hints(manifest.connect).get("return")
    options = typing.get_args(returned) if isinstance(returned, types.UnionType) else (returned,)
    if not all(inspect.isclass(option) for option in options):
        raise BrokenConnector(f"{manifest.name}: connect must name the classes that it returns")
    return options


def methods_of(protocol: type) -> frozenset[str]:
    """Return the names of a protocol's own methods."""
    return frozenset(name for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_")


def _known(gaps: Iterable[str]) -> Iterable[str]:
    names = {str(capability) for capability in Capability}
    return (gap for gap in gaps if gap in names)
