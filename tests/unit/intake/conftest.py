from __future__ import annotations

import pytest

from tests.decoder import one_decoder


@pytest.fixture(autouse=True, scope="package")
def decoding():
    with one_decoder():
        yield
