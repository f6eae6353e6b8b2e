from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.keyring import Keyring
from hub.errors import Invalid, Unavailable
from hub.settings import Settings

RING = Keyring([b"a" * 32])


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@given(st.text(), st.text(max_size=20))
def test_what_was_sealed_opens_for_its_purpose_alone(text, purpose):
    sealed = RING.seal(text, purpose=purpose)
    assert RING.open(sealed, purpose=purpose) == text
    with pytest.raises(Unavailable):
        RING.open(sealed, purpose=purpose + "x")


def test_two_seals_of_one_text_differ_and_hide_it():
    first, second = (RING.seal("swordfish", purpose="p") for _ in range(2))
    assert first != second
    assert "swordfish" not in first
    assert first.split(".")[1] == RING.key_id


@given(st.text(max_size=200))
def test_anything_else_is_unreadable_and_nothing_worse(sealed):
    with pytest.raises(Unavailable) as refused:
        RING.open(sealed, purpose="p")
    assert refused.value.code == "secret_unreadable"


SEALED = RING.seal("swordfish", purpose="p")
"""Once: each sealing differs, and what is drawn may not."""


@given(st.data())
def test_a_flipped_letter_is_noticed(data):
    sealed = SEALED
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("Ab0-_.\u00e9").filter(lambda new: new != sealed[place]))
    changed = sealed[:place] + letter + sealed[place + 1 :]
    try:
        opened = RING.open(changed, purpose="p")
    except Unavailable:
        return
    # The last base64 letter has bits that stand for nothing.
    assert opened == "swordfish"
    assert place >= len(sealed.rstrip("=")) - 1


@given(st.binary(), st.text(max_size=60))
def test_a_signature_holds_for_its_message_and_purpose_alone(message, forged):
    signature = RING.sign(message, purpose="link")
    assert len(signature) == 43
    assert RING.verify(message, signature, purpose="link")
    assert not RING.verify(message, signature, purpose="marker")
    assert not RING.verify(message + b"x", signature, purpose="link")
    assert not RING.verify(message, signature + "=", purpose="link")
    assert not RING.verify(message, forged, purpose="link")


def test_the_first_run_makes_a_key_that_only_its_owner_reads(settings):
    ring = Keyring.load(settings)
    (path,) = (settings.home / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Keyring.load(settings).open(ring.seal("s", purpose="p"), purpose="p") == "s"


def test_a_process_that_came_second_takes_the_first_ones_key(settings, monkeypatch):
    first = Keyring.load(settings)
    seen = iter([[], None])
    whole = Keyring.load.__func__.__globals__["_read_all"]
    monkeypatch.setattr("hub.access.keyring._read_all", lambda folder: whole(folder) if next(seen) is None else [])
    assert Keyring.load(settings).key_id == first.key_id
    assert len(list((settings.home / "keys").iterdir())) == 1


def test_rotation_makes_a_new_key_and_keeps_the_old_for_opening(settings):
    before = Keyring.load(settings)
    sealed, signature = before.seal("s", purpose="p"), before.sign(b"m", purpose="p")
    after = Keyring.rotate(settings)
    assert after.key_id != before.key_id
    assert after.open(sealed, purpose="p") == "s"
    assert after.verify(b"m", signature, purpose="p")
    assert after.sign(b"m", purpose="p") != signature
    assert Keyring.load(settings).key_id == after.key_id
    with pytest.raises(Unavailable):
        before.open(after.seal("s", purpose="p"), purpose="p")


def test_a_removed_key_opens_nothing_any_more(settings):
    before = Keyring.load(settings)
    Keyring.rotate(settings)
    (settings.home / "keys" / "0001.key").unlink()
    ring = Keyring.load(settings)
    assert not ring.verify(b"m", before.sign(b"m", purpose="p"), purpose="p")
    with pytest.raises(Unavailable):
        ring.open(before.seal("s", purpose="p"), purpose="p")


def test_a_configured_secret_is_current_and_files_still_open(settings):
    kept = Keyring.load(settings)
    configured = settings.model_copy(update={"secret_key": type(settings.secret_key)("s" * 40)})
    ring = Keyring.load(configured)
    assert ring.key_id != kept.key_id
    assert ring.key_id == Keyring.load(configured).key_id
    assert ring.open(kept.seal("s", purpose="p"), purpose="p") == "s"
    with pytest.raises(Invalid) as refused:
        Keyring.rotate(configured)
    assert refused.value.code == "key_is_configured"


def test_a_short_configured_secret_is_refused(settings):
    short = settings.model_copy(update={"secret_key": type(settings.secret_key)("short")})
    with pytest.raises(Invalid) as refused:
        Keyring.load(short)
    assert refused.value.code == "secret_key_too_short"


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "\u00e9" * 64])
def test_a_damaged_key_file_is_named(settings, content):
    Keyring.load(settings)
    path = settings.home / "keys" / "0001.key"
    path.write_text(content)
    with pytest.raises(Invalid) as refused:
        Keyring.load(settings)
    assert (refused.value.code, refused.value.where) == ("key_file_damaged", str(path))


def test_a_key_file_that_others_can_read_is_refused(settings):
    Keyring.load(settings)
    (settings.home / "keys" / "0001.key").chmod(0o640)
    with pytest.raises(Invalid) as refused:
        Keyring.load(settings)
    assert refused.value.code == "key_file_exposed"


def test_purposes_have_keys_of_their_own():
    assert RING.derive("cookies") != RING.derive("links")
    assert len(RING.derive("cookies")) == 32
