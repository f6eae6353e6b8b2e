"""The sandboxes as other processes: started, spoiled through their control path, and read by their ledgers."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from connectors.testing.ledger import read_ledger
from connectors.wordpress.sandbox_library import Attachment, Entry, File, entry_json, media_json

HELD_S = 1.5
TOKEN = "rehearsal"
ITEM = {"wordpress": r"/wp/v2/media/\d+", "trello": r"/attachments/\w+"}
NOWHERE = {
    "wordpress": {"code": "rest_post_invalid_id", "message": "Invalid post ID.", "data": {"status": 404}},
    "trello": "The requested resource was not found.",
}
IN_POST = (
    '<!-- wp:image {{"id":{0}}} --><figure class="wp-block-image"><img src="{1}" class="wp-image-{0}"/></figure>'
    "<!-- /wp:image -->"
)


class Remote:
    """One sandbox in a process of its own."""

    def __init__(self, name, folder):
        self.name, self.ledger_path = name, Path(folder) / f"{name}.jsonl"
        self.ledger_path.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "connectors.testing.serve", name, "--ledger", str(self.ledger_path),
             "--control-token", TOKEN],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.told = json.loads(self._process.stdout.readline())
        self.origin = self.told["origin"]
        self._post = None

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def control(self, what, method="GET", body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.origin}/_sandbox/{what}", data=data, method=method, headers={"X-Sandbox-Token": TOKEN}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def effects(self, after=0):
        return [effect for effect in read_ledger(self.ledger_path) if effect.seq > after]

    def fired(self):
        return self.control("fired")

    def calls(self):
        return [f"{one['method']} {one['path']}" for one in self.control("requests")]

    def begin(self):
        """Forget the run before."""
        self.control("faults", "DELETE")
        self.control("requests", "DELETE")

    def spoil(self, life):
        """Put the faults of one worker's life in force; return how many."""
        rules = [self._rule(*rule) for rule in life.rules]
        if life.held >= 0:
            rules.append({"fault": "silence", "on": "write", "skip": life.held, "pause_s": HELD_S})
        if life.look:
            rules.append({"fault": "silence", "on": "read", "skip": life.look - 1, "pause_s": HELD_S})
        self.control("faults", "POST", rules)
        return len(rules)

    def _rule(self, fault, on, skip):
        rule = {"fault": fault, "on": on, "skip": skip}
        if fault == "missing":
            body = NOWHERE[self.name]
            text = body if isinstance(body, str) else json.dumps(body)
            return {**rule, "fault": "error_before", "status": 404, "path": ITEM[self.name], "body": text, "times": 2}
        if fault == "lie":
            return {**rule, "body": json.dumps(self._lie())}
        return rule

    def _lie(self):
        """Return what fits the call when it claims to be done; one body that any write takes for its answer."""
        if self.name == "trello":
            return {"id": "affffffffffffffffffffffff", "name": "x", "url": "https://elsewhere.example/", "limits": {}}
        item = Attachment(999_999, File("nothing.jpg", b"x", "image/jpeg", 4, 3), "Nothing", "nothing")
        post = entry_json(Entry(999_998, "posts"), self.origin, edit=True)
        return {**post, **media_json(item, self.origin, edit=True), "deleted": True, "previous": {}}

    # A post that shows a copy, as an editor there would make it

    def use(self, ref):
        """Show an item in the one post of this site."""
        if self.name != "wordpress":
            return
        item = self._ask(f"/wp-json/wp/v2/media/{ref}?context=edit")
        content = IN_POST.format(ref, item["source_url"])
        path = "/wp-json/wp/v2/posts" + (f"/{self._post}" if self._post else "")
        made = self._ask(path, {"title": "A use", "content": content, "status": "publish"})
        self._post = made["id"]

    def shown(self):
        """Return the refs of the items that the post shows."""
        if self.name != "wordpress" or self._post is None:
            return set()
        post = self._ask(f"/wp-json/wp/v2/posts/{self._post}?context=edit")
        return set(re.findall(r"wp-image-(\d+)", post["content"]["raw"]))

    def _ask(self, path, body=None):
        secrets = self.told["secrets"]
        pair = base64.b64encode(f"{secrets['username']}:{secrets['password']}".encode()).decode()
        request = urllib.request.Request(
            self.origin + path, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {pair}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def settle(self):
        """Let a call that was under way when its caller died come to its effect."""
        before = -1
        while before != (before := self.ledger_path.stat().st_size):
            threading.Event().wait(0.1)
