"""What a call to a remote can end in: each error says what to do next.

ConnectorError
  RetryLater       the call was not carried out; do it again later
    Unreachable    no connection, or a read without an answer
    RateLimited    the remote says when
  OutcomeUnknown   a write was sent and no answer tells: `find` before anything is repeated
  NeedsPerson      stop, tell the connection's owner, do not retry
    AuthExpired    the credentials are refused
    Misconfigured  the settings or permissions on the other side do not allow it
  GiveUp           repeating the same call cannot help
    Rejected       the remote refused this content
    Missing        404 or 410, and nothing else, says that a thing is gone
    BadAnswer      the answer to a read makes no sense
  LeftBehind       a withdrawal was carried out, and something stays there that only a person can take away
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A call to a remote that did not end well."""

    code = "connector_error"

    def __init__(self, message: str, *, code: str = "", detail: str = "", status: int | None = None) -> None:
        """Describe the failure.

        Args:
            message: for a person; names the next step. Holds no secret.
            code: a stable code; by default the class's own.
            detail: for logs; holds no secret, no body.
            status: the HTTP status, where there was one.
        """
        self.message = keepable(message)  # a connector may have quoted its remote
        super().__init__(self.message)
        self.code = keepable(code) or type(self).code
        self.detail = detail
        self.status = status


def keepable(text: str) -> str:
    """Return a text as every database can keep it: without zero bytes and half characters."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()


class RetryLater(ConnectorError):
    """The call was not carried out."""

    code = "retry_later"


class Unreachable(RetryLater):
    """No connection could be made, or a read got no answer."""

    code = "remote_unreachable"


class RateLimited(RetryLater):
    """The remote refuses more calls for now."""

    code = "rate_limited"

    def __init__(self, message: str, *, after_s: float | None, detail: str = "", status: int | None = 429) -> None:
        """Say when to come back; `after_s` is None where the remote does not say."""
        super().__init__(message, detail=detail, status=status)
        self.after_s = after_s


class OutcomeUnknown(ConnectorError):
    """A write was sent; whether it was carried out is not known."""

    code = "outcome_unknown"


class NeedsPerson(ConnectorError):
    """Only a person can put this right."""

    code = "needs_person"


class AuthExpired(NeedsPerson):
    """The credentials are refused."""

    code = "auth_expired"


class Misconfigured(NeedsPerson):
    """Settings or permissions on the other side do not allow it."""

    code = "misconfigured"


class GiveUp(ConnectorError):
    """Repeating the same call cannot help."""

    code = "give_up"


class Rejected(GiveUp):
    """The remote refused this content."""

    code = "rejected"


class Missing(GiveUp):
    """The thing is not there: the remote answered 404 or 410."""

    code = "missing"


class BadAnswer(GiveUp):
    """The answer to a read makes no sense, such as a login page where JSON was due."""

    code = "bad_answer"


class LeftBehind(ConnectorError):
    """The copy was taken away; something beside it stays that only a person can take away, such as a text."""

    code = "left_behind"
