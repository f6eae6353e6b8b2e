"""The hub of a made-up outdoor brand in the middle of a winter launch: what the pages are looked at with.

Pictures are our own drawings (pictures/), names and addresses are made up.
"""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

from sqlalchemy import select

from hub.access.actors import Role
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections.models import Connection, Remote, Subscription
from hub.db.base import new_id
from hub.intake.models import FoundItem, StockTaking
from hub.media.models import Rendition
from hub.placements.companions import usual_slot
from hub.placements.models import Exchange, FieldConflict, Placement
from tests.browser import cards, hooks
from tests.web_hub import page_of_text

PICTURES = Path(__file__).parent / "pictures"
FIRST_DAY = 1_791_000_000_000  # 3 October 2026, when the first of its assets came in

OCTOBER = [
    ("facade", "Flagship store, façade", "Stores", "approved"),
    ("dunes", "Dunes before the storm", "Autumn range", "approved"),
    ("person-c", "Portrait, Jonas", "People", "approved"),
    ("poster-b", "Trail week, wide poster", "Autumn range", "approved"),
    ("forest-night", "Forest at night", "Autumn range", "approved"),
    ("city-day", "City by day", "Stores", "archived"),
    ("berries", "Berries, recipe card", "Kitchen", "approved"),
]
NOVEMBER = [
    ("sea", "North sea, calm", "Winter launch", "approved"),
    ("bowl", "Winter bowl, from above", "Kitchen", "draft"),
    ("person-b", "Portrait, Maren", "People", "approved"),
    ("poster-a", "Winter poster, geometric", "Winter launch", "rejected"),
    ("forest-fog", "Forest in fog", "Winter launch", "approved"),
    ("bottles-trio", "Bottles, family of three", "Winter launch", "approved"),
    ("city-night", "City teaser, night", "Winter launch", "in_review"),
    ("person-a", "Portrait, Ida", "People", "in_review"),
    ("bottle-red", "Bottle, lava red", "Winter launch", "approved"),
    ("ridge-dawn", "Ridge at dawn", "Winter launch", "approved"),
]


def content(name):
    """The bytes of one of the pictures."""
    return (PICTURES / f"{name}.jpg").read_bytes()


def settle(hub):
    """Fill an empty hub; return the assets, by name, that tests go to."""
    hub.settle_in()
    found = {}
    for name, title, campaign, state in OCTOBER:
        found[name] = bring(hub, name, title, campaign, state)
        hub.clock.advance(2 * DAY + 3 * HOUR)
    hub.clock.advance(14 * DAY)
    for name, title, campaign, state in NOVEMBER[:4]:
        found[name] = bring(hub, name, title, campaign, state)
        hub.clock.advance(DAY)
    found["sheet"] = _fact_sheet(hub)
    for name, title, campaign, state in NOVEMBER[4:]:
        found[name] = bring(hub, name, title, campaign, state)
        hub.clock.advance(DAY + 5 * HOUR)
    found["lake"] = _lake(hub)
    places = _places(hub)
    _copies(hub, found, places)
    _stock(hub, found)
    found["card"], found["card-taken-back"] = cards.arrange(hub, found, places)
    found["recall"] = _recall(hub, found["dunes"], places)
    hub.services.connections.drain_warnings("nordlicht")
    _delete(hub, found["berries"])
    found["hook"], found["sent"] = hooks.arrange(hub)
    hub.clock.advance(4 * MINUTE)
    return SimpleNamespace(**{name.replace("-", "_"): made for name, made in found.items()})


