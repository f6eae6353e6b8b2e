"""The authenticated, guarded client that a connector speaks through.

A connector calls `get`, `post`, `put`, `patch`, `delete`, `upload` and `upload_form`; everything that can go wrong
comes back as one of `connectors.sdk.errors` (the table stands in `connectors.sdk.translate`). Reads are tried a few
times; a write is sent once.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, TypeVar
from urllib.parse import urljoin

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import AuthExpired, ConnectorError, RateLimited, Unreachable
from connectors.sdk.guard import origin_of
from connectors.sdk.hook_token import hook_token
from connectors.sdk.limits import Limits, Turns
from connectors.sdk.manifest import Manifest
from connectors.sdk.multipart import MultipartBody, RelatedBody
from connectors.sdk.public import PublicLook, fetch_public
from connectors.sdk.query import Query, with_query
from connectors.sdk.source import SourceBroken, chunks
from connectors.sdk.translate import REDIRECTS, Translator, redact, secrets_in, succeeded
from connectors.sdk.types import JsonValue, Source
from connectors.sdk.wire import SENT_BY, Monotonic, as_called, guarded_client, time_limit

__all__ = ["Answer", "Api", "Limits", "Turns", "guarded_client"]

T = TypeVar("T")
Headers = Mapping[str, str]
Body = bytes | Callable[[], Iterator[bytes]] | None
"""The bytes, or what makes them anew for each try."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Sending:
    """One call, to be sent as often as it takes."""

    call: Call
    url: httpx.URL
    headers: Headers
    body: Body


