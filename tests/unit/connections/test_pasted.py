"""A field into which a whole file is pasted keeps its line breaks; all else that cannot be read is refused."""

from __future__ import annotations

import pytest

from connectors.sdk.manifest import Auth, AuthField
from hub.connections.accounts import check_way
from hub.errors import Invalid
from tests.unit.connections.fakevendor import tiny_manifest


@pytest.fixture
def manifest():
    fields = (AuthField("file", "Key file", secret=True, lines=True), AuthField("who", "Act as"))
    return tiny_manifest(auths=(Auth("file", "Key file", lambda _: {}, fields),))


def test_a_pasted_file_keeps_its_line_breaks(manifest):
    way = check_way(manifest, "file", {}, {"file": '{\r\n\t"key": "k"\n}\n', "who": "dana"})
    assert way.secrets["file"] == '{\r\n\t"key": "k"\n}'


@pytest.mark.parametrize(
    ("name", "value"), [("file", "a\x00b"), ("file", "a\x1bb"), ("file", "a\u202eb"), ("who", "a\nb")]
)
def test_what_nobody_can_have_meant_is_refused(manifest, name, value):
    with pytest.raises(Invalid) as refused:
        check_way(manifest, "file", {}, {"file": "f", "who": "dana", name: value})
    assert (refused.value.code, refused.value.where) == ("credentials_malformed", name)