def bring(hub, name, title, campaign, state):
    """Bring one picture in and take it as far as its state."""
    made = hub.upload(
        content(name), name=f"{name}.jpg", role=Role.CONTRIBUTOR, title=title, campaign=campaign,
        alt_text=f"{title}.", keywords=["2026", campaign.split()[0].lower()], creator="Ida Berg",
    )  # fmt: skip
    review, editor = hub.services.review, hub.people[Role.EDITOR]
    if state != "draft":
        review.submit(hub.people[Role.CONTRIBUTOR], made.id)
    if state in {"approved", "archived"}:
        review.approve(editor, made.version_id, sha256=made.sha256, note="Colours are right now.")
    if state == "archived":
        hub.services.catalogue.archive(editor, made.id)
    if state == "rejected":
        review.reject(editor, made.version_id, sha256=made.sha256, note="The logo is the old one.")
    hub.index()
    return made


def _fact_sheet(hub):
    out = io.BytesIO()
    page_of_text().save(out, "PDF")
    made = hub.upload(out.getvalue(), name="fact-sheet.pdf", title="Fact sheet, winter 2026", campaign="Winter launch")
    hub.services.review.approve(hub.people[Role.EDITOR], made.version_id, sha256=made.sha256)
    return made


def _lake(hub):
    """The picture of the launch: three versions, the last one approved, with a licence that ends."""
    editor = hub.people[Role.EDITOR]
    made = hub.upload(
        content("sea-green"), name="hero.jpg", title="Hero lake, winter launch", campaign="Winter launch",
        alt_text="Snow-covered mountains above a still lake at first light", creator="Ida Berg",
        credit="Ida Berg / Nordlicht", copyright="© 2026 Nordlicht Outdoor", keywords=["lake", "winter", "hero"],
    )  # fmt: skip
    for name in ("ridge-blue", "hero-lake"):
        hub.clock.advance(7 * HOUR)
        made = hub.upload(content(name), name="hero.jpg", asset_id=made.id)
    hub.services.review.approve(editor, made.version_id, sha256=made.sha256, note="This is the one.")
    hub.services.rights.add_term(
        editor, made.id, source="licence", effect="allow", channels=[], territories=[], from_at=None,
        until_at=hub.clock.now() + 95 * DAY, document="Contract 2026-114, page 3",
    )  # fmt: skip
    hub.services.delivery.open_rendition(editor, made.id, "original", made.version_id, download=True)
    made.code = hub.services.catalogue.view(editor, made.id).code
    return made


def _places(hub):
    shop = {"state": "ailing", "problem_code": "slow", "problem": "4 of 10 calls wait for their limit."}
    agency = {
        "state": "needs_person", "problem_code": "auth_expired",
        "problem": "The token has been refused since this morning.",
    }  # fmt: skip
    team = ("trello", "Team Nordlicht", {})
    wanted = [
        ("wordpress", "press.example.com", {}, "Nordlicht Press: media library"),
        ("wordpress", "shop.example.org", shop, "Nordlicht Shop: media library"),
        ("wordpress", "stories.example.org", {}, "Nordlicht Stories: media library"),
        (*team, "Design: landing page"), (*team, "Newsletter, week 48"), (*team, "Store windows, Hamburg"),
        (*team, "Press kit, autumn"), ("trello", "Agency board", agency, "Outdoor posters, Berlin"),
    ]  # fmt: skip
    found = [hub.target(kind, label, remote, **state) for kind, remote, state, label in wanted]
    return [*found, _ends(hub)]


