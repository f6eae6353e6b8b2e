"""Processes of tests that begin at once: forked from one that has read the rooms, and has no thread and no connection.

A process of its own that reads them first (`spawn`) costs a second and a half each.
"""

from __future__ import annotations

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    ["pytest", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "psycopg", "hub.events.log",
     "hub.connections.service", "tests.unit.connections.racing", "tests.unit.connections.hammering"]
)  # fmt: skip
