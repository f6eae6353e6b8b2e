"""A story for each test, on each of the two databases."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.stories.story import Story


@pytest.fixture
def story(tmp_path, database_url, clock):
    with ExitStack() as stack:
        yield Story(stack, tmp_path / "home", database_url, clock)
