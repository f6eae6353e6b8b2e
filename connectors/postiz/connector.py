"""Postiz: approved pictures and videos as drafts or scheduled posts of its channels.

No call takes a key, so nothing tells a repeat from a new post: what a post is stands in its settings, where `find`
reads it. Nothing that was published is ever sent, scheduled or deleted again. Writing to a post that somebody deletes
in that moment makes a new one: that is never let out, and taken away at once.
Manual: https://docs.postiz.com/public-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any
from urllib.parse import urlsplit

from connectors.postiz.calls import NOTE, Calls, Kind, settings_of
from connectors.postiz.copies import (
    CONTENT,
    DRAFT,
    QUEUED,
    TITLE,
    copy_of,
    fits,
    not_failed,
    noted,
    parts_of,
    url_of,
)
from connectors.postiz.pictures import NOTHING, alt_of, note_for, reworded, stand_together
from connectors.postiz.strays import no_stray, ours, take_away, undone
from connectors.postiz.types import Channel, Connected, Media, Note, Numbers, Post, Rules, Settings
from connectors.postiz.wording import as_html, instant
from connectors.sdk.errors import Misconfigured, Missing, Rejected, RetryLater
from connectors.sdk.guard import origin_of
from connectors.sdk.http import Api
from connectors.sdk.types import (
    Account,
    Copy,
    Fields,
    Outgoing,
    Page,
    Part,
    PartKind,
    PartState,
    Receipt,
    Target,
    Use,
)

USUAL: Mapping[str, Mapping[str, str]] = {"wordpress": {"type": "post"}}
"""What a kind of channel needs besides what the hub knows, where one value suits nearly everybody."""
DAYS = 90  # how far back the counts of a post go
UNDER_WAY = timedelta(minutes=10)  # how long after its time a post may be on its way out
SOON = timedelta(minutes=1)
"""Nothing that waits is written to so shortly before its time: what a write makes by mistake is to be stopped first."""
LATE = timedelta(minutes=5)
"""So long from now goes out what is let go when its time is past: time enough for another worker to see a mistake."""


class Postiz:
    """One organisation."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._calls = Calls(api, settings)
        self._follows = settings.texts == "followed"

    def identify(self) -> Account:
        """Try the key. Postiz does not say whose it is, so a person does."""
        if not self._api.get(f"{self._settings.path}/is-connected", Connected).connected:
            raise Misconfigured("Postiz says that this key is not connected. Look at its settings there.")
        place = f"{origin_of(self._settings.address)}{urlsplit(self._settings.address).path.rstrip('/')}"
        name = self._settings.organisation
        return Account(key=f"{place}#{name}" if name else place, label=name or urlsplit(place).netloc)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the channels, which Postiz does not page; one that is switched off publishes nothing."""
        del cursor
        query = {"group": self._settings.group or None}
        channels = self._api.get(f"{self._settings.path}/integrations", list[Channel], query=query)
        return Page(tuple(_target(one) for one in sorted(channels, key=lambda one: one.id) if not one.disabled), None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload, then make the post: a draft, unless it has a time or a person said otherwise."""
        kind, at = self._when(outgoing.publish_at)
        text, rules = _text(outgoing.fields, CONTENT), self._calls.rules(target.ref)
        fits(text, rules)
        stand_together(target.kind, outgoing)
        settings = self._channel_settings(target, rules, outgoing.fields)
        images = _shown(self._uploaded(outgoing), [picture.fields for picture in outgoing.pictures])
        settings[NOTE] = note_for(_copy_key(outgoing), kind.value, images)
        ref = self._calls.write(kind, target.ref, at=at, content=as_html(text), images=images, settings=settings)
        return Receipt(ref, (Part(PartKind.MEDIA, ref),))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Write the post anew with these fields, with the pictures that the hub sent: Postiz does not tell its own."""
        post = self._to_change(ref)
        note = noted(post)
        images = reworded(note.images, fields)
        content = as_html(_text(fields, CONTENT)) if CONTENT in fields and self._follows else post.content
        titled = self._follows and TITLE in fields and TITLE in settings_of(post)
        title = {TITLE: _text(fields, TITLE)} if titled else {}
        return self._write_anew(target, post, note, content=content, images=images, more=title)

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Upload other bytes and let the post show them; its id stays. An upload takes its time: then look again."""
        noted(self._to_change(ref))
        stand_together(target.kind, outgoing)
        media = self._uploaded(outgoing)
        post = self._to_change(ref)
        note = noted(post)
        images = _shown(media, note.images)
        fresh = note.model_copy(update={"copy_": _copy_key(outgoing)})
        return self._write_anew(target, post, fresh, content=post.content, images=images)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete a post that is not out."""
        del target
        with suppress(Missing):
            take_away(self._calls, ref)

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List all posts and compare the markers in their settings."""
        posts = (post for post in self._calls.every() if post.integration.id == target.ref)
        copies = (copy_of(post, texts=self._follows) for post in posts)
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one post out of the listing: Postiz has no other way to it."""
        del target
        return copy_of(self._calls.one(ref), texts=self._follows)

    def hold(self, target: Target, ref: str) -> Receipt:
        """Make a waiting post a draft. What is out stays out, and what is on its way out is left alone."""
        del target
        post = ours(self._calls, ref)
        if post.state == QUEUED and timedelta(0) <= datetime.now(UTC) - post.at < UNDER_WAY:
            raise RetryLater("Postiz is publishing this post right now. The hub looks again in a while.")
        if post.state != DRAFT:
            self._calls.park(ref)
        return Receipt(ref, (Part(PartKind.MEDIA, ref, PartState.HELD),))

    def resume(self, target: Target, ref: str, at: int) -> Receipt:
        """Give a held post its time, by the one call that refuses what was published already.

        Never `now`: what that makes in the place of a deleted post is out before anybody can stop it.
        """
        due, post = self._due(at), no_stray(self._calls, self._calls.one(ref))
        now = datetime.now(UTC)
        late = due < now + SOON
        # Scheduling what is on its way out would start that a second time.
        waits = post.state == QUEUED and (post.at == due or post.at <= (now + LATE if late else now))
        if post.is_out or waits:
            return Receipt(ref, parts_of(post))
        note = noted(not_failed(post)).model_copy(update={"made_as": Kind.SCHEDULE.value})
        return self._write_anew(target, post, note, kind=Kind.SCHEDULE, at=now + LATE if late else due)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """Tell where it was published: the one use that Postiz knows."""
        del target, cursor
        post = self._calls.one(ref)
        url = url_of(post)
        return Page((Use("post", url, post.integration.name or url, url, public=True),) if url else (), None)

    def numbers(self, target: Target, ref: str) -> Mapping[str, int]:
        """Read what the network counts of a published post, by its own names."""
        del target
        path = f"{self._settings.path}/analytics/post/{ref}"
        metrics = self._api.get(path, Numbers, query={"date": str(DAYS)}).metrics
        return {metric.label: metric.latest for metric in metrics}

    def _uploaded(self, outgoing: Outgoing) -> list[Media]:
        return [self._calls.upload(picture) for picture in outgoing.pictures]

    def _to_change(self, ref: str) -> Post:
        """Return a post that may be written to: a draft, or one whose time is far enough."""
        post = not_failed(ours(self._calls, ref))
        if post.state != DRAFT and (post.state != QUEUED or post.at < datetime.now(UTC) + SOON):
            raise RetryLater("Postiz is publishing this post, or about to. The hub looks again in a while.")
        return post

    def _due(self, publish_at: int) -> datetime:
        """Return a time; refuse one at which no post would be looked for."""
        due = instant(publish_at)
        if (due - datetime.now(UTC)).days >= 366 * self._settings.years_ahead:
            raise Rejected("This time is further ahead than the hub looks in Postiz. Choose an earlier one.")
        return due

    def _when(self, publish_at: int | None) -> tuple[Kind, datetime]:
        """Return what a post is to become, and its time. A time that is past by now means at once."""
        now = datetime.now(UTC)
        if publish_at is None:
            return Kind(self._settings.without_time), now
        due = self._due(publish_at)
        return (Kind.SCHEDULE, due) if due > now else (Kind.NOW, now)

    def _channel_settings(self, target: Target, rules: Rules, fields: Fields) -> dict[str, Any]:
        """Return what the channel wants besides text and picture, also of a draft; refuse before anything is sent."""
        schema, title = rules.settings, _text(fields, TITLE)
        settings: dict[str, Any] = {**USUAL.get(target.kind, {}), **self._settings.of_channel(target.kind)}
        if title and TITLE in schema.properties:
            settings[TITLE] = title
        lacking = [name for name in schema.required if name != "__type" and settings.get(name) in (None, "")]
        if lacking:
            raise Rejected(
                f"This channel of Postiz needs more than text and picture: {', '.join(lacking)[:200]}. "
                "Give the asset a title, and fill the rest in under the connection's settings of channels.",
                code="channel_settings_missing",
            )
        return settings

    def _write_anew(
        self,
        target: Target,
        post: Post,
        note: Note,
        *,
        kind: Kind | None = None,
        at: datetime | None = None,
        content: str | None = None,
        images: list[dict[str, str]] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Send a post that stands as a whole again, with what is to be different.

        Should it be gone meanwhile, Postiz makes a new one, which `update` would let out, also where this is a draft.

        Raises:
            Missing: that happened. The new one is away.
            OutcomeUnknown: that happened. The new one may stand there still.
        """
        shown = note.images if images is None else images
        kept = note_for(note.copy_, note.made_as, shown, of=post.id)
        ref = self._calls.write(
            kind or (Kind.DRAFT if post.state == DRAFT else Kind.UPDATE),
            target.ref,
            at=at or post.at,
            content=(post.content or "") if content is None else content,
            images=shown,
            settings={**settings_of(post), **(more or {}), NOTE: kept},
            post=post,
        )
        if ref != post.id:
            raise undone(self._calls, ref)
        return Receipt(ref, (Part(PartKind.MEDIA, ref),))


def _shown(media: Sequence[Media], said: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return uploaded pictures as a post names them, each with the words that are `said` of it."""
    words = chain(said, repeat(NOTHING))
    return [{"id": one.id, "path": one.path, **alt_of(about)} for one, about in zip(media, words, strict=False)]


def _target(channel: Channel) -> Target:
    who = channel.name or channel.profile or channel.id
    return Target(channel.identifier, channel.id, f"{who} ({channel.identifier})")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _copy_key(outgoing: Outgoing) -> str:
    return f"{outgoing.marker}-{outgoing.content_key}"
