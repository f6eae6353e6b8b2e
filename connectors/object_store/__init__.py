"""Object stores that speak S3: a tree of approved files in a bucket, each findable, each with what is said of it."""

from __future__ import annotations

from connectors.object_store.connector import ObjectStore
from connectors.object_store.events import StoreEvents
from connectors.object_store.signing import presign, sign
from connectors.object_store.types import Settings, error_code
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Manifest, Meaning, Write
from connectors.sdk.types import Level

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="object_store",
    title="Object store (S3)",
    summary="Keeps a tree of approved files in a bucket, each under a name that stays, with a manifest beside it.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.endpoint),
    auths=(
        Auth(
            name="access_key",
            label="Access key",
            headers=lambda _secrets: {},
            sign=sign,
            presign=presign,
            fields=(
                AuthField("access_key", "Access key id", hint="Of a user that may list, read, put and delete here."),
                AuthField("secret_key", "Secret access key", secret=True),
                AuthField(
                    "session_token", "Session token", secret=True, optional=True, hint="Only with temporary keys."
                ),
                AuthField("region", "Region", optional=True, hint="Such as eu-central-1; many stores want none."),
            ),
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.KEYED, Level.SEEN),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.REPLACE: Ability(Write.HARMLESS, Level.SEEN),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.IMPORT: Ability(),
    },
    carries=Carries.BYTES,
    connect=ObjectStore,
    sandbox="connectors.object_store.sandbox:create",
    rendition="original",
    settles_after_s=1.0,
    error_code=error_code,
    error_codes={
        "InvalidAccessKeyId": Meaning.AUTH_EXPIRED,
        "SignatureDoesNotMatch": Meaning.AUTH_EXPIRED,
        "ExpiredToken": Meaning.AUTH_EXPIRED,
        "InvalidToken": Meaning.AUTH_EXPIRED,
        "AccessDenied": Meaning.MISCONFIGURED,
        "NoSuchBucket": Meaning.MISCONFIGURED,  # 404, and says nothing about the object
        "PermanentRedirect": Meaning.MISCONFIGURED,
        "AuthorizationHeaderMalformed": Meaning.MISCONFIGURED,  # another region
        "RequestTimeTooSkewed": Meaning.MISCONFIGURED,
        "ConditionalRequestConflict": Meaning.RETRY_LATER,  # somebody writes the same object in this very moment
        "BadDigest": Meaning.RETRY_LATER,  # damaged on the way; nothing was kept
        "XAmzContentSHA256Mismatch": Meaning.RETRY_LATER,
        "SlowDown": Meaning.RETRY_LATER,
        "InvalidPart": Meaning.RETRY_LATER,  # a part is not there any more: it is sent anew
        "NoSuchUpload": Meaning.DONE,  # 404, and says nothing about the object; read further by the connector
    },
    inbound=StoreEvents(),
    fixed={"prefix": "Copies are known by where they lie below it: another folder is another connection."},
    gaps={
        "repoint": "A replaced object keeps its name, so nothing that uses it need be changed.",
        "subscribe": "What a store posts, and where to, is set by whoever runs it: a person enters the hub's address "
        "and token there, as the guide says.",
        "message service": "Not offered yet: taking what Amazon's message service (SNS) sends. Its events come through "
        "EventBridge, with a token.",
        "hold": "An object is there at once: a bucket schedules nothing.",
        "changes": "A bucket keeps no list of changes that can be read: the hub looks again by itself.",
        "usage": "A bucket does not know who shows its objects.",
        "numbers": "A bucket counts no looks; the log of requests that some stores write is late, and may lack some.",
        "plan": "A bucket tells neither a plan nor how much space is left.",
        "depth": "Not offered yet: places at any depth behind the first 100,000 objects of a bucket, in the order of "
        "their names. Of what follows, only the folders right below the top are places, and searched for moved copies. "
        "A folder deeper down can be connected by itself.",
        "addresses": "Not offered yet: the bucket in the host's name. Stores that take it only there, and not in the "
        "path, are out of reach.",
        "folders": "Not offered yet: beginning a folder. Copies go into folders in which something lies.",
        "kept versions": "Not offered yet: importing the versions that a bucket keeps by itself, and deleting those "
        "before a replacement at once. They go when the copy is withdrawn.",
        "own words of objects": "Not offered yet: tags and headers of objects, neither set (such as how long caches "
        "may keep a copy, or who may read it) nor taken in.",
        "temporary keys": "Not offered yet: renewing them by a role, as some stores can. Connect again when they end.",
    },
)
