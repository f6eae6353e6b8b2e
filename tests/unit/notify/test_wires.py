"""Connections to receivers stay open from one message to the next, to so many addresses as are kept."""

from __future__ import annotations

import pytest

from connectors.sdk.guard import AddressRefused, Guard
from hub.notify.wires import Wires


def test_messages_to_one_origin_share_a_client_and_others_have_their_own():
    wires = Wires(Guard())
    with wires.to("https://a.example.org/in") as first, wires.to("https://a.example.org/other?x=1") as second:
        assert first is second
        with wires.to("https://b.example.org/in") as third:
            assert third is not first


def test_the_one_that_was_used_longest_ago_is_closed_but_never_under_a_message():
    wires = Wires(Guard(), most=2)
    with wires.to("https://a.example.org/") as used:
        for name in ("b", "c", "d"):
            with wires.to(f"https://{name}.example.org/") as client:
                assert not client.is_closed
        assert not used.is_closed
    assert used.is_closed
    with wires.to("https://c.example.org/") as kept, wires.to("https://c.example.org/") as again:
        assert kept is again
    assert not kept.is_closed


def test_all_are_closed_in_the_end_and_one_in_use_after_its_message():
    wires = Wires(Guard())
    with wires.to("https://a.example.org/") as used, wires.to("https://b.example.org/"):
        wires.close()
        assert not used.is_closed
    assert used.is_closed


def test_what_is_no_address_is_refused():
    with pytest.raises(AddressRefused), Wires(Guard()).to("ftp://a.example.org/"):
        pytest.fail("lent")
