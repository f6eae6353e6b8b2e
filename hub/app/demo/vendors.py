"""The outside systems of the demo, and what is true there: asked without the hub, by the demo's own eyes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.testing.ledger import living, read_ledger
from hub.app.demo.stage import Served
from hub.connections.views import TargetView
from hub.placements.ports import Viewed, Viewer

WP_API: Final = "/wp-json/wp/v2"
IN_POST: Final = (
    '<!-- wp:image {{"id":{0}}} --><figure class="wp-block-image"><img src="{1}" alt="" class="wp-image-{0}"/></figure>'
    "<!-- /wp:image -->"
)


class Vendor:
    """One connected system with the place in it where copies go."""

    def __init__(self, served: Served, target: TargetView, visitor: Viewer) -> None:
        """Remember where the truth is to be asked."""
        self.served, self.target = served, target
        self.manifest: Manifest = discover()[served.connector]
        self._visitor = visitor

    @property
    def title(self) -> str:
        """Return its name for people."""
        return self.manifest.title

    @property
    def carries_links(self) -> bool:
        """Tell whether a copy is a link to the hub, not bytes."""
        return self.manifest.carries.value == "link"

    @property
    def agrees(self) -> str:
        """Say who was asked for the truth, when it is as it should be."""
        return "its ledger agrees" if self.served.ledger else "its pages agree"

    def visit(self, url: str) -> Viewed:
        """Open an address as anybody could."""
        return self._visitor.view(url)

    def shown(self, marker: str) -> list[str]:
        """Return the hash of the bytes that each copy under this marker shows there in truth."""
        if self.served.ledger is None:
            return [self.visit(item["source_url"]).sha256 for item in self._items(marker)]
        standing = living(read_ledger(self.served.ledger)).values()
        ours = [facts for facts in standing if marker in json.dumps(facts)]
        return [facts.get("sha256") or self.visit(facts["url"]).sha256 for facts in ours]

    # WordPress

    def write_post(self, marker: str, title: str) -> int:
        """Let an editor there use the copy in a post; return the post's id."""
        (item,) = self._items(marker)
        content = IN_POST.format(item["id"], item["source_url"])
        sent = {"title": title, "content": content, "status": "publish"}
        return int(self._asked(lambda api: api.post(f"{WP_API}/posts", dict[str, Any], json=sent))["id"])

    def post_shows(self, post: int, marker: str) -> bool:
        """Tell whether a post's content still has the copy, in its present version."""
        query = {"context": "edit"}
        found = self._asked(lambda api: api.get(f"{WP_API}/posts/{post}", dict[str, Any], query=query))
        content: str = found["content"]["raw"]
        current = [item["source_url"] for item in self._items(marker)]
        return "wp-image" in content and (not current or any(url in content for url in current))

    def _items(self, marker: str) -> Sequence[dict[str, Any]]:
        query = {"search": marker, "context": "edit"}
        found = self._asked(lambda api: api.get(f"{WP_API}/media", list[dict[str, Any]], query=query))
        return [item for item in found if marker in item["source_url"]]

    def _asked(self, ask: Callable[[Api], Any]) -> Any:
        auth = next(each for each in self.manifest.auths if each.name == self.served.auth)
        with guarded_client(Guard(trusted_origins=[self.served.origin])) as client:
            api = Api(self.served.origin, manifest=self.manifest, client=client,
                      headers=lambda: auth.headers(self.served.secrets))  # fmt: skip
            return ask(api)


def break_down(served: Served, rules: Sequence[dict[str, Any]]) -> None:
    """Make a sandbox misbehave from now on."""
    with guarded_client(Guard(trusted_origins=[served.origin])) as client:
        answer = client.post(
            f"{served.origin}/_sandbox/faults", json=list(rules), headers={"X-Sandbox-Token": served.control_token}
        )
        answer.raise_for_status()
