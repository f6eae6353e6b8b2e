from __future__ import annotations

import pytest

from mappings.errors import MappingError
from mappings.spec import Owner, load_spec, parse_spec, spec_names

GOOD = """\
spec: 1
connector: wordpress
fields:
  - field: title
    remote: title
    owner: both
    transforms: [line]
"""


def refused(text: str) -> MappingError:
    with pytest.raises(MappingError) as caught:
        parse_spec(text, source="mine.yaml")
    return caught.value


@pytest.mark.parametrize("name", spec_names())
def test_every_shipped_spec_can_be_used(name):
    spec = load_spec(name)
    assert spec.connector == name
    assert spec.fields


def test_wordpress_takes_titles_back_but_not_the_rights_line():
    owners = {each.remote: each.owner for each in load_spec("wordpress").fields}
    assert owners["title"] is Owner.BOTH
    assert owners["description"] is Owner.DAM
    assert load_spec("wordpress").cannot_hold() == ("keywords", "campaign", "project")


def test_a_mistyped_field_names_its_line_and_what_was_meant():
    error = refused(GOOD.replace("field: title", "field: titel"))
    assert error.code == "mapping_unknown_name"
    assert error.line == 4
    assert "Did you mean `title`?" in error.what
    assert "alt_text" in error.what
    assert "mine.yaml, line 4" in str(error)


def test_a_mistyped_setting_names_its_line_and_what_was_meant():
    error = refused(GOOD.replace("owner: both", "ownr: both"))
    assert (error.code, error.line) == ("mapping_unknown_name", 6)
    assert "Did you mean `owner`?" in error.what


def test_a_mistyped_setting_at_the_top_names_those_of_the_top():
    error = refused(GOOD.replace("connector:", "conector:"))
    assert error.code in {"mapping_unknown_name", "mapping_invalid"}
    assert "connector" in error.what


def test_a_mistyped_transform_names_its_line_and_what_was_meant():
    error = refused(GOOD.replace("[line]", "[lien]"))
    assert (error.code, error.line) == ("mapping_unknown_name", 7)
    assert "Did you mean `line`?" in error.what


def test_a_path_in_an_expression_is_checked():
    error = refused(GOOD.replace("field: title", "expression: \"join(' ', [code, titel])\"").replace("both", "dam"))
    assert error.code == "mapping_unknown_name"
    assert "`title`" in error.what


@pytest.mark.parametrize("expression", ["join(to_string(@), keywords)", "[title, map(&join(title, @), [keywords])]"])
def test_a_separator_that_is_computed_is_refused(expression):
    text = f"spec: 1\nconnector: fake\nfields:\n  - {{expression: '{expression}', remote: title}}\n"
    with pytest.raises(MappingError, match="takes its separator as a text in quotes"):
        parse_spec(text)


def test_an_expression_that_cannot_be_read_is_said_so():
    error = refused(GOOD.replace("field: title", 'expression: "join("').replace("both", "dam"))
    assert "cannot be read" in error.what


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("spec: 1", "spec: 2", "must be 1"),
        ("owner: both", "owner: everybody", "owner"),
        ("field: title", "field: sha256", "the hub's own"),
        ("[line]", "[upper]", "no inverse"),
        ("    owner: both", '    owner: both\n    expression: "title"', "exactly one"),
        ("    remote: title\n", "", "remote"),
        ("remote: title", "remote: ..", "remote"),
        ("field: title", "expression: \"'x'\"", "hub's own"),
        ("    owner: both", "    owner: both\n    max_length: 0", "max_length"),
        ("    owner: both", "    owner: both\n    max_count: 3", "no other field is a list"),
        ("    owner: both", "    owner: both\n    max_count: 0", "max_count"),
    ],
)
def test_a_senseless_spec_is_refused_with_its_reason(old, new, says):
    assert says in refused(GOOD.replace(old, new)).what


def test_a_remote_field_given_twice_is_refused():
    assert "twice" in refused(GOOD + "  - {field: alt_text, remote: title}\n").what


def test_a_remote_field_is_no_value_and_object_at_once():
    assert "at once" in refused(GOOD + "  - {field: alt_text, remote: title.raw}\n").what


def test_a_field_comes_back_from_one_place_only():
    text = GOOD + "  - {field: title, remote: name, owner: channel}\n"
    assert "one place only" in refused(text).what


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "mapping_alias"),
        ("spec: !!python/object/apply:os.system [ls]\n", "mapping_tag"),
        ("a: " + "[" * 40 + "]" * 40, "mapping_too_deep"),
        ("# " + "x" * 70_000, "mapping_too_large"),
        ("a: [" + "1," * 6000 + "]", "mapping_too_large"),
        ("a: [1", "mapping_not_yaml"),
        ("a: \x00", "mapping_not_yaml"),
        ("a: 2020-13-45", "mapping_not_yaml"),
        ("", "mapping_invalid"),
        ("- 1", "mapping_invalid"),
        ("a: 1\na: 2", "mapping_invalid"),
        ("? [a]\n: 1", "mapping_invalid"),
    ],
)
def test_hostile_yaml_is_refused_with_a_stable_code(text, code):
    error = refused(text)
    assert error.code == code
    assert error.next_step


def test_the_digest_changes_with_what_the_mapping_does_and_not_with_its_notes():
    spec = parse_spec(GOOD)
    assert parse_spec(GOOD + "notes: other words\n").digest == spec.digest
    assert parse_spec(GOOD.replace("both", "channel")).digest != spec.digest


def test_a_connector_without_a_spec_is_named():
    with pytest.raises(MappingError) as caught:
        load_spec("no_such_connector")
    assert caught.value.code == "mapping_missing"


class Entry:
    def __init__(self, module: str) -> None:
        self.module = module


@pytest.mark.parametrize(("connector", "code"), [("elsewhere", None), ("misnamed", "mapping_invalid")])
def test_a_connector_from_outside_brings_its_spec_in_its_package(tmp_path, monkeypatch, connector, code):
    package = tmp_path / f"outside_{connector}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "mapping.yaml").write_text(GOOD.replace("connector: wordpress", "connector: elsewhere"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("mappings.spec.entry_points", lambda *, group, name: [Entry(f"outside_{name}")])
    if code is None:
        assert load_spec(connector).connector == connector
    else:
        with pytest.raises(MappingError) as caught:
            load_spec(connector)
        assert caught.value.code == code
    load_spec.cache_clear()


def test_a_connector_from_outside_without_a_spec_is_named(tmp_path, monkeypatch):
    package = tmp_path / "outside_bare"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("mappings.spec.entry_points", lambda *, group, name: [Entry("outside_bare")])
    with pytest.raises(MappingError, match="no mapping spec"):
        load_spec("bare")
