"""A report is checked without its hub: any change of one byte is refused, and so is anybody else's key."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import HubError, Invalid
from hub.placements.models import EvidenceKey
from hub.placements.reports.checking import Pages, Verdict, attached, check, read_keys
from hub.placements.reports.forms import Form
from hub.placements.reports.pages import lay_out
from hub.placements.reports.signing import AlteredError, from_text, read, sign
from tests.faults.model.world import World
from tests.unit.placements.filing import Filing


@pytest.fixture
def desk(quick, clock):
    return Filing(World(quick, clock))


@pytest.fixture
def recall(desk):
    desk.name("Edda Ek")
    asset = desk.approved(title="Größe: שלום, 漢字")
    desk.place(asset, slot="مرحبا")
    desk.run()
    recall = desk.placements.recall(desk.actor, asset, "No consent any more")
    desk.run()
    return recall


@pytest.fixture
def keys(desk, recall):
    desk.report(recall)
    return read_keys(json.dumps(desk.reports.keys()))


def flipped(data, place, bit):
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def test_both_forms_are_genuine_and_hold_the_same_kind_of_document(desk, recall, keys):
    as_json, as_pdf = desk.report(recall), desk.report(recall, Form.PDF)
    assert check(as_json, keys).verdict is Verdict.GENUINE
    found = check(as_pdf, keys)
    assert (found.verdict, found.pages) == (Verdict.GENUINE, Pages.SAME)
    assert found.document.report.number == read(as_json).document["report"]["number"] + 1
    assert check(attached(as_pdf), keys).genuine


def test_any_changed_byte_is_refused(desk, recall, keys):
    as_json, as_pdf = desk.report(recall), desk.report(recall, Form.PDF)
    begin = as_pdf.index(attached(as_pdf))
    inside = range(begin, begin + len(attached(as_pdf)))

    @settings(max_examples=150, deadline=None, database=None)
    @given(place=st.integers(0, len(as_json) - 1), bit=st.integers(0, 7))
    def of_the_document(place, bit):
        assert not check(flipped(as_json, place, bit), keys).genuine

    @settings(max_examples=40, deadline=None, database=None)
    @given(place=st.sampled_from(inside), bit=st.integers(0, 7))
    def of_what_is_attached(place, bit):
        assert not check(flipped(as_pdf, place, bit), keys).genuine

    of_the_document()
    of_what_is_attached()


def test_every_byte_of_the_signature_counts(desk, recall, keys):
    data = desk.report(recall)
    tail = data.index(b'"signature"')
    assert all(not check(flipped(data, place, 0), keys).genuine for place in range(tail, len(data)))


def test_changed_pages_around_a_genuine_document_are_told(desk, recall, keys):
    data = desk.report(recall, Form.PDF)
    outside = [place for place in range(8, len(data), len(data) // 6) if place not in _attachment(data)]
    assert len(outside) >= 4
    for place in outside:
        found = check(flipped(data, place, 0), keys)
        assert found.verdict in {Verdict.PAGES_ALTERED, Verdict.ALTERED}
    found = check(data + b"%more", keys)
    assert (found.verdict, found.pages) == (Verdict.PAGES_ALTERED, Pages.DIFFER)
    assert found.document.asset.code.startswith("DAM-")


def _attachment(data):
    begin = data.index(attached(data))
    return range(begin, begin + len(attached(data)))


def test_pages_of_other_libraries_are_not_compared_and_that_is_said(desk, recall, keys, monkeypatch):
    data = desk.report(recall, Form.PDF)
    monkeypatch.setattr("hub.placements.reports.checking.made_with", lambda: {"fpdf2": "99"})
    found = check(data, keys)
    assert (found.verdict, found.pages) == (Verdict.GENUINE, Pages.NOT_COMPARED)
    assert "not compared" in found.says


def test_a_report_that_claims_another_hubs_key_is_said_to_be_so(desk, recall, keys):
    genuine = read(desk.report(recall))
    forged = sign(genuine.document, Ed25519PrivateKey.generate()).to_bytes()
    found = check(forged, keys)
    assert found.verdict is Verdict.OTHER_KEY
    assert desk.installation().id in found.says
    assert check(desk.report(recall), {}).verdict is Verdict.OTHER_KEY


@pytest.mark.parametrize("made_at", ["", "x" * 20_000, "2026-99-99T00:00:00Z", "\x00"])
def test_of_what_a_stranger_signed_nothing_is_laid_out(desk, recall, keys, monkeypatch, made_at):
    document = read(desk.report(recall)).document
    document["report"]["made_at"] = made_at
    forged = sign(document, Ed25519PrivateKey.generate()).to_bytes()
    monkeypatch.setattr("hub.placements.reports.checking.lay_out", lambda _: pytest.fail("laid out"))
    found = check(b"%PDF-1.7\nstream\n" + forged + b"\nendstream", keys)
    assert (found.verdict, found.pages) == (Verdict.OTHER_KEY, Pages.NOT_COMPARED)


def test_a_key_of_another_hub_signs_nothing_in_this_hubs_name(desk, recall, keys):
    other = {name: key.model_copy(update={"installation": "another-hub"}) for name, key in keys.items()}
    found = check(desk.report(recall), other)
    assert found.verdict is Verdict.OTHER_KEY
    assert "another-hub" in found.says


def test_old_keys_go_on_checking_what_they_signed_and_nothing_newer(desk, recall, keys):
    before = desk.report(recall)
    with desk.database.read() as session:
        old = session.get_one(EvidenceKey, read(before).signature.key_id).sealed
    desk.clock.advance(1000)
    made = desk.reports.rotate_key(desk.actor)
    assert desk.check(before).genuine
    desk.clock.advance(1000)
    after = desk.report(recall)
    assert read(after).signature.key_id == made.id
    assert desk.check(after).genuine
    with desk.database.read() as session:
        assert session.get_one(EvidenceKey, read(before).signature.key_id).sealed == ""
    private = desk.keyring.open(old, purpose="evidence-key")
    late = sign(read(after).document, Ed25519PrivateKey.from_private_bytes(from_text(private, 32)))
    assert desk.check(late.to_bytes()).verdict is Verdict.OTHER_KEY


def test_the_same_document_gives_the_same_bytes(desk, recall):
    data = desk.report(recall, Form.PDF)
    assert lay_out(read(attached(data))) == data


def test_an_open_recall_says_so_on_every_page_and_signs_without_a_font_are_shown_by_number(desk):
    import pypdfium2

    desk.name("Edda Ek")
    asset = desk.approved(title="Größe 漢字")
    for number in range(5):
        desk.place(asset, slot=f"slot {number}")
    desk.run()
    desk.remote.dead = True
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    data = desk.report(recall, Form.PDF)
    with pypdfium2.PdfDocument(data) as pages:
        texts = []
        for page in pages:
            words = page.get_textpage()
            texts.append(words.get_text_range())
            words.close()
            page.close()
        names = [pages.get_attachment(n).get_name() for n in range(pages.count_attachments())]
    assert len(texts) >= 3
    assert all("OPEN: this recall was not at its end" in text for text in texts)
    assert all(f"Page {n} of {len(texts)}" in text for n, text in enumerate(texts, start=1))
    sha256 = read(attached(data)).signature.sha256
    assert all(sha256 in text for text in texts)
    assert "Größe ⟨U+6F22⟩⟨U+5B57⟩" in texts[0]
    code = read(attached(data)).document["asset"]["code"].lower()
    assert names == [f"{code}-recall-report-1.json"]


NO_REPORTS = {
    "empty": b"", "object": b"{}", "list": b"[1]", "no-text": b"\xff\xfe", "paper": b"%PDF-1.4 nothing in it",
    "hollow": b'{"document":{},"signature":{}}', "deep": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("data", NO_REPORTS.values(), ids=NO_REPORTS)
def test_what_is_no_report_is_refused(data):
    assert check(data, {}).verdict is Verdict.ALTERED


def test_what_has_no_canonical_form_is_not_signed():
    for value in ({"a": float("nan")}, {"a": 2**60}, {"a": "\ud800"}):
        with pytest.raises(AlteredError):
            sign(value, Ed25519PrivateKey.generate())


def test_keys_that_are_none_are_refused(keys, desk):
    published = desk.reports.keys()
    swapped = {"keys": [{**published["keys"][0], "kid": "A" * 43}]}
    for text in ("", "[]", "{}", "[" * 100_000, json.dumps({"keys": [{"x": "AA"}]}), json.dumps(swapped)):
        with pytest.raises(Invalid) as refused:
            read_keys(text)
        assert refused.value.code == "no_evidence_keys"
    assert isinstance(refused.value, HubError)
