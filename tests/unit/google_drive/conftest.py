"""A made-up Drive behind the bench of the conformance suite."""

import pytest

from connectors.google_drive import MANIFEST
from connectors.testing.conformance.bench import bench_for


@pytest.fixture
def bench():
    with bench_for(MANIFEST) as made:
        yield made


@pytest.fixture
def drive(bench):
    return bench.connector


@pytest.fixture
def sandbox(bench):
    return bench.sandbox
