from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from hub.access.keyring import Keyring
from hub.access.passwords import Passwords
from hub.access.service import Access

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def passwords():
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def access(database, clock, passwords):
    return Access(database, clock, Keyring([b"k" * 32]), passwords=passwords)


@pytest.fixture
def administrator(access):
    return access.first_administrator(email="Ada@Example.org", name="Ada", password=PASSWORD)
