from __future__ import annotations

import pytest

from hub.access.actors import Actor, Role
from hub.clock import DAY
from hub.errors import HubError
from hub.notify.models import Endpoint
from hub.notify.notices import tell
from hub.notify.service import Notify
from hub.settings import Settings


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/in",
        "ftp://hooks.example.org/in",
        "https://user:pass@hooks.example.org/in",
        "https://inside.example.org/in",
        "https://unknown.example.org/in",
        "http://169.254.169.254/latest",
        "https://hooks.example.org/in#part",
        "https://hooks.example.org/\u202e",
        "https://hooks.example.org:99999/",
        "https://[::1",
        "https://hooks.example.org/" + "x" * 2000,
        "",
    ],
)
def test_addresses_that_are_refused(notify, administrator, url):
    assert code_of(notify.add_endpoint, administrator, url, ["asset.approved"]) == "endpoint_url_refused"
    assert notify.list(administrator) == []


def test_a_trusted_origin_may_be_inside_and_plain(notify, administrator):
    made, _ = notify.add_endpoint(administrator, "http://inside.example.org/in", ["asset.approved"])
    assert made.url == "http://inside.example.org/in"


@pytest.mark.parametrize("kinds", [[], ["access.signed_in"], ["asset.approved", "everything"], ["nothing.*"]])
def test_kinds_that_are_refused(notify, administrator, kinds):
    assert code_of(notify.add_endpoint, administrator, "https://hooks.example.org/", kinds) == "event_kind_unknown"


def test_only_administrators_manage_endpoints(notify, endpoint):
    made = endpoint()
    editor = Actor("e", "Edda", Role.EDITOR)
    for call in (notify.off, notify.on, notify.rotate, notify.deliveries):
        assert code_of(call, editor, made.id) == "not_allowed"
    assert code_of(notify.list, editor) == "not_allowed"
    assert code_of(notify.add_endpoint, editor, "https://hooks.example.org/", ["asset.approved"]) == "not_allowed"


def test_unknown_endpoints(notify, administrator):
    for call in (notify.off, notify.on, notify.rotate):
        assert code_of(call, administrator, "nothing") == "no_such_endpoint"


def test_secrets_are_sealed_and_shown_once(notify, administrator, database):
    made, secret = notify.add_endpoint(administrator, "https://hooks.example.org/", ["asset.approved"])
    assert secret.startswith("whsec_")
    assert secret not in repr(made)
    with database.read() as unit:
        assert secret not in unit.get(Endpoint, made.id).sealed_secrets
    assert secret not in repr(notify.list(administrator))


def test_during_rotation_both_secrets_verify(notify, endpoint, administrator, receiver, happen, drain, clock):
    made = endpoint()
    old = receiver.secrets[made.url]
    new = [notify.rotate(administrator, made.id)]
    happen()
    drain()
    receiver.secrets[made.url] = new
    happen()
    drain()
    assert len(receiver.got) == 2
    clock.advance(DAY)
    receiver.secrets[made.url] = old
    happen()
    drain()
    assert len(receiver.got) == 2


def test_a_second_rotation_ends_the_first_secret(notify, endpoint, administrator, receiver, happen, drain):
    made = endpoint()
    notify.rotate(administrator, made.id)
    receiver.secrets[made.url] = [notify.rotate(administrator, made.id)]
    happen()
    assert drain() == 1


def test_off_gives_up_what_waits_and_on_begins_anew(notify, endpoint, administrator, receiver, happen, drain):
    made = endpoint()
    receiver.answers[made.url] = 500
    happen()
    drain()
    assert notify.off(administrator, made.id).state == "off"
    happen()
    assert drain() == 0
    assert [row.state for row in notify.deliveries(administrator, made.id)] == ["given_up"]
    receiver.answers[made.url] = 200
    again = notify.on(administrator, made.id)
    assert (again.state, again.failing_since) == ("live", None)
    happen(version_id="v3")
    drain()
    assert [row.state for row in notify.deliveries(administrator, made.id)] == ["delivered", "given_up"]


def test_notices_are_ones_own(notify, administrator, database):
    somebody = Actor("other", "Otto", Role.EDITOR)
    with database.unit() as unit:
        tell(unit, administrator.id, "endpoint_off", subject="e1", body={"reason": "gone"}, at=5)
        tell(unit, "nobody", "endpoint_off", subject="e2", body={}, at=6)
    second, first = notify.notices(administrator)
    assert (first.what, first.body, second.subject) == ("endpoint_off", {"reason": "gone"}, "e2")
    notify.mark_read(somebody, first.id)
    assert len(notify.notices(administrator, unread_only=True)) == 2
    notify.mark_read(administrator, first.id)
    assert [each.id for each in notify.notices(administrator, unread_only=True)] == [second.id]
    assert notify.notices(somebody) == []


def test_without_a_test_double_the_real_guard_refuses_loopback(database, clock, keyring, administrator):
    real = Notify(database, clock, keyring, Settings())
    assert code_of(real.add_endpoint, administrator, "https://127.0.0.1/", ["asset.approved"]) == "endpoint_url_refused"
