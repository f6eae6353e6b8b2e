"""What a connector declares about itself: data, read without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from connectors.sdk.types import Level

if TYPE_CHECKING:
    from connectors.sdk.http import Api
    from connectors.sdk.protocols import Connector, Inbound


class Capability(StrEnum):
    """What a connector can do. Each stands for one protocol in `connectors.sdk.protocols`."""

    TARGETS = "targets"  # list places where copies can stand
    PUBLISH = "publish"  # make a copy (or a link)
    UPDATE = "update"  # change the mapped fields of a copy
    REPLACE = "replace"  # change the bytes of a copy, same reference
    REPOINT = "repoint"  # let all uses of one copy show another
    WITHDRAW = "withdraw"  # take a copy away, its uses included
    FIND = "find"  # find copies by marker
    LOOK = "look"  # read one copy back
    SUBSCRIBE = "subscribe"  # have the remote send webhooks
    HOLD = "hold"  # park what waits for its time, and let it go again
    IMPORT = "import"  # list what stands there, and fetch its bytes
    CHANGES = "changes"  # tell what changed since a cursor
    USAGE = "usage"  # tell where a copy is used
    NUMBERS = "numbers"  # tell what the remote counts of a copy
    CARDS = "cards"  # read the cards that links stand on: what they say, and where they lie


class Write(StrEnum):
    """What a lost answer to a write means."""

    KEYED = "keyed"  # we choose the id, or the content is it; a repeat is refused and names the first
    FINDABLE = "findable"  # the marker can be searched exactly
    HARMLESS = "harmless"  # doing it twice, or leaving it half done, shows nobody anything wrong
    UNANSWERABLE = "unanswerable"  # a person must be asked


class Carries(StrEnum):
    """What a copy at this remote consists of."""

    BYTES = "bytes"
    LINK = "link"


class Meaning(StrEnum):
    """What a vendor's error code means, where its HTTP status says something else."""

    REJECTED = "rejected"
    MISSING = "missing"
    MISCONFIGURED = "misconfigured"
    AUTH_EXPIRED = "auth_expired"
    RETRY_LATER = "retry_later"
    RATE_LIMITED = "rate_limited"  # too many calls, where the status is not 429
    DONE = "done"


BASIC = "client_secret_basic"
"""How a client names itself at a token endpoint by default (RFC 6749, 2.3.1); others: client_secret_post, none."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One declared capability: how its write behaves and how well its effect can be known."""

    write: Write | None = None  # None: it only reads
    best: Level = Level.READ
    repeatable_s: float = 0.0  # for so long a repeat of the very same write tells what became of the first
    lists: bool = False  # of find: it reads the place's own list, which tells of each copy all that a look tells
    tells_gone: bool = True  # of changes: it names all that went; False: nothing of that, or copies alone


Sign = Callable[[Mapping[str, str], str, str, Mapping[str, str]], Mapping[str, str]]
"""(secrets, method, whole address, headers) -> the headers that sign this request, made anew for each try."""

Presign = Callable[[Mapping[str, str], str, int], str]
"""(secrets, whole address, seconds) -> an address that anybody may read for so long, and that tells no secret"""


@dataclass(frozen=True, slots=True)
class AuthField:
    """One thing that a person types in to connect."""

    name: str
    label: str
    secret: bool = False
    hint: str = ""
    optional: bool = False
    signs: bool = False  # the remote signs its webhooks with this
    lines: bool = False  # a whole file is pasted here, line breaks included


class GrantKind(StrEnum):
    """How permission is given."""

    CODE = "authorization_code"  # a person says yes in the browser (RFC 6749, 4.1)
    CLIENT = "client_credentials"  # the registration itself is the permission (RFC 6749, 4.4)
    ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # a signed statement is (RFC 7523)


@dataclass(frozen=True, slots=True)
class OAuth:
    """Addresses and habits of a vendor's OAuth 2 server."""

    authorize_url: str
    token_url: str
    revoke_url: str | None = None
    scopes: tuple[str, ...] = ()
    token_auth: str = BASIC
    pkce: bool = True  # S256; False only where the vendor refuses it
    authorize_more: Mapping[str, str] = field(default_factory=dict[str, str])  # further parameters for the browser
    why: Mapping[str, str] = field(default_factory=dict[str, str])  # scope -> what the hub needs it for, for the user
    json_body: bool = False  # the token endpoint takes JSON instead of a form


