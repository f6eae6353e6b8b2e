"""The people of the demo, one for each role, with passwords made at random for this run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from hub.access.actors import Actor, Role
from hub.access.service import Access

NAMES: Final = (
    ("Ada Adler", Role.ADMINISTRATOR),
    ("Emil Engel", Role.EDITOR),
    ("Carla Conti", Role.CONTRIBUTOR),
    ("Viktor Vogt", Role.VIEWER),
)
DOMAIN: Final = "lakeside.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    actor: Actor
    email: str
    password: str = field(repr=False)


def hire(access: Access) -> dict[Role, Person]:
    """Make everybody, the administrator first."""
    hired: dict[Role, Person] = {}
    for name, role in NAMES:
        email, password = f"{name.split()[0].lower()}@{DOMAIN}", _password()
        if role is Role.ADMINISTRATOR:
            actor = access.first_administrator(email=email, name=name, password=password)
        else:
            boss = hired[Role.ADMINISTRATOR].actor
            made = access.create_user(boss, email=email, name=name, role=role, password=password)
            actor = Actor(made.id, name, role)
        hired[role] = Person(actor, email, password)
    return hired


def _password() -> str:
    """Return a password that nobody can guess and anybody can type."""
    return "-".join(("lake", *(secrets.token_hex(2) for _ in range(3))))
