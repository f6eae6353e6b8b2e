"""One account maps its fields otherwise: its copies follow, others stay, and the way back is one act."""

from __future__ import annotations

from tests.stories.story import ADA

OWN = """\
spec: 1
connector: wordpress
fields:
  - {expression: "join(', ', [title, copyright])", remote: title, transforms: [line, html_escape]}
  - {field: alt_text, remote: alt_text, transforms: [line, html_escape], required_for: [image]}
"""


def test_copies_follow_the_mapping_of_their_account_and_come_back(story):
    targets = {"rest": story.connect("rest"), "xmlrpc": story.connect("xmlrpc", protocol="xmlrpc")}
    asset = story.asset("navy", copyright="North Film")
    placed = story.place(asset, targets)
    story.run()

    def titles():
        story.run()
        copies = story.copies(placed)
        assert {copy.phase for copy in copies.values()} == {"live"}
        return [story.standing(name, copies[name])[0].fields["title"] for name in ("rest", "xmlrpc")]

    assert titles() == ["A navy picture", "A navy picture"]
    remote = targets["rest"].remote_id
    connection = next(one.id for one in story.rooms.connections.list(ADA) if one.remote_id == remote)
    story.rooms.mappings.save(ADA, connection, OWN, note="With the rights", seen=0)
    assert titles() == ["A navy picture, North Film", "A navy picture"]
    story.rooms.mappings.go_back(ADA, connection, 0, seen=1)
    assert titles() == ["A navy picture", "A navy picture"]
