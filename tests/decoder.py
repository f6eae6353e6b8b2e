"""One decoder of pictures for hubs that follow each other: its child process is started once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from hub.media.pool import MediaPool


@contextmanager
def one_decoder():
    """Let every hub that is opened meanwhile have its pictures decoded by the same child process."""
    with pytest.MonkeyPatch.context() as patch, MediaPool(processes=1) as pool:
        patch.setattr("hub.app.compose.MediaPool", lambda *, processes: Lent(pool))
        yield


class Lent:
    """A pool that outlives the hub which closes it."""

    def __init__(self, pool):
        self._pool = pool

    def __getattr__(self, name):
        return getattr(self._pool, name)

    def close(self):
        """Leave it to the next hub."""
