"""Withdrawn items are taken out of texts that embed them, and nothing else there changes; uses in drafts are found."""

import httpx
import pytest

from connectors.drupal.sandbox_content import Node
from connectors.drupal.texts import without
from connectors.sdk.errors import LeftBehind, Misconfigured, OutcomeUnknown, RetryLater
from connectors.sdk.types import PartKind
from connectors.testing.faults import Fault, Rule, refuse
from tests.unit.drupal.conftest import JSONAPI, PNG, outgoing

REF = "bceffc60-a939-57c5-8de0-51d13bb62089"
OTHER_REF = "bceffc60-a939-57c5-8de0-51d13bb62080"
MORE = PNG + b"more"


def tag(ref=REF, inner="&nbsp;", more=""):
    return f'<drupal-media data-entity-type="media" data-entity-uuid="{ref}"{more}>{inner}</drupal-media>'


@pytest.mark.parametrize(
    ("html", "left"),
    [
        (f"<p>a</p>{tag()}<p>b</p>", "<p>a</p><p>b</p>"),
        (f"<p>é\r\n\t</p>\r\n{tag(inner='')}\r\n<P CLASS=x>ü</P>", "<p>é\r\n\t</p>\r\n\r\n<P CLASS=x>ü</P>"),
        (tag() + tag(OTHER_REF) + tag(), tag(OTHER_REF)),
        (tag(more=' data-caption="&lt;a&gt; > <em>b</em>" alt=\'it is "it"\''), ""),
        (f"<DRUPAL-MEDIA data-entity-uuid='{REF.upper()}'></DRUPAL-MEDIA>", ""),
        (f"<drupal-media data-entity-uuid={REF} /> after", " after"),
        (f'<a href="https://x.org/?a>b">{tag()}</a> after', " after"),
        (f'<a href="/x">{tag()} and words</a>', '<a href="/x"> and words</a>'),
        (tag(inner="<p>words</p>"), "<p>words</p>"),
    ],
)
def test_a_tag_goes_and_the_rest_stays(html, left):
    assert without(html, REF) == left


@pytest.mark.parametrize(
    "html",
    [
        tag(OTHER_REF),
        f"<p>{REF}</p>",
        f'<a href="/media/{REF}">x</a>',
        f'<drupal-media data-entity-uuid="{OTHER_REF}" data-caption=\'x data-entity-uuid="{REF}"\'></drupal-media>',
        f"&lt;drupal-media data-entity-uuid=&quot;{REF}&quot;&gt;",
        f'<drupal-media-x data-entity-uuid="{REF}"></drupal-media-x>',
        '<drupal-media data-entity-uuid="',
    ],
)
def test_what_is_no_tag_of_the_item_stays(html):
    assert without(html, REF) == html


@pytest.fixture
def copy(drupal, target):
    return drupal.publish(target, outgoing())


@pytest.fixture
def write(sandbox):
    """Let somebody write a text."""

    def add(body, **more):
        number = len(sandbox.content.nodes) + 1
        node = Node("article", number, f"Text {number}", body=body, changed=sandbox._tick(), **more)
        sandbox.content.nodes.append(node)
        return node

    return add


