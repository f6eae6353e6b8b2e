"""The wire: signing, verifying, schedule, deduplication; pure, knows no asset.

What is sent follows the Standard Webhooks specification; what other systems send with a plain HMAC is verified by
`verify_hmac`. Nothing here touches the network or a clock: the caller says what time it is.
"""

from webhooks.deduplicator import Deduplicator
from webhooks.errors import SignatureError
from webhooks.plain import hmac_of, verify_hmac
from webhooks.schedule import DELAYS_S, OFF_AFTER_S, TIME_LIMIT_S, delay_before
from webhooks.standard import TOLERANCE_S, new_secret, sign, verify

__all__ = [
    "DELAYS_S",
    "OFF_AFTER_S",
    "TIME_LIMIT_S",
    "TOLERANCE_S",
    "Deduplicator",
    "SignatureError",
    "delay_before",
    "hmac_of",
    "new_secret",
    "sign",
    "verify",
    "verify_hmac",
]
