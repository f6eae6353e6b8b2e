"""Postiz's posts: listed whole, recognised, made and changed. The public interface shows a single post nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from pydantic import ValidationError

from connectors.postiz.types import Made, Media, Note, Post, Posts, Rules, RulesOf, Settings
from connectors.postiz.wording import written
from connectors.sdk.errors import Missing, Rejected
from connectors.sdk.http import Api
from connectors.sdk.types import Source

FIRST = datetime(2024, 1, 1, tzinfo=UTC)  # no post of any hub is older
NOTE = "damhub"
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4")  # in a post, and only in lower case
_BEHIND, _AHEAD, _YEAR = timedelta(days=92), timedelta(days=400), timedelta(days=366)


class Kind(StrEnum):
    """What is to become of a post. A closed set: Postiz queues, and so publishes, whatever word it does not know."""

    DRAFT = "draft"
    SCHEDULE = "schedule"
    NOW = "now"
    UPDATE = "update"


class Calls:
    """The calls that the connector's methods are made of."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def rules(self, channel: str) -> Rules:
        """Read what a channel takes: drafts are not held to it, and fail later where nobody looks."""
        return self._api.get(f"{self._settings.path}/integration-settings/{channel}", RulesOf).output

    def upload(self, outgoing: Source) -> Media:
        """Send the bytes; each time makes a new file there, which nothing shows before a post does."""
        media = self._api.upload_form(f"{self._settings.path}/upload", outgoing).parse(Media)
        if not media.path.endswith(ENDINGS):
            raise Rejected(
                "Postiz takes this kind of file, and yet shows it in no post. Send a jpeg, png, gif, webp or mp4 file.",
                detail=f"uploaded as {media.path.rpartition('.')[2][:20]}",
            )
        return media

    def write(
        self,
        kind: Kind,
        channel: str,
        *,
        at: datetime,
        content: str,
        images: Sequence[Mapping[str, str]],
        settings: Mapping[str, Any],
        post: Post | None = None,
    ) -> str:
        """Make a post, or write one that stands anew as a whole; return its id.

        Where `post` does not stand any more Postiz makes a new one, and returns that one's id: see who calls this.
        `group` is never sent: it would delete the posts of that group.
        """
        value = {"content": content, "image": [dict(image) for image in images], **({"id": post.id} if post else {})}
        tags = [tagged.tag.name for tagged in post.tags] if post else [self._settings.tag] if self._settings.tag else []
        body = {
            "type": kind.value, "date": written(at), "shortLink": False,
            "tags": [{"value": name, "label": name} for name in tags],
            "posts": [{"integration": {"id": channel}, "value": [value], "settings": dict(settings)}],
            **({"inter": post.every_days} if post and post.every_days else {}),
        }  # fmt: skip
        answer = self._api.ask("POST", f"{self._settings.path}/posts", json=body)
        made = answer.parse(list[Made])
        if len(made) != 1:
            raise answer.call.senseless(f"{len(made)} posts instead of one", status=answer.status)
        return made[0].post_id

    def park(self, ref: str) -> None:
        """Make a waiting post a draft. Never asked the other way round: `schedule` would publish what is out again.

        Raises:
            Missing: Postiz knows no such post. Unlike `write`, this makes none.
        """
        self._api.put(f"{self._settings.path}/posts/{ref}/status", dict[str, Any], json={"status": "draft"})

    def delete(self, ref: str) -> None:
        """Delete a post with its thread; Postiz answers `{"error": true}` to what went well."""
        self._api.delete(f"{self._settings.path}/posts/{ref}")

    def one(self, ref: str) -> Post:
        """Return a post.

        Raises:
            Missing: the whole listing has no such post.
        """
        post = next((post for post in self.every() if post.id == ref), None)
        if post is None:
            raise Missing("Postiz says that this is not there any more.", detail="the whole listing lacks it")
        return post

    def every(self) -> Iterator[Post]:
        """Yield every post, each once, those around today first: most are found in the first call."""
        seen: set[str] = set()
        for start, end in self._spans(datetime.now(UTC)):
            query = {"startDate": written(start), "endDate": written(end)}
            for post in self._api.get(f"{self._settings.path}/posts", Posts, query=query).posts:
                if post.id not in seen:
                    seen.add(post.id)
                    yield post

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Postiz has no pages but dates, and repeats a repeating post up to the end of what is asked for."""
        yield now - _BEHIND, now + _AHEAD
        yield now + _AHEAD, now + _YEAR * self._settings.years_ahead
        end = now - _BEHIND
        while end > FIRST:
            yield end - _YEAR, end
            end -= _YEAR


def settings_of(post: Post) -> dict[str, Any]:
    """Return a post's settings; none where they are no JSON object."""
    try:
        found: Any = json.loads(post.settings or "{}")
    except (ValueError, RecursionError):  # anybody's post: nested too deeply, it holds nothing of ours
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def note_of(post: Post) -> Note | None:
    """Return what the hub keeps with a post; None where it is not ours, or somebody's tool dropped it."""
    try:
        return Note.model_validate(settings_of(post).get(NOTE))
    except ValidationError:
        return None
