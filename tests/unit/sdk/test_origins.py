"""A remote may answer at several origins: credentials go to those that its manifest names, and nowhere else."""

from dataclasses import replace

import httpx
import pytest
from pydantic import BaseModel

from connectors.sdk.errors import Misconfigured
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.testing.pinboard import MANIFEST as PINBOARD

SECRET = "s3cret-token-value"
HOME, FILES, STRANGER = "https://api.acme.example", "https://files.acme.example", "https://elsewhere.example"


class Anything(BaseModel):
    pass


def speak(answer, *, further=(FILES,), **more):
    sent = []

    def handle(request):
        request.read()
        sent.append(request)
        return answer(request)

    client = guarded_client(Guard(), transport=httpx.MockTransport(handle))
    api = Api(
        HOME, manifest=PINBOARD, client=client, further=further, limits=Limits(total_s=5.0),
        headers=lambda: {"Authorization": f"Bearer {SECRET}"}, sleep=lambda seconds: None, **more,
    )  # fmt: skip
    return api, sent


def fine(request):
    return httpx.Response(200, json={})


def where(request):
    return f"{request.url.scheme}://{request.url.host}"


def test_paths_lie_at_the_first_origin_and_whole_addresses_may_lie_at_the_others():
    api, sent = speak(fine)
    api.ask("GET", "/me")
    api.ask("GET", f"{FILES}/download")
    assert [where(one) for one in sent] == [HOME, FILES]
    assert all(one.headers["Authorization"] == f"Bearer {SECRET}" for one in sent)


@pytest.mark.parametrize(
    "address",
    [
        f"{STRANGER}/x", "http://files.acme.example/x", "https://files.acme.example:8443/x", "//elsewhere.example/x",
        "https://files.acme.example.elsewhere.example/x", "https://notfiles.acme.example/x",
    ],
)  # fmt: skip
def test_an_address_that_lies_at_none_of_them_is_never_called(address):
    api, sent = speak(fine)
    with pytest.raises(ValueError, match="does not lie at"):
        api.ask("GET", address)
    assert not sent


def test_without_further_origins_there_is_one():
    api, sent = speak(fine, further=())
    with pytest.raises(ValueError, match="does not lie at"):
        api.ask("GET", f"{FILES}/download")
    assert not sent


@pytest.mark.parametrize("start", ["/me", f"{FILES}/me"])
@pytest.mark.parametrize(("to", "kept"), [(HOME, True), (FILES, True), (STRANGER, False)])
def test_credentials_follow_redirects_to_these_origins_only(start, to, kept):
    def answer(request):
        elsewhere = httpx.Response(302, headers={"Location": f"{to}/there"})
        return fine(request) if request.url.path == "/there" else elsewhere

    api, sent = speak(answer)
    api.ask("GET", start)
    assert where(sent[1]) == to
    assert (sent[1].headers.get("Authorization") is not None) is kept
    assert (SECRET in " ".join(sent[1].headers.values())) is kept


def test_credentials_do_not_come_back_after_a_stranger_was_asked():
    steps = {"/me": f"{STRANGER}/a", "/a": f"{FILES}/b"}

    def answer(request):
        to = steps.get(request.url.path)
        return httpx.Response(307, headers={"Location": to}) if to else fine(request)

    api, sent = speak(answer)
    api.ask("GET", "/me")
    assert [where(one) for one in sent] == [HOME, STRANGER, FILES]
    assert "authorization" not in sent[2].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_by_post_is_followed_without_its_body(status):
    def answer(request):
        moved = request.url.path == "/search"
        return httpx.Response(status, headers={"Location": f"{STRANGER}/x"}) if moved else fine(request)

    api, sent = speak(answer)
    api.ask("POST", "/search", json={"query": "internal name"}, reads=True)
    assert (sent[1].method, sent[1].content) == ("GET", b"")
    assert not {"content-length", "content-type"} & set(sent[1].headers)


def test_a_further_origin_inside_is_refused_like_any_other():
    def inside(host, port):
        return ["10.0.0.7" if host.startswith("files.") else "93.184.215.14"]

    client = guarded_client(Guard(resolver=inside))
    api = Api(HOME, manifest=PINBOARD, client=client, further=(FILES,), limits=Limits(total_s=5.0))
    with pytest.raises(Misconfigured) as refused:
        api.ask("GET", f"{FILES}/x")
    assert refused.value.code == "address_not_allowed"


def test_a_manifest_names_further_origins_by_its_settings():
    assert PINBOARD.further_origins(Anything()) == ()
    two = replace(PINBOARD, further_origins=lambda settings: (FILES,))
    assert two.further_origins(Anything()) == (FILES,)


@pytest.mark.parametrize(("url", "reached"), [(f"{HOME}/a", True), (f"{FILES}/b", True), (f"{STRANGER}/c", False)])
def test_a_connector_can_ask_whether_an_address_lies_at_its_remote(url, reached):
    assert speak(fine)[0].reaches(url) is reached
