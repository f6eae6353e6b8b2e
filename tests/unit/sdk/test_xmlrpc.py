"""XML-RPC over the guarded client."""

import xmlrpc.client

import pytest

from connectors.sdk.errors import AuthExpired, BadAnswer, Misconfigured, Missing, OutcomeUnknown, Rejected, Unreachable
from connectors.sdk.manifest import Meaning
from connectors.sdk.xmlrpc import XmlRpcTransport
from tests.unit.sdk.test_http import mocked

XML = {"headers": {"Content-Type": "text/xml"}}


def proxy(*bodies, codes=None, status=200):
    answers = [(status, {"content": body, **XML}) for body in bodies]
    api, sent = mocked(*answers, codes=codes)
    transport = XmlRpcTransport(api)
    return xmlrpc.client.ServerProxy("https://acme.example/xmlrpc.php", transport=transport), sent


def answered(value):
    return xmlrpc.client.dumps((value,), methodresponse=True).encode()


def fault(code, text="no"):
    return xmlrpc.client.dumps(xmlrpc.client.Fault(code, text), methodresponse=True).encode()


def test_a_call_goes_through_the_client_and_comes_back_unmarshalled():
    server, sent = proxy(answered({"id": "7", "bits": xmlrpc.client.Binary(b"\x00\x01")}))
    assert server.wp.getPost(1, "user", 7)["id"] == "7"
    assert sent[0].url.path == "/xmlrpc.php"
    assert sent[0].headers["content-type"] == "text/xml"
    assert "authorization" in sent[0].headers
    assert b"wp.getPost" in sent[0].content


@pytest.mark.parametrize(
    ("code", "error"),
    [(401, AuthExpired), (403, Misconfigured), (404, Missing), (0, Rejected), (-32601, Rejected), (400, Rejected)],
)
def test_a_fault_is_read_like_a_status(code, error):
    server, _ = proxy(fault(code))
    with pytest.raises(error):
        server.wp.getPost(7)


def test_a_fault_in_the_manifest_goes_first():
    server, _ = proxy(fault(403, "Incorrect username or password."), codes={"403": Meaning.AUTH_EXPIRED})
    with pytest.raises(AuthExpired):
        server.wp.newPost(7)


def test_a_failure_is_unknown_for_a_write_and_unreachable_for_a_read():
    server, sent = proxy(b"", status=503)
    with pytest.raises(OutcomeUnknown):
        server.wp.uploadFile(1)
    assert len(sent) == 1
    with pytest.raises(Unreachable):
        server.wp.getMediaLibrary(1)
    assert len(sent) == 4
    server, _ = proxy(fault(500))
    with pytest.raises(OutcomeUnknown):
        server.wp.deletePost(1)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in</html>", b"", b"<methodResponse><params>", b"\xff\xfe", b"<methodResponse></methodResponse>",
        b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><methodResponse>&b;</methodResponse>',
        b"<methodResponse><params><param><value><int>x</int></value></param></params></methodResponse>",
    ],
)  # fmt: skip
def test_what_is_no_answer_makes_no_sense(body):
    server, _ = proxy(body)
    with pytest.raises(BadAnswer):
        server.system.listMethods()
    with pytest.raises(OutcomeUnknown):
        server.wp.newPost(1)
