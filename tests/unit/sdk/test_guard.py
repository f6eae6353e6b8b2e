"""Which addresses may be called."""

import pytest

from connectors.sdk.errors import Misconfigured
from connectors.sdk.guard import AddressRefused, Guard, origin_of, refusal, same_origin

PUBLIC = "93.184.216.34"


def guard(*addresses, trusted=()):
    return Guard(trusted_origins=trusted, resolver=lambda host, port: addresses)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"])
def test_public_addresses_may_be_called(address):
    assert guard(address).addresses("https://example.com", "example.com", 443) == (address,)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::1", "::",
        "fc00::1", "fe80::1", "fe80::1%eth0", "169.254.169.254", "224.0.0.1", "ff02::1", "255.255.255.255",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "198.18.0.1", "192.0.2.1", "240.0.0.1", "garbage", "",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(address):
    with pytest.raises(AddressRefused) as refused:
        guard(address).addresses("https://example.com", "example.com", 443)
    assert isinstance(refused.value, Misconfigured)
    assert refused.value.code == "address_not_allowed"


def test_one_bad_address_among_good_ones_refuses_the_name():
    with pytest.raises(AddressRefused):
        guard(PUBLIC, "10.0.0.1").addresses("https://example.com", "example.com", 443)


def test_a_trusted_origin_may_be_private():
    trusting = guard("127.0.0.1", trusted=["http://localhost:8080"])
    assert trusting.addresses("http://localhost:8080", "localhost", 8080) == ("127.0.0.1",)


@pytest.mark.parametrize("origin", ["http://localhost:8081", "https://localhost:8080", "http://127.0.0.1:8080"])
def test_trust_is_for_exactly_one_origin(origin):
    with pytest.raises(AddressRefused):
        guard("127.0.0.1", trusted=["http://localhost:8080"]).addresses(origin, "localhost", 8080)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0"]
)
def test_metadata_is_never_trusted(address):
    assert refusal(address, trusted=True)
    with pytest.raises(AddressRefused):
        guard(address, trusted=["http://meta"]).addresses("http://meta", "meta", 80)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com", "file:///etc/passwd", "gopher://x", "//example.com", "example.com", "", "http://",
        "http://user:pass@example.com", "http://user@example.com", "http://[::1", "http://example.com:99999",
        "http://example.com:0x", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_other_schemes_and_forms_are_refused(url):
    with pytest.raises(AddressRefused):
        origin_of(url)


def test_an_origin_has_one_form():
    assert origin_of("HTTPS://Example.COM:443/a?b#c") == "https://example.com"
    assert origin_of("http://[::1]:8080/x") == "http://[::1]:8080"
    assert same_origin("http://a", "http://a:80/x")
    assert not same_origin("http://a", "https://a")


def test_a_name_that_does_not_resolve_is_an_os_error():
    with pytest.raises(OSError, match="resolve"):
        guard().addresses("http://a", "a", 80)

    def hostile(host, port):
        raise UnicodeError("label too long")

    with pytest.raises(OSError, match="resolved"):
        Guard(resolver=hostile).addresses("http://a", "a", 80)


def test_the_system_resolver_knows_this_machine():
    with pytest.raises(AddressRefused):
        Guard().addresses("http://localhost", "localhost", 80)
