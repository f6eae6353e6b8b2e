"""What a real Drupal 11.4.5 and 10.6.15 answered, status and body, asked of the sandbox line by line."""

import httpx
import pytest

from connectors.drupal.sandbox_files import LONGEST_LIFE_S
from tests.unit.drupal.conftest import JSONAPI, PNG

REF = "3d3a1c5e-0b5e-5f5d-8a51-0a4b5a5f9b1c"
IMAGE = "/image"
OURS = f"/image/{REF}"


def detail(answer):
    return answer.json()["errors"][0]["detail"]


@pytest.fixture
def file(upload):
    return upload().json()["data"]["id"]


@pytest.fixture
def media(write, file):
    answer = write("POST", IMAGE, REF, file=file, meta={"alt": "Red", "title": "T"}, name="Logo")
    assert answer.status_code == 201
    return answer


# 1: uploads


def test_an_upload_is_a_temporary_file(upload):
    answer = upload()
    said = answer.json()["data"]["attributes"]
    assert (answer.status_code, said["filename"], said["status"]) == (201, "x.png", False)
    assert said["uri"] == {"value": "public://2026-11/x.png", "url": "/sites/default/files/2026-11/x.png"}


def test_a_name_that_is_taken_is_numbered(upload):
    assert [upload().json()["data"]["attributes"]["uri"]["url"].rpartition("/")[2] for _ in range(3)] == [
        "x.png", "x_0.png", "x_1.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"kind": "image/png"}, 415, 'No route found that matches "Content-Type: image/png"'),
        ({"header": "file; filename*=UTF-8''x.png"}, 400, 'No filename found in "Content-Disposition" header'),
        ({"header": ""}, 400, '"Content-Disposition" header is required'),
        ({"name": "x.txt"}, 422, "file validation failed"),
        ({"name": "x.php"}, 422, "file validation failed"),
        ({"data": b"just text"}, 422, "file validation failed"),
        ({"field": "field_nope"}, 404, "field_nope"),
    ],
)
def test_what_an_upload_is_refused_for(upload, sent, status, told):
    answer = upload(**sent)
    assert answer.status_code == status
    assert told in detail(answer)


def test_steps_out_of_the_folder_are_stripped(upload):
    assert upload(name="../../etc/evil.png").json()["data"]["attributes"]["filename"] == "evil.png"


def test_raw_utf8_in_a_name_works(upload):
    assert upload(name="héro.png").json()["data"]["attributes"]["uri"]["url"].endswith("h%C3%A9ro.png")


def test_a_file_over_the_limit_is_refused_with_both_sizes(sandbox, upload):
    sandbox.files.most_bytes = 1024 * 1024
    answer = upload(PNG + bytes(2 * 1024 * 1024))
    assert answer.status_code == 422
    assert "The file is 2 MB exceeding the maximum file size of 1 MB." in detail(answer)


def test_a_temporary_file_is_thrown_away_after_six_hours(sandbox, write, raw, file):
    sandbox.files.cron(sandbox.now + LONGEST_LIFE_S)
    assert file in sandbox.files.all
    sandbox.files.cron(sandbox.now + 21_700)
    assert write("POST", IMAGE, REF, file=file).status_code == 404


def test_a_lock_says_when_to_come_back(sandbox, upload):
    sandbox.files.locked = 1
    answer = upload()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "already locked for writing" in detail(answer)


# 2: creation


def test_an_item_is_made_under_the_clients_uuid(media, sandbox):
    said = media.json()["data"]
    assert said["id"] == REF
    assert media.headers["Location"].startswith(f"{sandbox.origin}/jsonapi/media/image/{REF}?resourceVersion=id%3A")
    meta = said["relationships"]["field_media_image"]["data"]["meta"]
    assert (meta["alt"], meta["title"], meta["drupal_internal__target_id"]) == ("Red", "T", 1)
    assert {"width", "height"} <= set(meta)


def test_a_second_one_is_refused(media, write, file):
    again = write("POST", IMAGE, REF, file=file)
    assert (again.status_code, detail(again)) == (409, "Entity already exists.")


def test_alternative_texts_are_not_enforced(write, file):
    answer = write("POST", IMAGE, REF, file=file)
    assert answer.status_code == 201
    assert answer.json()["data"]["relationships"]["field_media_image"]["data"]["meta"]["alt"] is None