def uses(drupal, target, ref):
    found, cursor = [], None
    while True:
        page = drupal.uses(target, ref, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def patched(sandbox):
    return [one.path for one in sandbox.requests if one.method == "PATCH"]


# Withdrawal


def test_a_withdrawn_item_is_taken_out_of_every_text(sandbox, drupal, target, copy, write):
    other = tag(OTHER_REF)
    first = write(f"<p>See\r\n</p>{tag(copy.ref)}{other}", summary="In short", format="basic_html")
    second = write("nothing", more=(f"a{tag(copy.ref)}", "b"))
    untouched = write(f"<p>{other}</p>")
    before = untouched.changed
    drupal.withdraw(target, copy.ref)
    assert (first.body, first.summary, first.format) == (f"<p>See\r\n</p>{other}", "In short", "basic_html")
    assert (second.body, second.more) == ("nothing", ("a", "b"))
    assert (untouched.body, untouched.changed) == (f"<p>{other}</p>", before)
    assert uses(drupal, target, copy.ref) == []
    assert not sandbox.ledger.living()
    drupal.withdraw(target, copy.ref)
    assert len(patched(sandbox)) == 2  # once each


def test_old_texts_are_found_by_a_search(sandbox, drupal, target, copy, write):
    text = write(tag(copy.ref))
    for number in range(60):
        write(f"newer {number}")
    drupal.withdraw(target, copy.ref)
    assert text.body == ""


def test_a_new_version_leaves_texts_alone(sandbox, drupal, target, copy, write):
    text = write(tag(copy.ref))
    drupal.replace(target, copy.ref, outgoing(MORE))
    assert text.body == tag(copy.ref)
    assert not any("/node/" in path for path in patched(sandbox))


def test_what_somebody_writes_meanwhile_is_not_lost(sandbox, drupal, target, copy, write):
    text = write(f"<p>old</p>{tag(copy.ref)}")
    send = drupal._calls.send

    def overtaken(method, path, document, **more):
        if "/node/" in path and text.body.startswith("<p>old"):
            text.body, text.changed = f"<p>new</p>{tag(copy.ref)}", sandbox._tick()
        return send(method, path, document, **more)

    drupal._calls.send = overtaken
    with pytest.raises(RetryLater) as meanwhile:
        drupal.withdraw(target, copy.ref)
    assert "edited_meanwhile" in meanwhile.value.detail
    assert copy.ref in sandbox.ledger.living()  # so that the hub knows that it is not done
    drupal.withdraw(target, copy.ref)
    assert text.body == "<p>new</p>"
    assert not sandbox.ledger.living()


@pytest.mark.parametrize(
    ("deny", "why"),
    [
        (lambda sandbox, text: setattr(sandbox.content, "edits", False), "not allowed to PATCH"),
        (lambda sandbox, text: setattr(text, "draft", "waits"), "has a working copy"),
        (lambda sandbox, text: sandbox.content.formats.discard("full_html"), "not a valid choice"),
    ],
)
def test_a_text_that_cannot_be_changed_is_said_and_the_item_goes(sandbox, drupal, target, copy, write, deny, why):
    (url,) = [part.ref for part in drupal.look(target, copy.ref).parts if part.kind is PartKind.PUBLIC_URL]
    closed, free = write(tag(copy.ref)), write(tag(copy.ref), format="basic_html")
    deny(sandbox, closed)
    with pytest.raises(LeftBehind, match=why) as said:
        drupal.withdraw(target, copy.ref)
    assert f"{closed.title} at {sandbox.origin}/node/{closed.number}" in said.value.message
    assert closed.body == tag(copy.ref)
    assert free.body == ("" if sandbox.content.edits else tag(copy.ref))
    assert not sandbox.ledger.living()
    assert not sandbox.files.all
    assert httpx.get(url, trust_env=False).status_code == 404


def test_many_texts_that_cannot_be_changed_are_counted(sandbox, drupal, target, copy, write):
    sandbox.content.edits = False
    for _ in range(5):
        write(tag(copy.ref))
    with pytest.raises(LeftBehind, match="and 2 more"):
        drupal.withdraw(target, copy.ref)


def test_content_that_cannot_be_searched_is_said_and_the_rest_goes(sandbox, drupal, target, copy, write):
    text = write(tag(copy.ref))
    sandbox.faults.add(refuse(403, path="/node/page", on="read", times=None))
    with pytest.raises(LeftBehind, match="node/page could not be searched"):
        drupal.withdraw(target, copy.ref)
    assert text.body == ""
    assert not sandbox.ledger.living()


def test_a_site_that_does_not_keep_the_change_is_said(sandbox, drupal, target, copy, write):
    write(tag(copy.ref))
    sandbox.content._set = lambda node, name, value: None
    with pytest.raises(LeftBehind, match="did not keep the change"):
        drupal.withdraw(target, copy.ref)


def test_without_permission_to_delete_files_the_item_goes_at_least(sandbox, drupal, target, copy, write):
    text = write(tag(copy.ref))
    sandbox.faults.add(refuse(403, path="/file/file/", on="write", times=None))
    with pytest.raises(Misconfigured):
        drupal.withdraw(target, copy.ref)
    assert not sandbox.ledger.living()
    sandbox.faults.clear()
    drupal.withdraw(target, copy.ref)
    assert (text.body, sandbox.files.all) == ("", {})


@pytest.mark.parametrize("number", range(4))
def test_a_withdrawal_that_breaks_off_in_a_text_goes_on(sandbox, drupal, target, copy, write, number):
    """The file, two texts, the item."""
    texts = [write(tag(copy.ref)) for _ in range(2)]
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", skip=number))
    with pytest.raises(OutcomeUnknown):
        drupal.withdraw(target, copy.ref)
    assert (copy.ref in sandbox.ledger.living()) == (number < 3)
    sandbox.faults.clear()
    drupal.withdraw(target, copy.ref)
    assert [text.body for text in texts] == ["", ""]
    assert (sandbox.ledger.living(), sandbox.files.all) == ({}, {})


def test_what_is_published_again_stands_in_the_texts_that_people_take_back(sandbox, drupal, target, copy, write):
    text = write(tag(copy.ref))
    drupal.withdraw(target, copy.ref)
    again = drupal.publish(target, outgoing())
    text.body = tag(copy.ref)  # somebody reverts the revision
    assert again.ref == copy.ref
    assert [use.label for use in uses(drupal, target, again.ref)] == [text.title]


# Drafts


def test_a_use_in_a_draft_is_told_as_one_and_once(sandbox, drupal, target, copy, write):
    drafted = write("published without it", draft=tag(copy.ref))
    both = write(tag(copy.ref), draft=f"more {tag(copy.ref)}")
    gone = write(tag(copy.ref), draft="taken out")
    found = uses(drupal, target, copy.ref)
    assert sorted((use.label, use.public) for use in found) == sorted(
        [(f"{drafted.title} (draft)", False), (both.title, True), (gone.title, True)]
    )
    (draft,) = [use for use in found if use.label.endswith("(draft)")]
    assert draft.url == f"{sandbox.origin}/node/{drafted.number}/latest"


def test_drafts_that_the_account_may_not_see_are_no_failure(sandbox, drupal, target, copy, write):
    write("published", draft=tag(copy.ref))
    sandbox.content.sees_drafts = False
    assert uses(drupal, target, copy.ref) == []


def test_a_draft_keeps_its_tag_and_is_told_by_uses(sandbox, drupal, target, copy, write):
    text = write("published", draft=tag(copy.ref))
    drupal.withdraw(target, copy.ref)
    assert text.draft == tag(copy.ref)
    assert [use.label for use in uses(drupal, target, copy.ref)] == [f"{text.title} (draft)"]


# What Drupal's own code says, asked of the sandbox


def test_drafts_are_listed_and_not_searched(raw, write):
    node = write("published", draft="waits")
    kind = "/jsonapi/node/article"
    listed = raw.get(kind, params={"resourceVersion": "rel:working-copy", "page[offset]": "105"}).json()["data"]
    assert {one["id"]: one["attributes"]["body"]["value"] for one in listed}[node.ref] == "waits"
    search = {"filter[body.value][operator]": "CONTAINS", "filter[body.value][value]": "waits"}
    assert raw.get(kind, params=search).json()["data"] == []
    assert raw.get(kind, params={**search, "resourceVersion": "rel:working-copy"}).status_code == 501
    assert raw.get(kind, params={"resourceVersion": "id:1"}).status_code == 400


def test_the_time_of_the_last_change_may_be_said_and_not_set(raw, write):
    node = write("text")
    path = f"/jsonapi/node/article/{node.ref}"

    def patch(**attributes):
        data = {"type": "node--article", "id": node.ref, "attributes": attributes}
        return raw.patch(path, json={"data": data}, headers={"Content-Type": JSONAPI})

    read = raw.get(path).json()["data"]["attributes"]["changed"]
    assert patch(changed=read, body={"value": "new", "format": "full_html"}).status_code == 200
    refused = patch(changed=read, body={"value": "newer", "format": "full_html"})
    assert (refused.status_code, node.body) == (403, "new")
    assert "PATCH the selected field (changed)" in refused.json()["errors"][0]["detail"]
    assert patch(body={"value": "x", "format": "php"}).status_code == 422
    assert patch(field_other="x").status_code == 422
    assert raw.get("/jsonapi/node/article", params={"filter[nope.value][value]": "x"}).status_code == 400


def test_a_search_sees_what_is_published_unless_the_account_may_see_all(sandbox, drupal, target, copy, write):
    for number in range(60):
        write(f"newer {number}")
    text = write(tag(copy.ref), status=False)
    text.changed = 0
    drupal.withdraw(target, copy.ref)
    assert text.body == tag(copy.ref)
    sandbox.content.bypasses = True
    drupal.withdraw(target, copy.ref)
    assert text.body == ""
