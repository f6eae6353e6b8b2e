"""Assertions of tests, rewritten once before the workers of a run side by side begin.

pytest rewrites the assertions of each file of tests when it reads it, and keeps the outcome for the next time. Workers
that begin together where nothing is kept yet, as in CI, did the same work each, for ten seconds.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

from _pytest.assertion import rewrite


def pytest_sessionstart(session):
    """Rewrite what the workers will read, before there are any."""
    config = session.config
    if not config.getoption("numprocesses", None) or sys.dont_write_bytecode or hasattr(config, "workerinput"):
        return
    wanted = {path for argument in config.args for path in _files(Path(argument.partition("::")[0]))}
    stale = [path for path in sorted(wanted) if rewrite._read_pyc(path, _kept(path)) is None]
    if len(stale) > 1:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            list(pool.map(keep, stale, chunksize=4))


def keep(path):
    """Rewrite a file as pytest does, and keep the outcome where it looks for it."""
    if rewrite.try_makedirs(_kept(path).parent):
        source_hash, code = rewrite._rewrite_test(path, None)
        rewrite._write_pyc(SimpleNamespace(trace=str), code, source_hash, _kept(path))


def _files(where):
    where = where.absolute()
    return [where] if where.is_file() else [*where.rglob("test_*.py"), *where.rglob("conftest.py")]


def _kept(path):
    return rewrite.get_cache_dir(path) / (path.stem + rewrite.PYC_TAIL)