def test_what_a_creation_is_refused_for(write, file):
    none = write("POST", IMAGE, REF, name="x")
    assert (none.status_code, none.json()["errors"][0]["source"]["pointer"]) == (
        422, "/data/attributes/field_media_image",
    )  # fmt: skip
    assert "links" not in none.json()["errors"][0]
    assert write("POST", IMAGE, "no-uuid", file=file).status_code == 422
    assert write("POST", IMAGE, REF, file="00000000-0000-0000-0000-000000000001").status_code == 404
    unknown = write("POST", IMAGE, REF, file=file, brand_new="x")
    assert unknown.status_code == 422


def test_the_type_is_not_compared_with_the_path(write, file):
    answer = write("POST", IMAGE, REF, file=file, kind="media--document")
    assert (answer.status_code, answer.json()["data"]["type"]) == (201, "media--image")


# 3: changes


def test_another_file_is_another_revision_and_the_first_one_can_be_read(media, upload, write, raw, file):
    first = media.json()["data"]["attributes"]["drupal_internal__vid"]
    new = upload(name="third.png").json()["data"]["id"]
    changed = write("PATCH", OURS, REF, file=new, meta={"alt": "Blue"}, name="My own name")
    assert changed.status_code == 200
    said = changed.json()["data"]
    assert said["attributes"]["drupal_internal__vid"] > first
    assert said["attributes"]["name"] == "third.png"  # whatever was sent
    assert said["relationships"]["field_media_image"]["data"]["meta"]["alt"] == "Blue"
    before = raw.get(f"/jsonapi/media{OURS}", params={"resourceVersion": f"id:{first}"}).json()["data"]
    shown = before["relationships"]["field_media_image"]["data"]
    assert (shown["id"], shown["meta"]["alt"]) == (file, "Red")


def test_a_document_must_name_the_item_that_it_is_sent_to(media, write):
    assert write("PATCH", OURS, None, name="x").status_code == 400
    assert write("PATCH", OURS, "3d3a1c5e-0b5e-5f5d-8a51-0a4b5a5f9b1d", name="x").status_code == 400


def test_a_draft_blocks_changes(sandbox, media, write):
    sandbox.drafts.add(REF)
    answer = write("PATCH", OURS, REF, name="x")
    assert answer.status_code == 400
    assert detail(answer).startswith("Updating a resource object that has a working copy is not yet supported")


def test_a_log_message_stays_and_nothing_changed_is_a_revision(media, write):
    first = write("PATCH", OURS, REF, revision_log_message="ours").json()["data"]["attributes"]
    second = write("PATCH", OURS, REF).json()["data"]["attributes"]
    assert second["revision_log_message"] == "ours"
    assert second["drupal_internal__vid"] > first["drupal_internal__vid"]


def test_the_same_file_without_meta_clears_the_alternative_text(media, write, file):
    kept = write("PATCH", OURS, REF, name="x").json()["data"]
    assert kept["relationships"]["field_media_image"]["data"]["meta"]["alt"] == "Red"
    cleared = write("PATCH", OURS, REF, file=file).json()["data"]
    assert cleared["relationships"]["field_media_image"]["data"]["meta"]["alt"] is None


# 4: deletion


def test_the_file_outlives_its_item(sandbox, media, raw, write, file):
    url = next(iter(sandbox.files.all.values())).said("")["attributes"]["uri"]["url"]
    assert raw.delete(f"/jsonapi/media{OURS}").status_code == 204
    assert raw.delete(f"/jsonapi/media{OURS}").status_code == 404
    assert raw.get(url).status_code == 200
    assert raw.get("/jsonapi/file/file").json()["data"][0]["attributes"]["status"] is True
    assert raw.delete(f"/jsonapi/file/file/{file}").status_code == 204
    assert raw.get(url).status_code == 404


def test_the_same_uuid_can_be_made_again(media, raw, write, file):
    raw.delete(f"/jsonapi/media{OURS}")
    assert write("POST", IMAGE, REF, file=file).status_code == 201


def test_a_file_in_use_can_be_deleted_and_is_missing_then(media, raw, file):
    assert raw.delete(f"/jsonapi/file/file/{file}").status_code == 204
    shown = raw.get(f"/jsonapi/media{OURS}").json()["data"]["relationships"]["field_media_image"]["data"]
    assert (shown["type"], shown["id"], set(shown["meta"])) == ("file--file", "missing", {"links"})


