"""A hub for each module: attacks must not be able to spoil it for one another."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hub.clock import ManualClock
from tests.attacks.rig import Rig


@pytest.fixture(scope="module")
def rig(tmp_path_factory, sqlite_template):
    with ExitStack() as stack:
        yield Rig(stack, tmp_path_factory.mktemp("attacked") / "home", sqlite_template, ManualClock())


@pytest.fixture
def fresh_rig(tmp_path, sqlite_template):
    """A hub for one test alone; `fresh_rig(**settings)` opens it."""
    with ExitStack() as stack:
        yield lambda **settings: Rig(stack, tmp_path / "home", sqlite_template, ManualClock(), **settings)
