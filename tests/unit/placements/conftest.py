"""A world for each test."""

from __future__ import annotations

import pytest

from tests.faults.model.world import World


@pytest.fixture
def world(database, clock):
    return World(database, clock)