def _ends(hub):
    """Accounts whose sign-ins end: tomorrow, soon, as usual after a week, and one that has a channel besides.

    Return the place of the first, where posts show several pictures.
    """
    now, places = hub.clock.now(), []
    for connector, remote, auth, ends_in, settings in (
        ("linkedin", "Nordlicht Outdoor, page", "linkedin", 12 * DAY, {}),
        ("linkedin", "Maren Lund", "linkedin", 55 * DAY, {}),
        ("google_drive", "Agency drive", "google_account", None, {"testing": True}),
        ("google_drive", "Nordlicht archive", "service_account", None, {}),
        ("dropbox", "Photographers", "dropbox", 21 * HOUR, {}),
    ):
        target = hub.target(connector, "Winter launch", remote)
        places.append(target)
        with hub.database.unit() as session:
            row = session.scalars(select(Connection).where(Connection.remote_id == target.remote_id)).one()
            manifest = hub.services.connections.manifest(connector)
            row.auth = auth if auth in {one.name for one in manifest.auths} else manifest.auths[0].name
            row.owner_id, row.settings = hub.people[Role.ADMINISTRATOR].id, settings
            row.signed_in_at = now - 2 * DAY
            row.expires_at = None if ends_in is None else now + ends_in
            if auth == "service_account":
                session.add(
                    Subscription(id=new_id(), remote_id=row.remote_id, target_id=target.id, external_ref="channel",
                                 callback_url="", sealed_secret="", expires_at=now + 6 * DAY, renew_at=now + 4 * DAY,
                                 created_at=now)
                )  # fmt: skip
    return places[0]


def _copies(hub, found, places):
    press, shop, stories, landing, letter, windows, kit, posters, feed = places
    lake = found["lake"]
    hub.copy(lake, press, level="seen")
    hub.copy(lake, stories, level="seen", age=12 * MINUTE)
    hub.copy(lake, landing, level="read", age=11 * MINUTE)
    noon = hub.clock.now() // DAY * DAY + 3 * DAY + DAY // 2
    hub.copy(lake, letter, phase="queued", level="", observed="queued", publish_at=noon, queued_for=noon)
    hub.copy(
        lake, windows, phase="working", level="read", age=20 * SECOND, op="update",
        observed_version_id=hub.services.catalogue.view(hub.people[Role.EDITOR], lake.id).versions[-1].id,
    )  # fmt: skip
    hub.copy(
        lake, shop, phase="unsure", level="", problem_code="answer_lost",
        problem="The answer to the last change was lost. The hub looks again in 2 minutes.",
    )  # fmt: skip
    hub.copy(
        lake, posters, phase="blocked", level="said", age=2 * HOUR, problem_code="auth_expired", blocked=True,
        problem="Trello refuses the token of Agency board. Nothing was changed there. Reconnect it.",
    )  # fmt: skip
    hub.copy(
        lake, kit, phase="settled", level="attested", age=3 * HOUR, desired="absent", wanted=False,
        observed="absent", settled_at=hub.clock.now() - 3 * HOUR, settled_reason="withdrawn",
    )  # fmt: skip
    hub.copy(found["bottle-red"], press, level="seen")
    _disagree(hub, found["person-b"], press)
    hub.copy(
        found["person-b"], landing, phase="settled", level="read", age=DAY, observed="absent", desired="present",
        settled_at=hub.clock.now() - DAY, settled_reason="removed_there",
    )  # fmt: skip
    hub.copy(found["bottles-trio"], press, level="seen", age=25 * MINUTE)
    hub.copy(found["bottles-trio"], windows, level="read", age=30 * MINUTE)
    hub.copy(found["ridge-dawn"], stories, level="read", age=HOUR)
    hub.copy(found["forest-fog"], windows, phase="partial", level="read", age=HOUR)
    hub.copy(found["sea"], stories, level="seen", age=9 * MINUTE)
    hub.copy(found["dunes"], press, level="seen")
    hub.copy(found["dunes"], landing, level="read")
    behind = [found["sea"], found["forest-fog"]]
    slot = usual_slot([each.code for each in behind])
    hub.copy(found["ridge-dawn"], feed, level="read", companions=behind, slot=slot)


def _delete(hub, asset):
    """Let one be deleted, and held for a lawyer."""
    editor = hub.people[Role.EDITOR]
    hub.services.rights.preservations.hold(editor, asset.id, "Dispute about the recipe, file 2026-31.")
    hub.services.catalogue.delete(editor, asset.id)