# 5: paging


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        ("page[limit]=51", 200, 50), ("page[limit]=1000", 200, 50), ("page[limit]=0", 400, 0),
        ("page[limit]=-1", 400, 0), ("page[limit]=abc", 200, 50), ("page[limit]=2.5", 200, 2),
        ("page[limit]=", 500, 0), ("page[offset]=abc", 500, 0), ("page[offset]=-1", 200, 50),
        ("page[number]=2", 200, 50), ("page=2", 400, 0), ("nonsense=1", 400, 0), ("Nonsense=1", 200, 50),
    ],
)  # fmt: skip
def test_pages(raw, query, status, count):
    answer = raw.get(f"/jsonapi/media_type/media_type?{query}")
    assert answer.status_code == status
    assert len(answer.json().get("data", [])) == count


def test_the_refusal_of_a_page_size(raw):
    refused = raw.get("/jsonapi/media_type/media_type?page[limit]=0")
    assert detail(refused) == "The page size needs to be a positive integer."


# 6: read-only sites


def test_a_read_only_site_refuses_every_change_from_anybody(sandbox, raw):
    sandbox.read_only = True
    for method, path in (
        ("POST", "/jsonapi/media/image"), ("POST", "/jsonapi/media/image/field_media_image"),
        ("PATCH", f"/jsonapi/media{OURS}"), ("DELETE", f"/jsonapi/media{OURS}"),
    ):  # fmt: skip
        for auth in (raw.auth, None):
            answer = httpx.request(method, f"{sandbox.origin}{path}", auth=auth, trust_env=False)
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
            assert "accept only read operations" in detail(answer)
    assert raw.get("/jsonapi").status_code == 200


# What was not said before


def test_any_filter_hides_what_is_not_published(media, write, raw):
    write("PATCH", OURS, REF, status=False)
    assert len(raw.get("/jsonapi/media/image").json()["data"]) == 1
    for query in (f"filter[id]={REF}", "filter[status]=0", "filter[drupal_internal__mid]=1"):
        assert raw.get(f"/jsonapi/media/image?{query}").json()["data"] == []
    assert raw.get(f"/jsonapi/media{OURS}").status_code == 200


def test_a_wrong_password_reads_as_anybody_and_is_forbidden_to_write(sandbox, media, write):
    wrong = (sandbox.secrets["username"], "wrong-password")
    entry = httpx.get(f"{sandbox.origin}/jsonapi", auth=wrong, trust_env=False)
    assert (entry.status_code, "meta" in entry.json()) == (200, False)
    listed = httpx.get(f"{sandbox.origin}/jsonapi/media/image", auth=wrong, trust_env=False)
    assert (listed.status_code, len(listed.json()["data"])) == (200, 1)
    refused = httpx.delete(f"{sandbox.origin}/jsonapi/media{OURS}", auth=wrong, trust_env=False)
    assert refused.status_code == 403
    nobody = httpx.delete(f"{sandbox.origin}/jsonapi/media{OURS}", trust_env=False)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Basic")


def test_after_six_wrong_tries_the_right_password_is_refused_as_silently(sandbox, raw):
    assert "meta" in raw.get("/jsonapi").json()
    for _ in range(6):
        httpx.get(f"{sandbox.origin}/jsonapi", auth=("hub-account", "wrong"), trust_env=False)
    answer = raw.get("/jsonapi")
    assert (answer.status_code, "meta" in answer.json()) == (200, False)


def test_an_unpublished_item_is_forbidden_without_its_permission(sandbox, media, write, raw):
    write("PATCH", OURS, REF, status=False)
    sandbox.views_unpublished = False
    assert raw.get(f"/jsonapi/media{OURS}").status_code == 403


@pytest.mark.parametrize("path", ["/jsonapi/nope", "/jsonapi/media/nope", "/sites/default/files/2026-11/gone.png"])
def test_where_no_route_is_there_is_a_page(raw, path):
    answer = raw.get(path, headers={"Accept": JSONAPI})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_media_types_show_only_labels_without_their_permission(sandbox, raw):
    sandbox.shy = True
    said = raw.get("/jsonapi/media_type/media_type").json()["data"]
    assert all(set(one["attributes"]) == {"label"} for one in said)


def test_errors_have_links_unless_a_form_would_say_them(raw, write, media, file):
    error = write("POST", IMAGE, REF, file=file).json()["errors"][0]
    assert set(error["links"]) == {"via", "info"}
    assert error["status"] == "409"


def test_answers_have_neither_etag_nor_last_modified(raw, media):
    headers = raw.get(f"/jsonapi/media{OURS}").headers
    assert not {"etag", "last-modified"} & set(headers)
    assert headers["Cache-Control"] == "must-revalidate, no-cache, private"
