"""The companion plugin on real WordPress: what happens there arrives, signed, at a listener."""

from __future__ import annotations

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from connectors.wordpress import MANIFEST
from tests.unit.wordpress.kit import connected, outgoing

pytestmark = pytest.mark.service("wordpress")
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def listener():
    arrived: queue.Queue = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.put((dict(self.headers.items()), sent))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/1", arrived
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_change_of_an_item_arrives_signed(wordpress, listener):
    address, arrived = listener
    wordpress.options(damhub_helper_url=address, damhub_helper_secret=SECRET)

    def hint():
        headers, body = arrived.get(timeout=20)
        MANIFEST.inbound.verify(secret=SECRET, url=address, headers=headers, body=body)
        return MANIFEST.inbound.read(headers, body)

    site = connected(wordpress.url, wordpress.secrets())
    target = site.targets(None).items[0]
    ref = site.publish(target, outgoing(marker="dhhelper-abcdefghij0123456789")).ref
    first = hint()
    assert (first.kind, first.refs, first.ours) == ("attachment.added", (ref,), True)
    site.update(target, ref, {"alt_text": "new"})
    assert (second := hint()).kind == "attachment.updated"
    assert second.delivery_key != first.delivery_key
    by_hand = httpx.delete(f"{wordpress.url}/wp-json/wp/v2/media/{ref}?force=true",
                           auth=wordpress.admin, timeout=30)  # fmt: skip
    assert by_hand.status_code == 200
    last = hint()
    assert (last.kind, last.refs, last.ours) == ("attachment.deleted", (ref,), False)
    wordpress.options(damhub_helper_url="")
    assert "damhub-helper" not in wordpress.complaints
