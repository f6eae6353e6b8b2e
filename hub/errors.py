"""Errors that reach a person: a stable code, what happened, where, and what to do next.

    HubError
      Invalid        the request cannot be carried out as it stands (400; 413, 415, 422 by subclass)
        TooLarge, Unsupported
      NotSignedIn    nobody is signed in (401)
      Forbidden      the signed-in person may not do this (403)
      NotFound       there is no such thing, or the asker may not know of it (404)
      Conflict       somebody else changed it meanwhile, or a rule forbids it now (409)
        Stale        the revision that was sent is not the current one (412)
      Gone           what was asked for is no more, and asking again does not bring it back (410)
      Throttled      too many tries (429)
      Unavailable    a part of the hub or a remote does not answer now (503)

Codes are lower-case words joined by underscores, unique by meaning, and never change once released.
"""

from __future__ import annotations


class HubError(Exception):
    """A failure with a stable code that a person can act upon."""

    status: int = 500

    def __init__(self, code: str, what: str, *, where: str = "", next_step: str = "") -> None:
        """Describe the failure.

        Args:
            code: the stable code, such as `upload_cut_off`.
            what: one sentence for a person: what happened and what is safe. No secrets.
            where: the field, file, asset code or connection it is about.
            next_step: one sentence: what to do now.
        """
        super().__init__(f"{code}: {what}")
        self.code = code
        self.what = what
        self.where = where
        self.next_step = next_step


class Invalid(HubError):
    """The request cannot be carried out as it stands."""

    status = 400


class TooLarge(Invalid):
    """More bytes, pixels, pages or depth than the limit."""

    status = 413


class Unsupported(Invalid):
    """A type of file that this hub does not take."""

    status = 415


class NotSignedIn(HubError):
    """Nobody is signed in, or the credentials are wrong."""

    status = 401


class Forbidden(HubError):
    """The signed-in person may not do this."""

    status = 403


class NotFound(HubError):
    """There is no such thing, or the asker may not know of it."""

    status = 404


class Conflict(HubError):
    """A rule or another change stands against it now."""

    status = 409


class Stale(Conflict):
    """The revision that was sent is not the current one."""

    status = 412


class Gone(HubError):
    """What was asked for is no more; asking again does not bring it back."""

    status: int = 410


class Throttled(HubError):
    """Too many tries; `retry_after_s` says when the next one counts."""

    status = 429

    def __init__(self, code: str, what: str, *, retry_after_s: int, where: str = "", next_step: str = "") -> None:
        super().__init__(code, what, where=where, next_step=next_step)
        self.retry_after_s = retry_after_s


class Unavailable(HubError):
    """A part of the hub, or a remote, does not answer now."""

    status = 503
