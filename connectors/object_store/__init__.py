"""Object stores that speak S3: a tree of approved files in a bucket, each findable, each with what is said of it."""

from __future__ import annotations

from connectors.object_store.connector import ObjectStore
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
    },
    fixed={"prefix": "Copies are known by where they lie below it: another folder is another connection."},
    gaps={
        "repoint": "A replaced object keeps its name, so nothing that uses it need be changed.",
        "subscribe": "Buckets tell of changes only inside the provider's own network.",
        "hold": "An object is there at once: a bucket schedules nothing.",
        "changes": "A bucket keeps no list of changes that can be read: the hub looks again by itself.",
        "usage": "A bucket does not know who shows its objects.",
        "numbers": "A bucket counts no looks that can be read.",
        "large files": "A file is sent in one call: what is larger than the store takes in one, at Amazon 5 GiB, is "
        "refused before anything is sent.",
        "depth": "Folders are places at any depth among the first 100,000 objects of a bucket, in the order of their "
        "names; of what follows, only those right below the top. Moved copies are looked for there, too.",
        "addresses": "The bucket is named in the path of addresses: stores that want it in the host's name are out of "
        "reach.",
    },
)