@dataclass(frozen=True, slots=True)
class HandOver:
    """Credentials that a vendor hands over in a person's way back: there is no code to exchange, and no PKCE.

    `take` must make sure that they come from where they will be sent to: a remote may lead a person to another one.
    """

    page: Callable[[Any, str], str]  # (connector signed in as nobody, our address to come back to) -> the vendor's page
    take: Callable[[Any, Mapping[str, str]], Mapping[str, str]]  # (settings, what came back) -> secrets; none: a no
    give_back: Callable[[Any], None] | None = None  # (connector) -> makes the vendor forget them, when we disconnect


@dataclass(frozen=True, slots=True)
class Auth:
    """One way to connect. `headers` turns the typed-in or granted secrets into request headers."""

    name: str
    label: str
    headers: Callable[[Mapping[str, str]], Mapping[str, str]]
    fields: tuple[AuthField, ...] = ()
    oauth: OAuth | Callable[[Any], OAuth] | None = None  # or a function of the settings, where each site has its own
    grant: GrantKind = GrantKind.CODE
    assertion: Callable[[Mapping[str, str], int], str] | None = None  # (secrets, now in s) -> the signed statement
    hand_over: HandOver | None = None  # for vendors that make credentials on a page of theirs, without OAuth
    sign: Sign | None = None  # for remotes that want each request signed, not only credentials in a header
    presign: Presign | None = None  # for remotes whose addresses can be signed for people, for a while
    # What names the app at the vendor, whose connections share limits: a field, or a function of the secrets.
    app: str | Callable[[Mapping[str, str]], str] = "client_id"
    # (secrets) -> who the vendor counts the calls of, where accounts that are connected this way are one to it, as
    # people are that a service account acts for. None: each account has the limits of a connection for itself.
    user: Callable[[Mapping[str, str]], str] | None = None
    # How long a person's yes usually lasts before it must be given anew, or a function of the settings; None: until it
    # is withdrawn. Needed only where the vendor's answer does not tell.
    lasts_days: float | Callable[[Any], float | None] | None = None

    @property
    def in_browser(self) -> bool:
        """Tell whether a person says yes at the vendor."""
        return self.hand_over is not None or (self.oauth is not None and self.grant is GrantKind.CODE)

    @property
    def by_machine(self) -> bool:
        """Tell whether the hub gets its permission by itself."""
        return self.oauth is not None and self.grant is not GrantKind.CODE

    def app_of(self, secrets: Mapping[str, str]) -> str:
        """Return what names the app at the vendor; empty where nothing does."""
        return self.app(secrets) if callable(self.app) else secrets.get(self.app, "")

    def hook_secret(self, secrets: Mapping[str, str]) -> str:
        """Return the secret that webhooks are proven with; empty where none was filled in."""
        return next((secrets[one.name] for one in self.fields if one.signs and secrets.get(one.name)), "")

    def server(self, settings: Any) -> OAuth | None:
        """Return the authorization server for a connection with these settings."""
        return self.oauth(settings) if callable(self.oauth) else self.oauth

    def lasts(self, settings: Any) -> float | None:
        """Return how many days a person's yes usually lasts, for a connection with these settings."""
        return self.lasts_days(settings) if callable(self.lasts_days) else self.lasts_days


