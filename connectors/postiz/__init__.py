"""Postiz: approved pictures and videos as drafts or scheduled posts, with an API key or by signing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from connectors.postiz.connector import Postiz
from connectors.postiz.events import PostizInbound
from connectors.postiz.pictures import ALT, PICTURES_AT
from connectors.postiz.types import Settings
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import (
    Ability,
    Auth,
    AuthField,
    Capability,
    Carries,
    Limit,
    Manifest,
    Meaning,
    OAuth,
    Write,
)
from connectors.sdk.types import Level

__all__ = ["MANIFEST"]

KNOWN = {
    "no subscription found": "no_subscription",
    "post not found": "post_not_found",
    "integration with id": "channel_not_found",
}
PAYMENT_REQUIRED = 402
IN_BODY = "client_secret_post"  # how the app names itself


def _server(settings: Settings) -> OAuth:
    """A sign-in asks for everything or nothing: Postiz holds nobody to its scopes."""
    return OAuth(
        authorize_url=f"{settings.pages_address}/oauth/authorize",
        token_url=f"{settings.address.rstrip('/')}/oauth/token",
        token_auth=IN_BODY,
    )


def _error_code(body: Any, text: str) -> str:
    """Name a refusal by its sentence: Postiz has no codes."""
    del text
    if not isinstance(body, dict):
        return ""
    said = cast("dict[str, Any]", body)
    if said.get("statusCode") == PAYMENT_REQUIRED:
        return "plan_used_up"
    sentence = str(said.get("msg") or said.get("message") or "").lower()
    return next((code for known, code in KNOWN.items() if sentence.startswith(known)), "")


def _key(secrets: Mapping[str, str]) -> dict[str, str]:
    # As it is: with "Bearer" before it Postiz takes it for a wrong key.
    return {"Authorization": secrets["key"]}


def _granted(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": secrets["access_token"]}


MANIFEST = Manifest(
    name="postiz",
    title="Postiz",
    summary="Puts approved pictures and videos into Postiz as drafts or scheduled posts of its channels.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.address),
    auths=(
        Auth(
            name="key",
            label="API key",
            headers=_key,
            fields=(
                AuthField(
                    "key",
                    "API key",
                    secret=True,
                    hint="In Postiz under Settings, Developers, Public API. It may do all that the organisation may.",
                ),
            ),
        ),
        Auth(
            name="oauth",
            label="Sign in at Postiz",
            headers=_granted,
            fields=(
                AuthField("client_id", "Client id", hint="Of an app made under Settings, Developers, Apps (pca_...)."),
                AuthField("client_secret", "Client secret", secret=True, hint="Shown once there (pcs_...)."),
            ),
            oauth=_server,
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.READ),
        Capability.UPDATE: Ability(Write.FINDABLE, Level.READ),
        Capability.REPLACE: Ability(Write.FINDABLE, Level.READ),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.READ),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.HOLD: Ability(Write.FINDABLE, Level.READ),
        Capability.USAGE: Ability(),
        Capability.NUMBERS: Ability(),
    },
    carries=Carries.BYTES,
    connect=Postiz,
    sandbox="connectors.postiz.sandbox:create",
    accepts=("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4"),
    settles_after_s=30.0,
    limits=(Limit(90, 3600.0, counts="POST /public/v1/posts"),),
    error_codes={
        "no_subscription": Meaning.MISCONFIGURED,  # 401, and yet the key is good: the plan ended
        "plan_used_up": Meaning.MISCONFIGURED,  # 402: no more posts this month
        "post_not_found": Meaning.MISSING,  # 400
        "channel_not_found": Meaning.MISCONFIGURED,  # 400: the channel was taken out of Postiz
    },
    error_code=_error_code,
    inbound=PostizInbound(),
    pictures_at=PICTURES_AT,
    picture_fields=(ALT,),
    stays_once_out="It is published, and what is out cannot be changed or taken back through Postiz: somebody must do "
    "it at the network itself.",
    by_hand=True,  # what somebody takes out of Postiz may be out in the world: it is not made anew by itself
    fixed={
        "pages": "The client's secret is given away there: connect anew to change it.",
        "organisation": "It tells whose channels these are: another organisation is another connection.",
    },
    gaps={
        "repoint": "A post in Postiz shows its own picture and nobody else's: there are no further uses to change.",
        "subscribe": "Postiz lets no key make webhooks: a person enters the hub's address there, and what they say is "
        "so little that the hub reads the list of posts all the same.",
        "import": "Postiz lists posts, among which the hub finds its own, without their pictures, and shows its media "
        "library to people in the browser only, not to a key: there is no file to import.",
        "changes": "Postiz tells no changes: the hub looks at its own posts again in turn.",
        "published posts": "What is out cannot be changed or taken back through Postiz: do it at the network itself.",
        "deleted meanwhile": "Writing to a post that somebody deletes in that very moment makes a new one, and no call "
        "forbids that: the hub takes it away at once, and a draft stays a draft meanwhile.",
        "the last minute": "What waits is not changed in the minute before its time, only parked or taken away; what "
        "is let go after its time goes out five minutes later.",
        "pictures in posts": "Postiz does not tell which pictures a post shows: one that somebody exchanges or takes "
        "out there is not noticed, and the hub's next change puts its own back.",
        "settings of channels": "Not offered yet: settings of a channel that are no plain text, such as switches and "
        "lists, and settings for one post alone.",
        "several pictures": "Not offered yet: several pictures in one post of Pinterest, which wants all of one size, "
        "and of channels beyond LinkedIn, Threads, Instagram, X, Bluesky, Mastodon, Facebook, Telegram, Discord, VK, "
        "Slack and TikTok.",
        "covers of videos": "Not offered yet: a picture of one's own that stands for a video.",
        "free times": "Not offered yet: giving a post the next free time of its channel, which Postiz would tell.",
        "notifications": "Not offered yet: Postiz's notifications. Of a post that failed the hub says that, not why.",
        "lost posts": "Not offered yet: telling Postiz which post at the network is meant where it lost sight of one, "
        "so that it counts again.",
        "media library": "Assets are not put into Postiz's media library by themselves: a key can neither find, name "
        "nor take away what lies there.",
        "choosing there": "Postiz takes sources for its media library only into its own code: the hub's assets cannot "
        "be chosen there.",
        "alternative text": "Postiz hands it on to Bluesky, Mastodon and Tumblr only, and does not tell it back.",
        "whose key": "Postiz does not say which organisation a key belongs to: a person names it.",
        "whose sign-in": "Not offered yet: reading the organisation that Postiz names once to who signs in.",
    },
)
