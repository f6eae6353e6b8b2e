"""LinkedIn: posts with approved pictures, videos and documents, of a member or of company pages."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.linkedin.connector import LinkedIn
from connectors.linkedin.events import LinkedInInbound
from connectors.linkedin.posts import KINDS, MOST_PICTURES
from connectors.linkedin.types import MEMBER, Settings, error_code
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

AS_MEMBER = ("openid", "profile", "w_member_social")
AS_COUNTED = ("r_basicprofile", "w_member_social", "r_member_postAnalytics")
"""As a member with numbers: LinkedIn gives them to reviewed apps, which have no OpenID Connect."""
AS_PAGES = ("r_basicprofile", "w_organization_social", "r_organization_social")
READS_ROLES, COUNTS_TOO = "r_organization_admin", "rw_organization_admin"
WHY = {
    "openid": "to sign you in",
    "profile": "to know who you are",
    "w_member_social": "to post, change and delete as you",
    "r_basicprofile": "to know who you are",
    "w_organization_social": "to post, change and delete as your pages",
    "r_organization_social": "to read the pages' posts back",
    READS_ROLES: "to list the pages that you may post for",
    "r_member_postAnalytics": "for views, reactions and comments of your posts",
    COUNTS_TOO: "to list your pages, and for views, clicks and news of their posts",
}
IN_BODY = "client_secret_post"  # how the app names itself
DAYS = 60
DAY_S = 86_400.0
REPEATABLE_S = 3600.0
"""LinkedIn tells no time for which it knows a duplicate; reports speak of a day and more."""


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['access_token']}"}


def _server(settings: Settings) -> OAuth:
    """Ask only for what is switched on: a scope that the app's products lack fails the whole sign-in."""
    as_pages = (*AS_PAGES, COUNTS_TOO if settings.insights else READS_ROLES)
    return OAuth(
        authorize_url=f"{settings.www()}/oauth/v2/authorization",
        token_url=f"{settings.www()}/oauth/v2/accessToken",
        scopes=as_pages if settings.pages else AS_COUNTED if settings.insights else AS_MEMBER,
        token_auth=IN_BODY,
        pkce=False,  # LinkedIn has it for native apps only
        why=WHY,
    )


MANIFEST = Manifest(
    name="linkedin",
    title="LinkedIn",
    summary="Posts approved pictures, videos and documents, as yourself or as company pages.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.origin),
    further_origins=lambda settings: (settings.www(),),
    auths=(
        Auth(
            "sign_in",
            "Sign in at LinkedIn",
            headers=_headers,
            fields=(
                AuthField("client_id", "Client ID", hint="From linkedin.com/developers/apps, under Auth."),
                AuthField("client_secret", "Primary client secret", secret=True, signs=True),
            ),
            oauth=_server,
            lasts_days=DAYS,
        ),
        Auth(
            "access_token",
            "Access token, to try it out",
            headers=_headers,
            fields=(
                AuthField(
                    "access_token",
                    "Access token",
                    secret=True,
                    hint="From linkedin.com/developers/tools/oauth/token-generator; ends in 60 days.",
                ),
                AuthField("client_secret", "Client secret", secret=True, optional=True, signs=True, hint="For news."),
            ),
            lasts_days=DAYS,
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.READ),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.SUBSCRIBE: Ability(Write.HARMLESS),
        Capability.NUMBERS: Ability(),
    },
    differs={
        MEMBER: {
            Capability.PUBLISH: Ability(Write.KEYED, Level.SAID, repeatable_s=REPEATABLE_S),
            Capability.UPDATE: Ability(Write.HARMLESS, Level.SAID),
            Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SAID),
            Capability.FIND: None,
            Capability.LOOK: None,
            Capability.SUBSCRIBE: None,
        }
    },
    most_pictures=MOST_PICTURES,
    picture_fields=("alt_text",),
    said_once=("title", "alt_text"),
    by_hand=True,
    carries=Carries.BYTES,
    connect=LinkedIn,
    sandbox="connectors.linkedin.sandbox:create",
    rendition="web_pictures",
    accepts=tuple(KINDS),
    settles_after_s=30.0,
    # Of "Share on LinkedIn", which is what members post by; LinkedIn tells no numbers for pages. Its days end at
    # midnight UTC; the hub holds to them over any 24 hours.
    limits=(Limit(150, DAY_S, when="not pages"), Limit(100_000, DAY_S, scope="app")),
    error_code=error_code,
    error_codes={
        "DUPLICATE_POST": Meaning.DONE,  # read further by the connector: it names the post that is there
        "NONEXISTENT_VERSION": Meaning.MISCONFIGURED,  # 426: only another version helps
        "VERSION_MISSING": Meaning.MISCONFIGURED,
        "not_ready": Meaning.RETRY_LATER,  # the media are not known everywhere yet
        "CONFLICT": Meaning.RETRY_LATER,  # of two writes at once, this one was not carried out
    },
    inbound=LinkedInInbound(),
    fixed={"pages": "A person and that person's pages are two accounts: connect the other one besides."},
    ends=Settings.ends,
    gaps={
        "replace": "LinkedIn changes no picture of a post: another version is another post, which a person asks for.",
        "repoint": "What links to a post or reposts it cannot be pointed to another one.",
        "hold": "A post is public at once: LinkedIn lets apps neither keep drafts nor schedule.",
        "import": "LinkedIn lists the posts of pages, among which the hub finds its own, but hands out pictures only "
        "as it changed them, at addresses that end: there is no master to import. It lists a member's posts to no "
        "new app.",
        "changes": "LinkedIn has no feed of what changed.",
        "usage": "LinkedIn does not tell who links to a post or reposts it.",
        "reading as a member": "LinkedIn lets no new app read a member's posts: that a post stands is known only from "
        "the answer to posting it, and whether somebody changed or deleted it is not known at all.",
        "news of posts": "LinkedIn sends approved apps news of reactions, comments and shares, never that a post was "
        "changed or deleted: the hub looks by itself.",
        "numbers of others": "LinkedIn tells numbers to apps that it reviewed, where views, reactions and news are "
        "switched on: of a page's post for a year, of its video to admins and sponsored content posters alone.",
        "saves and sends": "Not offered yet: how often a member's post was saved or sent on, and its links clicked; "
        "each would take one of a member's 150 calls a day.",
        "plan": "LinkedIn tells an app neither its plan nor how many calls are left.",
        "sign-out": "Permission is taken back at LinkedIn, under Data privacy and Permitted services.",
        "mixed kinds": "Several pictures stand in one post, up to 20; a video or a document stands alone.",
        "fixed after posting": "Of a post only the text can be changed: the alternative text and the title stay.",
        "code in titles": "A document's title ends in a code by which the hub finds the post again; people see it.",
        "mentions and hashtags": "Not offered yet: the text is posted as it is written, an @ names nobody, a # is no "
        "link.",
        "captions": "Not offered yet: captions and a chosen still for a video.",
        "audience": "Who sees posts is set for a connection, not for one post, and counts for what is posted from then "
        "on: LinkedIn changes it for no post.",
        "chosen audience": "Not offered yet: a page's posts for followers of chosen places or trades, and posts "
        "that stand on the page and in no feed.",
        "other posts": "Not offered yet: posts that lead to a web page with an approved picture, and reposts.",
        "comments": "Not offered yet: reading and writing comments below a post.",
        "posting by itself": "The hub posts here only when a person asks for it: a new version, a stand-in or rights "
        "that begin again never post by themselves.",
    },
)
