"""What a check is: a stable id, a sentence, the abilities it needs, and a function that raises CheckFailed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Capability, Carries, Manifest
from connectors.testing.conformance.bench import Bench


class CheckFailed(AssertionError):
    """A connector does not do what its contract says."""


class NotApplicable(Exception):
    """This remote has nothing that the check is about."""


Act = Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence that must be true of every connector with these abilities."""

    id: str
    sentence: str
    act: Act
    needs: frozenset[Capability]
    carries: Carries | None = None
    inbound: bool = False
    sets: bool = False  # it is about copies that show several pictures

    def lacks(self, manifest: Manifest) -> str:
        """Say what a connector does not declare and this check is about; empty where the check applies."""
        missing = [capability.value for capability in Capability if capability in self.needs - set(manifest.abilities)]
        if missing:
            return f"it does not declare {missing[0]}"
        if self.carries not in (None, manifest.carries):
            return f"a copy there consists of {'a link' if manifest.carries is Carries.LINK else 'bytes'}"
        if self.sets and not manifest.takes_sets:
            return "a copy there shows one picture"
        return "no webhooks are taken from it" if self.inbound and manifest.inbound is None else ""


CHECKS: dict[str, Check] = {}


def check(
    name: str,
    sentence: str,
    *needs: Capability,
    carries: Carries | None = None,
    inbound: bool = False,
    sets: bool = False,
) -> Callable[[Act], Act]:
    """Register a function as the check of this id."""

    def register(act: Act) -> Act:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name}")
        CHECKS[name] = Check(name, sentence, act, frozenset(needs), carries, inbound, sets)
        return act

    return register


def expect(true: object, otherwise: str) -> None:
    """Fail the check unless something holds."""
    if not true:
        raise CheckFailed(otherwise)


def raises(kind: type[ConnectorError], act: Callable[[], object]) -> ConnectorError:
    """Fail the check unless exactly this kind of error (or a subclass) is raised; return it."""
    try:
        answer = act()
    except kind as error:
        return error
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__} instead of {kind.__name__}: {error.detail}") from error
    raise CheckFailed(f"answered {answer!r} instead of raising {kind.__name__}"[:300])
