from __future__ import annotations

import pytest

from hub.access.actors import Role
from hub.access.keyring import Keyring
from hub.access.models import User
from hub.access.service import Access
from hub.db.installation import wake
from hub.errors import Conflict, Forbidden
from hub.settings import Settings
from tests.unit.access.conftest import PASSWORD

ADA = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}


def people(database):
    with database.read() as unit:
        return unit.query(User).count()


def test_the_code_makes_the_first_administrator(access, database):
    made = access.first_run(f" {access.first_run_code()}\n", **ADA)
    assert made.role is Role.ADMINISTRATOR
    assert people(database) == 1


@pytest.mark.parametrize("change", [str.swapcase, lambda code: code[:-1], lambda _: "", lambda _: "\u00e9\ud800\0"])
def test_another_code_does_nothing(access, database, change):
    with pytest.raises(Forbidden) as refused:
        access.first_run(change(access.first_run_code()), **ADA)
    assert refused.value.code == "first_run_code_wrong"
    assert refused.value.next_step
    assert people(database) == 0


def test_the_code_is_worth_nothing_once_somebody_is_there(access, database):
    code = access.first_run_code()
    access.first_run(code, **ADA)
    assert access.first_run_code() is None
    with pytest.raises(Conflict) as refused:
        access.first_run(code, **ADA | {"email": "eve@example.org"})
    assert refused.value.code == "hub_has_users"
    assert people(database) == 1


def test_every_process_tells_the_same_code(access, database, clock, passwords):
    other = Access(database, clock, Keyring([b"k" * 32]), passwords=passwords)
    assert other.first_run_code() == access.first_run_code()
    assert other.first_run(access.first_run_code(), **ADA)


def test_the_code_stays_good_when_the_key_is_rotated(access, database, clock, passwords):
    rotated = Access(database, clock, Keyring([b"n" * 32, b"k" * 32]), passwords=passwords)
    assert rotated.first_run_code() != access.first_run_code()
    assert rotated.first_run(access.first_run_code(), **ADA)


def test_each_hub_has_a_code_of_its_own(access, database, clock, tmp_path, passwords):
    before = access.first_run_code()
    wake(database, Settings(home=tmp_path / "elsewhere"), clock)
    assert access.first_run_code() != before
    assert (
        Access(database, clock, Keyring([b"o" * 32]), passwords=passwords).first_run_code() != access.first_run_code()
    )


def test_a_wrong_code_costs_no_password_hash(access, monkeypatch):
    monkeypatch.setattr(access._passwords, "hash", lambda password: pytest.fail("hashed"))
    with pytest.raises(Forbidden):
        access.first_run("guess", **ADA)
