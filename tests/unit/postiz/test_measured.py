"""What a real Postiz (74b01ad, 2026-11-23) answered, asked of the sandbox line by line: status and body."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.testing.conformance.bench import PNG
from connectors.testing.ledger import What

PAGE, SITE = "chan-linkedin-page", "chan-wordpress"
IMAGE = {"id": "b3a1c2d4", "path": "https://files.example/a.png"}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
INSIDE = "URL must be a public HTTPS URL and cannot point to internal network addresses"
ENDING = "File must have a valid extension: .png, .jpg, .jpeg, .gif, .webp, or .mp4"


def refused(message, status=400, error="Bad Request"):
    return {"message": message, "error": error, "statusCode": status}


def body(*, channel=PAGE, image=IMAGE, content="<p>Spring</p>", settings=None, **top):
    value = {"content": content, "image": [image] if image else []}
    post = {"integration": {"id": channel}, "value": [value], **({"settings": settings} if settings else {})}
    usual = {"type": "draft", "date": "2027-02-05T10:00:00.000Z", "shortLink": False, "tags": [], "posts": [post]}
    return {name: one for name, one in (usual | top).items() if one is not ...}


def said(answer):
    return answer.status_code, answer.json()


def made(plain, **what):
    return plain.post("/posts", json=body(**what)).json()[0]["postId"]


def listed(plain, ref, start="2024-01-01", end="2030-01-01"):
    posts = plain.get("/posts", params={"startDate": start, "endDate": end}).json()["posts"]
    return next((post for post in posts if post["id"] == ref), None)


# Who asks.


@pytest.mark.parametrize(
    ("key", "msg"),
    [
        (None, "No API Key found"), ("wrong", "Invalid API key"), ("Bearer {}", "Invalid API key"),
        ("Bearer pos_granted5ec2e7", "Invalid API key"), ("pos_unknown", "Invalid OAuth token"),
    ],
)  # fmt: skip
def test_keys(sandbox, key, msg):
    headers = {} if key is None else {"Authorization": key.format(sandbox.secrets["key"])}
    with httpx.Client(base_url=sandbox.origin, headers=headers, trust_env=False) as client:
        assert said(client.get("/public/v1/is-connected")) == (401, {"msg": msg})


def test_a_key_and_a_granted_token_are_taken(sandbox, plain):
    assert said(plain.get("/is-connected")) == (200, {"connected": True})
    assert said(plain.get("/is-connected", headers={"Authorization": "pos_granted5ec2e7"})) == (
        200,
        {"connected": True},
    )


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_an_unknown_path_is_told_before_a_key_is_asked_for(plain, headers):
    expected = refused("Cannot GET /public/v1/nothing", 404, "Not Found")
    assert said(plain.get("/nothing", headers=headers)) == (404, expected)


# Files.


def test_an_upload_gets_a_random_name_and_each_one_is_new(plain, sandbox):
    answers = [plain.post("/upload", files={"file": ("x.txt", PNG, "text/plain")}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    one, other = (answer.json() for answer in answers)
    assert re.fullmatch(UUID, one["id"])
    assert one["id"] != other["id"]
    assert re.fullmatch(r"[0-9a-f]{32,34}\.png", one["name"])
    assert one["path"].endswith(f"/uploads/2026/11/23/{one['name']}")
    assert [one[name] for name in ("originalName", "thumbnail", "alt")] == [None, None, None]
    assert sandbox.media[one["path"]] == hashlib.sha256(PNG).hexdigest()


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"text", b""])
def test_other_kinds_are_refused_by_their_bytes(plain, data):
    answer = plain.post("/upload", files={"file": ("x.png", data, "image/png")})
    assert said(answer) == (400, refused("Unsupported file type."))


def test_a_picture_over_ten_mebibytes_is_refused(plain):
    answer = plain.post("/upload", files={"file": ("x.png", PNG + bytes(10 * 1024 * 1024 + 1 - len(PNG)))})
    assert said(answer) == (400, refused("File size exceeds the maximum allowed size of 10485760 bytes."))


def test_forms_with_no_file_another_field_or_two_files_are_refused(plain):
    assert said(plain.post("/upload")) == (400, {"msg": "No file provided"})
    assert said(plain.post("/upload", files={"image": PNG})) == (400, refused("Unexpected field - image"))
    two = plain.post("/upload", files=[("file", ("a.png", PNG)), ("file", ("b.png", PNG))])
    assert said(two) == (400, refused("Unexpected field - file"))


@pytest.mark.parametrize("kind", [b"BM" + bytes(40), b"II*\x00" + bytes(40), b"\x00\x00\x00\x1cftypavif" + bytes(40)])
def test_kinds_that_no_post_shows_are_stored_all_the_same(plain, kind):
    answer = plain.post("/upload", files={"file": ("x", kind)})
    assert answer.status_code == 201
    posted = plain.post("/posts", json=body(image={"id": "x", "path": answer.json()["path"]}))
    assert said(posted) == (400, refused([f"posts.0.value.0.image.0.{ENDING}"]))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        *((f"https://{host}/a.png", INSIDE) for host in ("127.0.0.1", "10.1.2.3", "[::1]", "169.254.1.1", "localhost")),
        ("http://files.example/a.png", INSIDE), ("https://files.example/a.pdf", ENDING),
        ("https://files.example/a.PNG", ENDING), ("https://files.example/a", ENDING),
    ],
)  # fmt: skip
def test_addresses_that_are_not_fetched(plain, url, message):
    assert said(plain.post("/upload-from-url", json={"url": url})) == (400, refused([message]))


def test_an_address_where_nothing_answers(plain):
    answer = plain.post("/upload-from-url", json={"url": "https://192.0.2.1/a.png"})
    assert said(answer) == (400, {"msg": "Failed to fetch URL"})


# Posts: what is taken.


def test_a_draft_with_a_picture(plain):
    answer = plain.post("/posts", json=body())
    assert answer.status_code == 201
    (one,) = answer.json()
    assert one == {"postId": one["postId"], "integration": PAGE}
    assert one["postId"].startswith("cmw")


@pytest.mark.parametrize("sent", [{}, {"posts": [{"integration": {}}]}, {"posts": [{}]}])
def test_no_channel(plain, sent):
    assert said(plain.post("/posts", json=sent)) == (400, refused("All posts must have an integration id"))


def test_no_posts(plain):
    status, told = said(plain.post("/posts", json={"posts": []}))
    lines = told["message"]
    assert status == 400
    for name in ("shortLink", "date", "tags"):
        assert f"{name} should not be null or undefined" in lines
        assert sum(line.startswith(f"{name} ") for line in lines) == 2
    assert lines[-1] == "posts must contain at least 1 elements"


def test_no_value(plain):
    sent = body(posts=[{"integration": {"id": PAGE}}])
    ends = ("should not be null or undefined", "must be an array", "must contain at least 1 elements")
    assert said(plain.post("/posts", json=sent)) == (400, refused([f"posts.0.value {end}" for end in ends]))


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"content": "x"}, "posts.0.value.0.image must be an array"),
        ({"content": "x", "image": [{"id": "x"}]}, "posts.0.value.0.image.0.path should not be null or undefined"),
        ({"content": "x", "image": [{"path": IMAGE["path"]}]},
         "posts.0.value.0.image.0.id should not be null or undefined"),
        ({"content": "", "image": []},
         "posts.0.value.0. If images do not exist, content must be a non-empty string."),
        *(({"content": "x", "image": [{"id": "x", "path": f"https://files.example/a.{ending}"}]},
           f"posts.0.value.0.image.0.{ENDING}") for ending in ("pdf", "avif", "PNG")),
    ],
)  # fmt: skip
def test_values_that_are_refused(plain, value, line):
    sent = body(posts=[{"integration": {"id": PAGE}, "value": [value]}])
    assert said(plain.post("/posts", json=sent)) == (400, refused([line]))


def test_tags_as_texts(plain):
    line = "tags.each value in nested property tags must be either object or array"
    assert said(plain.post("/posts", json=body(tags=["damhub"]))) == (400, refused([line]))


def test_an_unknown_channel(plain):
    answer = plain.post("/posts", json=body(channel="nothing"))
    assert said(answer) == (400, refused("Integration with id nothing not found"))


def test_unknown_fields_are_let_pass_there_and_noted_here(plain, sandbox):
    assert plain.post("/posts", json=body(brandNew=1)).status_code == 201
    assert sandbox.violations == ["POST /posts knows no brandNew"]


def test_a_channels_settings_are_wanted_of_a_draft_too(plain):
    status, told = said(plain.post("/posts", json=body(channel=SITE)))
    assert (status, told["message"]) == (
        400,
        [f"posts.0.settings.{name} should not be null or undefined" for name in ("title", "type")],
    )
    assert plain.post("/posts", json=body(channel=SITE, settings={"title": "A", "type": "post"})).status_code == 201


def test_a_channels_rules_hold_for_what_is_scheduled_and_not_for_a_draft(plain):
    about = {"statusCode": 400, "provider": "linkedin-page", "name": "Müller & Söhne"}
    long, carousel = {"content": "x" * 3001}, {"settings": {"post_as_images_carousel": True}}
    for what, message in (
        (long, "post is too long, please fix it"),
        (carousel, "Carousel can only be created with 2 or more images and no videos."),
    ):
        answer = plain.post("/posts", json=body(type="schedule", **what))
        assert said(answer) == (400, {**about, "message": message})
        assert plain.post("/posts", json=body(type="draft", **what)).status_code == 201


def test_pictures_from_elsewhere_where_only_ones_own_are_allowed(plain, sandbox):
    sandbox.only_domain = "127.0.0.1:24300"
    line = (
        "posts.0.value.0.image.0.URL must contain the domain: 127.0.0.1:24300 "
        "Make sure you first use the upload API route."
    )
    assert said(plain.post("/posts", json=body())) == (400, refused([line]))


def test_invented_ids_of_pictures_are_taken(plain):
    assert (
        plain.post("/posts", json=body(image={"id": "invented", "path": "https://x.example/a.jpg"})).status_code == 201
    )


def test_large_and_broken_bodies(plain):
    answer = plain.post("/posts", json=body(content="x" * 120_000))
    assert said(answer) == (413, {"statusCode": 413, "message": "request entity too large"})
    answer = plain.post("/posts", content=b'{"type":', headers={"Content-Type": "application/json"})
    assert said(answer) == (400, refused("Unexpected end of JSON input"))


def test_an_unknown_type_is_queued_and_so_published(plain, sandbox):
    for kind in ("nonsense", ...):
        ref = made(plain, type=kind)
        assert listed(plain, ref)["state"] == "QUEUE"
    assert len(sandbox.violations) == 2


def test_tags_that_nobody_made_are_dropped(plain):
    tags = [{"value": "x", "label": "damhub"}, {"value": "damhub:1", "label": "damhub:1"}]
    assert [one["tag"]["name"] for one in listed(plain, made(plain, tags=tags))["tags"]] == ["damhub"]


def test_a_group_that_is_named_is_deleted(plain):
    one = made(plain)
    group = listed(plain, one)["group"]
    post = {**body()["posts"][0], "group": group}
    other = made(plain, posts=[post])
    assert listed(plain, one) is None
    assert listed(plain, other)["group"] != group


def test_an_id_that_never_was_makes_a_post_under_another_one(plain):
    post = body()["posts"][0]
    post["value"][0]["id"] = "cmw-invented"
    answer = plain.post("/posts", json=body(posts=[post]))
    assert answer.status_code == 201
    assert answer.json()[0]["postId"] != "cmw-invented"


def test_an_update_keeps_id_and_state_and_changes_the_group(plain):
    ref = made(plain)
    before = listed(plain, ref)
    post = body(content="<p>New</p>")["posts"][0]
    post["value"][0]["id"] = ref
    assert made(plain, posts=[post], type="update") == ref
    after = listed(plain, ref)
    assert (after["state"], after["content"]) == ("DRAFT", "<p>New</p>")
    assert after["group"] != before["group"]


def test_each_channel_of_one_call_has_its_own_group(plain):
    posts = [body()["posts"][0], body(channel="chan-shop-001")["posts"][0]]
    refs = [one["postId"] for one in plain.post("/posts", json=body(posts=posts)).json()]
    assert len({listed(plain, ref)["group"] for ref in refs}) == 2
    plain.delete(f"/posts/{refs[0]}")
    assert listed(plain, refs[1])


# Posts: listed, changed, deleted.


def test_a_listing_wants_its_dates(plain):
    lines = [f"{name} must be a valid ISO 8601 date string" for name in ("startDate", "endDate")]
    assert said(plain.get("/posts")) == (400, refused(lines))


def test_a_listed_post_has_no_picture(plain):
    post = listed(plain, made(plain))
    assert set(post) == {
        "id", "content", "publishDate", "releaseURL", "releaseId", "state", "intervalInDays", "group",
        "creationMethod", "settings", "tags", "integration",
    }  # fmt: skip
    assert isinstance(post["settings"], str)
    assert post["publishDate"] == "2027-02-05T10:00:00.000Z"


def test_the_end_of_a_listing_counts(plain):
    ref = made(plain)
    at = "2027-02-05T10:00:00.000Z"
    assert listed(plain, ref, at, at)


def test_status(plain, sandbox):
    ref = made(plain, type="schedule")
    for _ in range(2):
        assert said(plain.put(f"/posts/{ref}/status", json={"status": "draft"})) == (200, {"id": ref, "state": "DRAFT"})
    answer = plain.put(f"/posts/{ref}/status", json={"status": "schedule"})
    assert said(answer) == (200, {"id": ref, "state": "QUEUE"})
    line = "status must be one of the following values: draft, schedule"
    for sent in ({"status": "now"}, {}):
        assert said(plain.put(f"/posts/{ref}/status", json=sent)) == (400, refused([line]))
    assert said(plain.put("/posts/nobody/status", json={"status": "draft"})) == (400, refused("Post not found"))


def test_status_publishes_what_is_out_again(plain, sandbox):
    ref = made(plain, type="now")
    assert sandbox.publications == [ref]
    first = listed(plain, ref, end="2100-01-01")["releaseURL"]
    assert plain.put(f"/posts/{ref}/status", json={"status": "draft"}).json() == {"id": ref, "state": "DRAFT"}
    assert listed(plain, ref, end="2100-01-01")["releaseURL"] == first
    plain.put(f"/posts/{ref}/status", json={"status": "schedule"})
    assert listed(plain, ref, end="2100-01-01")["releaseURL"] != first
    assert sandbox.publications == [ref, ref]


def test_posts_refuses_what_is_out_unless_it_is_asked_to_publish_it_again(plain, sandbox):
    ref = made(plain, type="now")
    post = body()["posts"][0]
    post["value"][0]["id"] = ref
    assert plain.post("/posts", json=body(posts=[post], type="schedule")).status_code == 400
    assert sandbox.publications == [ref]
    assert plain.post("/posts", json=body(posts=[post], type="now", republish=True)).status_code == 201
    assert sandbox.publications == [ref, ref]


def test_settings_are_merged(plain):
    ref = made(plain, settings={"a": 1})
    answer = plain.put(f"/posts/{ref}/settings", json={"settings": {"b": 2}})
    assert said(answer) == (200, {"postId": ref, "publishDate": "2027-02-05T10:00:00"})
    assert '"a": 1' in listed(plain, ref)["settings"]
    unknown = plain.put("/posts/nobody/settings", json={"settings": {}})
    assert said(unknown) == (404, refused("Post not found", 404, "Not Found"))


def test_deleting(plain):
    ref = made(plain)
    broken = (500, {"statusCode": 500, "message": "Internal server error"})
    assert said(plain.delete(f"/posts/{ref}")) == (200, {"error": True})
    assert said(plain.delete(f"/posts/{ref}")) == broken
    assert said(plain.delete("/posts/nobody")) == broken
    assert said(plain.delete("/posts/group/unknown")) == (200, {"error": True})


def test_a_draft_whose_time_is_past_stays_one_until_it_is_scheduled(plain, sandbox):
    ref = made(plain, date="2026-01-05T10:00:00.000Z")
    assert listed(plain, ref)["state"] == "DRAFT"
    plain.put(f"/posts/{ref}/status", json={"status": "schedule"})
    assert listed(plain, ref)["state"] == "PUBLISHED"


def test_a_channel_that_cannot_be_reached_leaves_the_post_queued(plain, sandbox):
    sandbox.stuck = True
    ref = made(plain, type="now")
    assert listed(plain, ref, end="2100-01-01")["state"] == "QUEUE"


# The hourly budget.


def test_the_budget_counts_posts_alone_refused_ones_too(plain, sandbox):
    now = [1000.0]
    sandbox.throttle.clock = lambda: now[0]
    first = plain.post("/posts", json=body())
    assert {name: first.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining")} == {
        "Limit": "90",
        "Remaining": "89",
    }
    plain.post("/posts", json={})
    plain.post("/posts", json=body(content="x" * 120_000))
    plain.post("/posts", content=b"{", headers={"Content-Type": "application/json"})
    assert plain.post("/posts", json=body()).headers["X-RateLimit-Remaining"] == "87"
    assert "X-RateLimit-Limit" not in plain.get("/is-connected").headers


def test_the_request_after_the_last_one_blocks_for_an_hour(plain, sandbox):
    now = [1000.0]
    sandbox.throttle.clock = lambda: now[0]
    sandbox.throttle.budget = 2
    for _ in range(2):
        plain.post("/posts", json=body())
    for waited, left in ((0.0, "3600"), (5.0, "3595")):
        now[0] = 1000.0 + waited
        answer = plain.post("/posts", json=body())
        assert said(answer) == (429, {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"})
        assert answer.headers["Retry-After"] == left
        assert "X-RateLimit-Limit" not in answer.headers
    assert plain.get("/is-connected").status_code == 200
    now[0] = 1000.0 + 3600
    assert plain.post("/posts", json=body()).status_code == 201


# Channels, notifications, webhooks.


def test_what_a_channel_takes(plain):
    assert plain.get(f"/integration-settings/{PAGE}").json()["output"]["settings"] == "No additional settings required"
    assert plain.get(f"/integration-settings/{SITE}").json()["output"]["settings"]["required"] == ["title", "type"]
    assert said(plain.get("/integration-settings/nothing")) == (404, {"msg": "Integration not found"})


def test_notifications(plain):
    ref = made(plain, type="now")
    news = plain.get("/notifications").json()
    assert set(news) == {"notifications", "total", "page", "limit", "hasMore"}
    assert set(news["notifications"][0]) == {"id", "content", "link", "createdAt"}
    assert listed(plain, ref, end="2100-01-01")["releaseURL"] in news["notifications"][0]["content"]


def test_a_webhook_says_that_something_went_out_and_not_what(plain, sandbox):
    sandbox.hooks.append("http://127.0.0.1:9/hooks/x")
    made(plain, type="now")
    sandbox.outbox.flush()
    ((delivery, _),) = sandbox.outbox.sent
    assert (delivery.method, delivery.body) == ("POST", b"[]")
    assert delivery.headers == {"Content-Type": "application/json", "User-Agent": "node"}


def test_a_repeating_post_is_listed_once_for_each_time(plain, sandbox):
    start = datetime.now(UTC)
    ref = made(plain, date=start.isoformat())
    sandbox.ledger.add(What.CHANGED, ref, PAGE, intervalInDays=7)
    end = (start + timedelta(days=15)).isoformat()
    posts = plain.get("/posts", params={"startDate": start.isoformat(), "endDate": end}).json()["posts"]
    assert [post["id"] for post in posts] == [ref] * 3
