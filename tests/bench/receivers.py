"""Receivers of webhooks in a process of their own: many that answer at once, one that is slow, two that are dead.

Of the dead ones, one takes connections and never answers, and one refuses them.

python -m tests.bench.receivers GOOD     prints their origins as JSON, and serves until it is ended

A GET at the first one tells what came since the last one, whoever it came to: receiver, address, message id and when
(in seconds since 1970).
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from contextlib import suppress

SLOW_S = 5.0
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
BACKLOG = 512


class Receivers:
    """As many servers as there are receivers, each with a port of its own."""

    def __init__(self, good):
        self._good, self._came, self._servers = good, [], []

    async def open(self):
        """Begin to listen; return the origins: the good ones, the slow one, the silent one, the one that refuses."""
        for number in range(self._good + 2):
            self._servers.append(
                await asyncio.start_server(
                    lambda reader, writer, number=number: self._serve(number, reader, writer), "127.0.0.1", 0,
                    backlog=BACKLOG,
                )
            )  # fmt: skip
        self._closed = socket.socket()  # keeps its port to itself, and listens to nobody
        self._closed.bind(("127.0.0.1", 0))
        here = [*(server.sockets[0] for server in self._servers), self._closed]
        return [f"http://127.0.0.1:{each.getsockname()[1]}" for each in here]

    async def _serve(self, number, reader, writer):
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._one(number, reader, writer)
        writer.close()

    async def _one(self, number, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(fields.get("content-length", 0)))
        if head.startswith("GET "):
            told = json.dumps(self._came).encode()
            self._came.clear()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
            return
        self._came.append((number, head.split(" ", 2)[1], fields.get("webhook-id", ""), time.time()))
        if number == self._good + 1:
            await asyncio.Event().wait()
        if number == self._good:
            await asyncio.sleep(SLOW_S)
        writer.write(TAKEN)


async def main(good):
    receivers = Receivers(good)
    sys.stdout.write(json.dumps(await receivers.open()) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