class Api:
    """An authenticated client for one remote. Holds no state of its own and no secret: it asks for headers per call."""

    def __init__(
        self,
        origin: str,
        *,
        manifest: Manifest,
        client: httpx.Client,
        further: Iterable[str] = (),
        headers: Callable[[], Headers] = dict,
        sign: Callable[[str, str, Headers], Headers] | None = None,
        presign: Callable[[str, int], str] | None = None,
        renew: Callable[[], bool] | None = None,
        limiter: Turns | None = None,
        urgent: bool = False,
        busy: Callable[[], bool] | None = None,
        hook_secret: Callable[[], str] = str,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Speak to one origin.

        Args:
            origin: scheme, host and port that every path is taken from.
            manifest: whose title and error codes are used.
            client: from `guarded_client`; may be shared between threads and remotes.
            further: origins of the same remote that whole addresses may lie at. Credentials go to these and to
                `origin`, and nowhere else.
            headers: returns the credentials' headers, asked anew for each call.
            sign: returns the headers that sign a request of this method, address and headers.
            presign: returns an address that anybody may read for so many seconds.
            renew: called once after the credentials were refused; True means that `headers` has new ones.
            limiter: keeps within the remote's limits.
            urgent: whether calls go before others in the limiter's line.
            busy: tells whether a unit of work is open, in which case nothing is sent.
            hook_secret: what `hook_token` is made from.
            limits: sizes and times.
            sleep: waits between two tries of a read.
            monotonic: measures the total time.
        """
        self.origin = as_called(origin)
        self._origins = frozenset((self.origin, *map(as_called, further)))
        self._client = client
        self._headers = headers
        self._sign = sign
        self._presign = presign
        self._renew = renew
        self._limiter = limiter
        self._urgent = urgent
        self._busy = busy
        self._hook_secret = hook_secret
        self._limits = limits or Limits()
        self._tries = Retrying(
            stop=stop_after_attempt(self._limits.read_attempts),
            retry=retry_if_exception_type(Unreachable),
            wait=wait_exponential_jitter(multiplier=0.2, max=5.0),
            sleep=sleep,
            reraise=True,
        )
        self._monotonic = monotonic
        self._translator = Translator(manifest.title, codes=manifest.error_codes, code_of=manifest.error_code)

    def __repr__(self) -> str:
        return f"Api({self.origin!r})"

    def get(self, path: str, shape: type[T], *, query: Query | None = None, headers: Headers | None = None) -> T:
        """Read; `shape` is the JSON's expected type, such as `list[Card]` or `dict[str, Any]`."""
        return self.ask("GET", path, query=query, headers=headers).parse(shape)

    def post(
        self,
        path: str,
        shape: type[T],
        *,
        query: Query | None = None,
        json: JsonValue | Mapping[str, Any] = None,
        form: Mapping[str, str] | None = None,
        headers: Headers | None = None,
    ) -> T:
        """Write by POST and parse the answer."""
        return self.ask("POST", path, query=query, json=json, form=form, headers=headers).parse(shape)

    def put(
        self,
        path: str,
        shape: type[T],
        *,
        query: Query | None = None,
        json: JsonValue | Mapping[str, Any] = None,
        form: Mapping[str, str] | None = None,
        headers: Headers | None = None,
    ) -> T:
        """Write by PUT and parse the answer."""
        return self.ask("PUT", path, query=query, json=json, form=form, headers=headers).parse(shape)

    def patch(
        self,
        path: str,
        shape: type[T],
        *,
        query: Query | None = None,
        json: JsonValue | Mapping[str, Any] = None,
        headers: Headers | None = None,
    ) -> T:
        """Write by PATCH and parse the answer."""
        return self.ask("PATCH", path, query=query, json=json, headers=headers).parse(shape)

    def delete(self, path: str, *, query: Query | None = None, headers: Headers | None = None) -> Answer:
        """Write by DELETE; many remotes answer nothing that is worth parsing."""
        return self.ask("DELETE", path, query=query, headers=headers)

    def upload(
        self, path: str, outgoing: Source, *, method: str = "POST", query: Query | None = None, headers: Headers
    ) -> Answer:
        """Send the bytes as the whole body, streamed."""
        sent = {"Content-Type": outgoing.media_type, **headers}
        return self.stream(method, path, lambda: chunks(outgoing), outgoing.size, query=query, headers=sent)

    def upload_form(
        self,
        path: str,
        outgoing: Source,
        *,
        part: str = "file",
        fields: Mapping[str, str] | None = None,
        query: Query | None = None,
        headers: Headers | None = None,
    ) -> Answer:
        """Send the bytes as one part of a form, streamed, after the plain fields."""
        body = MultipartBody(part, outgoing, fields or {})
        return self.stream("POST", path, body.chunks, body.size, query=query, headers={**(headers or {}), **body.kind})

    def upload_related(
        self, path: str, outgoing: Source, about: Mapping[str, Any], *, method: str = "POST", query: Query
    ) -> Answer:
        """Send what is said of the bytes as JSON, and the bytes after it, streamed, as one body (RFC 2387)."""
        body = RelatedBody(about, outgoing)
        return self.stream(method, path, body.chunks, body.size, query=query, headers=body.kind)

    def stream(
        self,
        method: str,
        path: str,
        body: Callable[[], Iterator[bytes]],
        size: int,
        *,
        query: Query | None = None,
        headers: Headers | None = None,
        fine: frozenset[int] = frozenset(),
    ) -> Answer:
        """Write by sending a body of exactly `size` bytes, made anew for each try.

        `fine` names statuses that are no failure besides the successes, such as 308 where it means "go on".
        """
        sent = {"Content-Length": str(size), **(headers or {})}
        call = Call(method, path, writes=True, fine=fine)
        return self._call(call, query, sent, body, extra_s=size / self._limits.upload_bytes_per_s)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: JsonValue | Mapping[str, Any] = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Headers | None = None,
        reads: bool | None = None,
    ) -> Answer:
        """Send one call and return the whole answer.

        Args:
            method: the HTTP method.
            path: from the origin's root on; a whole address is taken if it lies at the origin or at a further one.
            query: parameters; those that are None are left out.
            json: a JSON body.
            form: a form body.
            content: a body as it is.
            headers: more headers than the credentials'.
            reads: whether this call only reads, where the method does not tell (a search by POST).
        """
        more = dict(headers or {})
        body = content
        if json is not None:
            body = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
            more.setdefault("Content-Type", "application/json")
        elif form is not None:
            body = str(httpx.QueryParams(form)).encode()
            more.setdefault("Content-Type", "application/x-www-form-urlencoded")
        writes = method not in READS if reads is None else not reads
        return self._call(Call(method, path, writes=writes), query, more, body)

    def download(
        self, path: str, into: IO[bytes], *, query: Query | None = None, headers: Headers | None = None
    ) -> Answer:
        """Read bytes of any size into a file, streamed; the answer's `size` says how many came.

        A body that is shorter than it said is Unreachable. What broke off is not tried again here: part of it is in
        the file.
        """
        call = Call("GET", path, writes=False, into=into)
        return self._call(call, query, dict(headers or {}), None, extra_s=self._limits.download_s)

    def reaches(self, url: str) -> bool:
        """Tell whether an address lies at this remote: credentials go nowhere else."""
        return origin_of(url) in self._origins

    def look_public(self, url: str, into: IO[bytes] | None = None) -> PublicLook:
        """Read an address as anybody can, wherever it lies, without credentials; hash what it sends, and keep it."""
        if self._busy is not None and self._busy():
            raise RuntimeError("GET of a public address inside a unit of work: end the unit first")
        named_by = self.origin if into is not None else ""
        return fetch_public(url, client=self._client, into=into, named_by=named_by, monotonic=self._monotonic)

    def credentials(self) -> Headers:
        """Return the credentials' headers, for a protocol that carries them in its body. They are secret."""
        return self._headers()

    def presigned(self, path: str, seconds: int) -> str | None:
        """Return an address at which anybody may read this for a while; None where the remote signs none. No call."""
        return self._presign(urljoin(self.origin + "/", path), seconds) if self._presign else None

    def hook_token(self, url: str) -> str:
        """Return the word that a remote is to repeat in its webhooks to this address, where it signs nothing."""
        return hook_token(self._hook_secret(), url)

    def fault(self, call: Call, code: str, text: str, status: int) -> ConnectorError | None:
        """Translate a refusal that a protocol carries inside a 200, such as an XML-RPC fault."""
        body = jsonlib.dumps({"code": code, "message": text}).encode()
        return self._translator.failure(Answer(call, status, {}, body), secrets=secrets_in(self._headers()))

    def _call(self, call: Call, query: Query | None, headers: Headers, body: Body, *, extra_s: float = 0.0) -> Answer:
        if self._busy is not None and self._busy():
            raise RuntimeError(f"{call} inside a unit of work: end the unit first")
        # Parsed once and handed on as it is: parsing costs as much as all else here.
        url = httpx.URL(with_query(urljoin(self.origin + "/", call.path), query or {}))
        if origin_of(str(url)) not in self._origins:
            raise ValueError(f"{call} does not lie at {' or '.join(sorted(self._origins))}")
        sending = Sending(call, url, headers, body)
        with time_limit(self._limits.total_s + extra_s, monotonic=self._monotonic):
            return self._renewing(sending) if call.writes or call.into else self._reading(sending)

    def _reading(self, sending: Sending) -> Answer:
        """Send a read, again where nobody answers; what counts the tries is only asked after the first one failed."""
        failed: list[Unreachable] = []

        def act() -> Answer:
            if failed:
                raise failed.pop()
            return self._renewing(sending)

        try:
            return act()
        except Unreachable as error:
            failed.append(error)
        return self._tries(act)

    def _renewing(self, sending: Sending) -> Answer:
        """Send; once more with new credentials when the old ones were refused, which says that nothing was done."""
        try:
            return self._once(sending)
        except AuthExpired:
            if self._renew is None or not self._renew():
                raise
        return self._once(sending)

    def _once(self, sending: Sending) -> Answer:
        call, body = sending.call, sending.body
        if self._limiter is not None:
            self._limiter.acquire(call.method, call.path, urgent=self._urgent)
        credentials = self._headers()
        content = body() if callable(body) else body
        headers = {**credentials, **sending.headers}
        request = self._client.build_request(call.method, sending.url, headers=headers, content=content)
        if self._sign is not None:
            signed = self._sign(call.method, str(request.url), dict(request.headers))
            request.headers.update(dict(signed))
            credentials = {**credentials, **signed}
        answer = self._exchange(call, request, credentials)
        refused = None if succeeded(answer) else self._translator.failure(answer, secrets=secrets_in(credentials))
        pause = self._limiter.learn(answer.headers, refused=isinstance(refused, RateLimited)) if self._limiter else None
        if isinstance(refused, RateLimited) and refused.after_s is None:
            refused.after_s = pause
        if refused is not None:
            raise refused
        return answer

    def _exchange(self, call: Call, request: httpx.Request, credentials: Headers) -> Answer:
        """Send, follow a read's redirects, read the body: nothing of httpx leaves this method."""
        try:
            for _ in range(self._limits.redirects + 1):
                response = self._client.send(request, stream=True)
                with closing(response):
                    following = self._following(call, request, response, credentials)
                    if following is None:
                        return self._read(call, response)
                request = following
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            failure = self._translator.never_sent(_why(call, error, credentials))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, SourceBroken) as error:
            failure = self._translator.lost(call, _why(call, error, credentials))
        else:
            failure = call.senseless(f"more than {self._limits.redirects} redirects")
        raise failure from None

    def _following(
        self, call: Call, request: httpx.Request, response: httpx.Response, credentials: Headers
    ) -> httpx.Request | None:
        if call.writes or response.status_code not in REDIRECTS or "location" not in response.headers:
            return None
        url = urljoin(str(request.url), response.headers["location"])
        headers = dict(request.headers)
        # A read by POST goes on as a GET without its body: nobody else is told what was asked.
        for name in ("host", "content-length", "content-type"):
            headers.pop(name, None)
        if origin_of(url) not in self._origins:
            for name in (*credentials, "authorization", "cookie"):
                headers.pop(name.lower(), None)
        method = request.method if request.method in READS else "GET"
        began = {SENT_BY: request.extensions.get(SENT_BY) or origin_of(str(request.url))}
        return self._client.build_request(method, url, headers=headers, extensions=began)

    def _read(self, call: Call, response: httpx.Response) -> Answer:
        into = call.into if response.is_success else None
        limit = self._limits.download_bytes if into else self._limits.answer_bytes
        received: list[bytes] = []
        take = into.write if into else received.append
        size = 0
        for chunk in response.iter_bytes():  # as they come: cutting them anew would cost a tenth
            size += len(chunk)
            if size > limit:
                raise call.senseless(f"more than {limit} bytes", status=response.status_code)
            take(chunk)
        headers = dict(response.headers.items())  # names in lower case
        return Answer(call, response.status_code, headers, b"".join(received), size)


def _why(call: Call, error: Exception, credentials: Headers) -> str:
    return redact(f"{call}: {type(error).__name__}: {error}", secrets_in(credentials))