def _disagree(hub, asset, place):
    """Let two texts be changed here and there, one of them decided already."""
    now, editor = hub.clock.now(), hub.people[Role.EDITOR].id
    copy = hub.copy(
        asset, place, phase="blocked", level="read", age=25 * MINUTE, problem_code="field_conflict", blocked=True,
        problem="Changed here and there in different ways: alt_text. Decide which holds.",
    )  # fmt: skip
    _exchange(hub, asset, copy)
    texts = (
        ("alt_text", "Portrait of Maren.", "Portrait of Maren in the store in Kiel.", "Maren, laughing, by the lake."),
        ("title", "Portrait, Maren", "Portrait, Maren Lund", "Maren Lund"),
    )
    with hub.database.unit() as session:
        for number, (name, base, ours, theirs) in enumerate(texts):
            session.add(
                FieldConflict(
                    id=f"conflict-{number}", placement_id=copy.id, asset_id=asset.id, field=name, name=name, locale="",
                    reason="both", base=base, ours=ours, kept=ours, theirs=theirs, theirs_there=theirs, ours_by=editor,
                    ours_author="person", ours_at=now - HOUR, noticed_at=now - 25 * MINUTE,
                    decided_at=now - 5 * MINUTE if number else None, decision="theirs" if number else "",
                    value=base if number else "", decided_by=editor if number else None,
                )
            )  # fmt: skip


def _exchange(hub, asset, copy):
    """Let somebody have put another picture in the place of a copy, which waits for a decision."""
    now = hub.clock.now()
    with hub.database.unit() as session:
        ours = session.get_one(Rendition, (asset.version_id, "thumbnail"))
        other = session.scalars(
            select(Rendition).where(Rendition.preset == "thumbnail", Rendition.sha256 != ours.sha256)
        ).first()
        session.add(
            Exchange(
                id="exchange-1", placement_id=copy.id, asset_id=asset.id, version_id=asset.version_id, ref="7",
                item_ref="7", content_key="other", state="open", sha256=other.sha256, size=2_104_000,
                media_type="image/jpeg", filename="portrait-maren.jpg", preview_sha256=other.sha256,
                noticed_at=now - 25 * MINUTE, failures=0, problem_code="", problem="",
            )
        )  # fmt: skip
        session.get_one(Placement, copy.id).exchange_id = "exchange-1"


def _stock(hub, found):
    """Let things stand there that nobody of ours put there."""
    now = hub.clock.now()
    with hub.database.unit() as session:
        remote_id = session.scalars(select(Remote.id).where(Remote.label == "Team Nordlicht")).one()
        session.add(
            StockTaking(remote_id=remote_id, round=2, state="done", cursor=None, listed=214, asked_by="x",
                        begun_at=now - HOUR, ended_at=now - 40 * MINUTE, due_at=now, failures=0, problem="")
        )  # fmt: skip
        for number, (name, how, asset, whose, size) in enumerate(
            (
                ("IMG_2041 (from the agency, final, really final).jpg", "none", None, "stranger", 4_310_000),
                ("lake-winter-copy.jpg", "sha256", found["lake"].id, "stranger", 2_104_000),
                ("sea-small.png", "perceptual", found["sea"].id, "stranger", 88_000),
                ("dhother1-abcdefghijklmnopqrst-logo.png", "marker", None, "foreign", None),
            )
        ):
            session.add(
                FoundItem(
                    id=f"found-{number}", remote_id=remote_id, external_id=str(number), copy_ref=str(number),
                    kind="file", name=name, filename="", url="", place="", parent="", size=size, media_type="",
                    external_rev="1", sha256=None, marker="", seen_at=now - HOUR, seen_round=2, whose=whose, how=how,
                    match_failures=0, act="none", act_state="none", act_failures=0, problem_code="", problem="",
                    asset_id=asset,
                )
            )  # fmt: skip


def _recall(hub, asset, places):
    made = hub.services.placements.recall(
        hub.people[Role.EDITOR], asset.id, "The owner of the dunes withdrew permission.", None
    )
    return made.id
