"""Refusals in a vendor's own form, read by its connector: each declared code must mean what the manifest says."""

from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import AuthExpired, Misconfigured, Missing, RateLimited, Rejected, Unreachable
from connectors.sdk.manifest import Meaning
from connectors.sdk.translate import Translator

KINDS = {
    Meaning.AUTH_EXPIRED: AuthExpired,
    Meaning.MISCONFIGURED: Misconfigured,
    Meaning.MISSING: Missing,
    Meaning.RATE_LIMITED: RateLimited,
    Meaning.REJECTED: Rejected,
    Meaning.RETRY_LATER: Unreachable,
    Meaning.DONE: type(None),
}


def misread(manifest, form, *, codes=None):
    """Return what is not read as declared, by code; `form` makes status and body of a code."""
    translator = Translator(manifest.title, codes=manifest.error_codes, code_of=manifest.error_code)
    wrong = {}
    for code in manifest.error_codes if codes is None else codes:
        status, body = form(code)
        for writes in (False, True):
            failure = translator.failure(Answer(Call("POST", "/x", writes), status, {}, body.encode()))
            if type(failure) is not KINDS[manifest.error_codes[code]]:
                wrong[code] = f"{status} {body} is {failure!r}"
    return wrong
