"""How much is read at once: more where more keeps coming, and never past the call's time."""

from __future__ import annotations

import httpcore
import pytest

from connectors.sdk.wire import LARGE_READ, _BoundedStream, time_limit

ASKED = 64 * 1024


class Scripted(httpcore.NetworkStream):
    """A socket that has so many bytes at each turn, and notes how many were asked for."""

    def __init__(self, *there):
        self._there = list(there)
        self.asked = []

    def read(self, max_bytes, timeout=None):
        self.asked.append(max_bytes)
        return bytes(min(max_bytes, self._there.pop(0)))


def test_more_is_read_at_once_while_more_keeps_coming():
    socket = Scripted(10 * ASKED, 10 * ASKED, ASKED - 1, 10)
    stream = _BoundedStream(socket)
    assert [len(stream.read(ASKED)) for _ in range(4)] == [ASKED, LARGE_READ, ASKED - 1, 10]
    assert socket.asked == [ASKED, LARGE_READ, LARGE_READ, ASKED]


def test_who_asks_for_more_gets_as_much_as_asked():
    socket = Scripted(10 * LARGE_READ, 10 * LARGE_READ)
    stream = _BoundedStream(socket)
    assert [len(stream.read(2 * LARGE_READ)) for _ in range(2)] == [2 * LARGE_READ] * 2


def test_nothing_is_read_past_the_calls_time():
    now = iter([0.0, 61.0])
    socket = Scripted(ASKED)
    with time_limit(60, monotonic=lambda: next(now)), pytest.raises(httpcore.ReadTimeout):
        _BoundedStream(socket).read(ASKED)
    assert socket.asked == []
