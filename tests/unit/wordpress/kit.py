"""A connected WordPress connector, and things to send."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api
from connectors.sdk.types import Outgoing
from connectors.sdk.wire import guarded_client
from connectors.wordpress import MANIFEST

MARKER = "dhabc123-abcdefghij0123456789"
FIELDS = {"title": "Hero", "alt_text": "a hero", "caption": "seen", "description": "DAM-1 | (c) us"}


def connected(url, secrets, *, auth="application_password", trusting=(), **settings):
    """A connector that speaks to the site at `url`."""
    chosen = MANIFEST.settings(site_url=url, **settings)
    headers = next(one for one in MANIFEST.auths if one.name == auth).headers(secrets)
    origin = MANIFEST.origin(chosen)
    client = guarded_client(Guard(trusted_origins=[origin, *trusting]))
    return MANIFEST.connect(Api(origin, manifest=MANIFEST, client=client, headers=lambda: headers), chosen)


def picture(width=400, height=300, kind="PNG", colour=(10, 120, 200)):
    """A real picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def outgoing(content=None, *, marker=MARKER, filename="hero.png", fields=None, media_type="image/png"):
    """Something to publish."""
    content = picture() if content is None else content
    digest = hashlib.sha256(content).hexdigest()
    return Outgoing(marker, digest[:12], filename, media_type, len(content), digest, lambda: io.BytesIO(content),
                    "http://hub.test/d/x", dict(FIELDS if fields is None else fields))  # fmt: skip
