"""Which tables there are: every room's `models` module, found by name, so that this storey imports none above it."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

from sqlalchemy import MetaData

import hub
from hub.db.base import Base


def all_tables() -> MetaData:
    """Import the tables of every room and return the metadata that holds them all."""
    for room in pkgutil.iter_modules(hub.__path__, "hub."):
        models = f"{room.name}.models"
        if room.ispkg and importlib.util.find_spec(models):
            importlib.import_module(models)
    return Base.metadata
