"""What tests of one process do once instead of each anew; the product does it once, too, or seldom.

A hub has one engine, which compiles each statement once. Every test opens a database of its own: the same few hundred
statements were compiled for each of them, which took up to a sixth of its time.
"""

from __future__ import annotations

import functools
import importlib.metadata

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from hub.access import passwords
from hub.db import unit

MOST = 1_000
"""So many statements are kept compiled; an engine keeps 500 by itself, and sees fewer kinds of work."""
CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
"""Passwords in tests are no secrets."""

_learnt = {}  # by the name of a dialect, the first engine that has spoken to its database
_patch = pytest.MonkeyPatch()


def pytest_configure():
    """Begin to save."""
    make_engine = unit.make_engine
    _patch.setattr(unit, "make_engine", lambda *args, **kwargs: _taught(make_engine(*args, **kwargs)))
    _patch.setattr(passwords, "PasswordHasher", functools.partial(PasswordHasher, **CHEAP))
    for name in ("entry_points", "version"):  # of what is installed: it is the same all the time
        _patch.setattr(importlib.metadata, name, functools.cache(getattr(importlib.metadata, name)))


def pytest_unconfigure():
    """Leave everything as it was."""
    _patch.undo()


def _taught(engine):
    """Return a new engine that knows what the first of its kind learnt of the server, and what that one compiled."""
    kind = engine.dialect.name
    if first := _learnt.get(kind):
        # What is compiled is kept by dialect; a dialect knows the server, and nothing of a single database.
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    else:
        engine._compiled_cache.capacity = MOST
        event.listen(engine, "connect", lambda *_: _learnt.setdefault(kind, engine))
    return engine
