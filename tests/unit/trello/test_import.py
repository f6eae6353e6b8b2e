"""Files that people put on cards: listed with their boards and cards, and fetched with credentials in the header."""

import http.server
import io
import threading

import pytest

from connectors.sdk.errors import Missing, Unreachable
from connectors.sdk.paging import every
from connectors.sdk.types import ItemKind
from connectors.testing.faults import Fault, Rule
from connectors.testing.ledger import What
from connectors.trello.items import file_name, is_upload, of_card
from connectors.trello.types import Attachment, Card


def inventory(trello):
    return {item.ref: item for item in every(trello.inventory)}


def test_a_file_is_listed_under_its_card_and_its_board(trello, sandbox):
    ref = sandbox.stock("holiday.jpg", b"1234567")
    card, _, attachment = ref.partition("/")
    items = inventory(trello)
    assert (items[ref].size, items[ref].media_type, items[ref].revision) == (7, "image/jpeg", attachment)
    assert items[ref].parents == (card,)
    assert items[card].parents == (sandbox.cards[card]["board"],)
    assert items[ref].modified_at == sandbox.ledger.effects()[0].facts["at"]
    assert {item.kind for item in items.values()} == {ItemKind.FOLDER, ItemKind.FILE}


def test_links_are_no_files_and_cards_without_files_are_no_folders(trello, sandbox):
    card = sandbox.targets()[0]
    sandbox.intrude(card, "page")
    assert set(inventory(trello)) == {board["id"] for board in sandbox.boards}


def test_files_on_archived_cards_are_listed_and_such_cards_are_no_places(trello, sandbox):
    card, _, _ = (ref := sandbox.stock("a.jpg", b"x")).partition("/")
    sandbox.cards[card]["closed"] = True
    items = inventory(trello)
    assert ref in items
    assert items[card].facts == {"archived": True}
    assert card not in {target.ref for target in every(trello.targets)}


def test_a_download_sends_the_credentials_in_the_header_and_nothing_in_the_query(trello, sandbox):
    ref, into = sandbox.stock("a b.jpg", b"bytes"), io.BytesIO()
    sandbox.reset_requests()
    fetched = trello.fetch(ref, into)
    assert (into.getvalue(), fetched.size, fetched.media_type) == (b"bytes", 5, "image/jpeg")
    download = sandbox.requests[-1]
    assert download.path.endswith("/download/a_b.jpg")
    assert download.query == ""
    assert sandbox.secrets["token"] in download.headers["authorization"]


def test_a_file_of_another_size_than_listed_is_read_again(trello, sandbox):
    ref = sandbox.stock("a.jpg", b"bytes")
    sandbox.ledger.add(What.CHANGED, ref.partition("/")[2], ref.partition("/")[0], size=6)
    with pytest.raises(Unreachable):
        trello.fetch(ref, io.BytesIO())


def test_a_link_has_no_bytes(trello, sandbox):
    card = sandbox.targets()[0]
    with pytest.raises(Missing):
        trello.fetch(f"{card}/{sandbox.intrude(card, 'page')}", io.BytesIO())


@pytest.fixture
def storage():
    asked = []

    class Storage(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"bytes")

        def log_message(self, *args):
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Storage)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_trellos_storage_gets_no_credentials(sandbox, storage):
    from connectors.sdk.guard import Guard
    from connectors.sdk.http import Api, guarded_client
    from connectors.trello import MANIFEST

    url, asked = storage
    ref, into = sandbox.stock("a.jpg", b"bytes"), io.BytesIO()
    redirect = Rule(fault=Fault.ERROR_BEFORE, path="download", status=302, headers={"Location": f"{url}/bucket/a.jpg"})
    sandbox.faults.add(redirect)
    with guarded_client(Guard(trusted_origins=[sandbox.origin, url])) as client:
        headers = MANIFEST.auths[0].headers(sandbox.secrets)
        api = Api(sandbox.origin, manifest=MANIFEST, client=client, headers=lambda: headers)
        MANIFEST.connect(api, MANIFEST.settings(origin=sandbox.origin)).fetch(ref, into)
    assert into.getvalue() == b"bytes"
    assert not [name for name in asked[0] if name.lower() in ("authorization", "x-trello-client-identifier")]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://trello.com/1/cards/c/attachments/a/download/06_15_13_07.png", "06_15_13_07.png"),
        ("https://trello-attachments.s3.amazonaws.com/5b68/5b6b/c017/me.png", "me.png"),  # before 2021
        ("https://trello.com/1/cards/c/attachments/a/download/Gr%C3%BC%C3%9Fe.png?x=1", "Gr%C3%BC%C3%9Fe.png"),
        ("", "me%2Fyou.png"),
    ],
)
def test_the_name_of_a_download_is_the_last_part_of_the_address(url, name):
    assert file_name(Attachment(id="a", name="me/you.png", url=url)) == name


def test_the_address_tells_a_file_from_a_link():
    # As recorded in February 2023 and in May 2016.
    ref = "63e2b77d5033cd7812bc7a73"
    url = f"https://trello.com/1/cards/63d387e699609c7f4bf0e0ce/attachments/{ref}/download/06_15_13_07.png"
    assert is_upload(url, ref)
    assert not is_upload("http://url.com", "5735940584b4870a92c9d2da")
    assert not is_upload("https://elsewhere.example/?/attachments/a/download/b", "a")


def test_sizes_come_as_text_too_and_may_be_missing():
    printed = {"id": "a", "name": "n", "url": "u", "isUpload": True, "bytes": "12345", "mimeType": None}
    assert Attachment.model_validate(printed).size == 12345
    sparse = Attachment.model_validate({"id": "a", "isUpload": True})
    items = list(of_card(Card(id="c", attachments=(sparse,)), ""))
    assert [(item.name, item.size, item.parents) for item in items] == [("c", None, ()), ("a", None, ("c",))]