def _none(_settings: Any) -> tuple[str, ...]:
    """Most vendors answer at one origin."""
    return ()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in `per_s` seconds, counted per connection or per app key."""

    calls: int
    per_s: float
    scope: str = "connection"  # or "app"
    counts: str = ""  # only calls such as "POST /posts": of this method, with this in their path
    when: str = ""  # only for connections where this setting is on; "not NAME": where it is off

    def __post_init__(self) -> None:
        """Refuse what could never be kept."""
        if self.calls < 1 or self.per_s <= 0 or self.scope not in {"connection", "app"}:
            raise ValueError("a limit allows at least one call in a positive time, per connection or per app")

    def covers(self, method: str, path: str) -> bool:
        """Tell whether a call counts."""
        verb, _, part = self.counts.partition(" ")
        return not self.counts or (method == verb and part in path)

    def holds(self, settings: Any) -> bool:
        """Tell whether a connection with these settings has this limit."""
        name = self.when.removeprefix("not ")
        return not name or bool(getattr(settings, name)) is (name == self.when)


@dataclass(frozen=True, slots=True)
class End:
    """Something at the vendor that ends on a day, such as a version of its API."""

    name: str  # what ends, for a person: "API version 202511"
    on: date  # the first day without it
    step: str  # what is to be done before, for a person; then this end is no more
    announced: bool = True  # False: the vendor named no day, this is when such things usually end


ADDRESSES: Final = frozenset({"origin", "address", "endpoint", "site_url", "root", "bucket", "folder"})
"""Names of settings that say which account or address a connection is to, whatever the connector."""
IS_ADDRESS: Final = "It says where the account is: another one is another connection."


@dataclass(frozen=True, slots=True)
class Manifest:
    """A connector, declared. `connectors/<name>/__init__.py` exports exactly one, as `MANIFEST`."""

    name: str
    title: str
    summary: str  # one sentence for a person who considers connecting it
    settings: type[BaseModel]  # the connection's non-secret settings; a form is made of it
    origin: Callable[[Any], str]  # settings -> the scheme, host and port that calls go to
    auths: tuple[Auth, ...]
    abilities: Mapping[Capability, Ability]
    carries: Carries
    connect: Callable[[Api, Any], Connector]  # (authenticated client, settings) -> connector; no call is made
    sandbox: str  # import path of the sandbox's factory, "connectors.<name>.sandbox:create"
    rendition: str = "web"  # what a copy of bytes is made from: web, original, or web_pictures (originals of all else)
    accepts: tuple[str, ...] = ("*/*",)  # media types that the remote takes
    settles_after_s: float = 5.0  # "not found by marker" counts only after this long
    limits: tuple[Limit, ...] = ()
    error_codes: Mapping[str, Meaning] = field(default_factory=dict[str, Meaning])
    error_code: Callable[[Any, str], str] | None = None  # (JSON body or None, text) -> the vendor's error code
    inbound: Inbound | None = None  # verifies and reads webhooks that the remote sends
    gaps: Mapping[str, str] = field(default_factory=dict[str, str])  # what cannot be done -> why, for the user
    further_origins: Callable[[Any], tuple[str, ...]] = _none  # settings -> where else the same credentials may go
    # What ends at the vendor, or a function of the settings where they choose it, such as the version that is spoken;
    # warned of in the calendar and by `damhub doctor`.
    ends: tuple[End, ...] | Callable[[Any], tuple[End, ...]] = ()
    # kind of target -> abilities that are other ones there; None: it cannot be done there.
    differs: Mapping[str, Mapping[Capability, Ability | None]] = field(
        default_factory=dict[str, Mapping[Capability, "Ability | None"]]
    )
    most_pictures: int = 1  # so many pictures one copy may show; more than one: it takes sets
    pictures_at: Mapping[str, int] = field(default_factory=dict[str, int])  # kind of target -> another number there
    picture_fields: tuple[str, ...] = ()  # fields that each picture of a set has for itself, such as `alt_text`
    # Fields that are given when a copy is made and cannot be changed afterwards. Those that no look tells need not be
    # named, where looks tell of others.
    said_once: tuple[str, ...] = ()
    # Why a copy that is out (it has a public address, or went out at its time) can neither be changed nor withdrawn any
    # more, and what to do instead, for the user; empty: it can.
    stays_once_out: str = ""
    by_hand: bool = False  # each publication is a person's explicit act: never made anew, or for a stand-in, by itself
    # Settings that cannot be changed on a connection, since they say which account or address is meant -> why, for the
    # user. Those of `ADDRESSES` need not be named.
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])

    def why_fixed(self, setting: str) -> str:
        """Return why a setting cannot be changed on a connection; empty where it can."""
        return self.fixed.get(setting, IS_ADDRESS if setting in ADDRESSES else "")

    def endings(self, settings: Any) -> tuple[End, ...]:
        """Return what ends at the vendor for a connection with these settings."""
        return self.ends(settings) if callable(self.ends) else self.ends

    def at(self, kind: str) -> Manifest:
        """Return what is declared for targets of one kind."""
        other, pictures = self.differs.get(kind), self.pictures_at.get(kind, self.most_pictures)
        if not other and pictures == self.most_pictures:
            return self
        abilities = {name: one for name, one in {**self.abilities, **(other or {})}.items() if one is not None}
        return replace(self, abilities=abilities, most_pictures=pictures)

    @property
    def takes_sets(self) -> bool:
        """Tell whether a copy may show several pictures anywhere."""
        return max(self.most_pictures, *self.pictures_at.values(), 1) > 1
