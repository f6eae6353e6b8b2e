"""The schema for editors says what the hub says of a spec."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

from mappings.errors import MappingError
from mappings.safe_yaml import read_yaml
from mappings.schema import FILE, schema
from mappings.spec import parse_spec, spec_names

FOLDER = resources.files("mappings.specs")
HEAD = "spec: 1\nconnector: x\nfields:\n"


@pytest.fixture(scope="module")
def validator():
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def test_the_file_is_as_the_code_makes_it():
    assert json.loads(FOLDER.joinpath(FILE).read_text()) == schema(), "run `python -m mappings.schema`"


@pytest.mark.parametrize("name", spec_names())
def test_every_spec_names_the_schema_and_fits_it(validator, name):
    text = FOLDER.joinpath(f"{name}.yaml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema={FILE}\n")
    assert [error.message for error in validator.iter_errors(read_yaml(text, source=name).value)] == []


def test_everything_in_the_schema_is_explained():
    made = schema()
    both = (made["properties"], made["$defs"]["FieldSpec"]["properties"])
    assert all(about["description"] for properties in both for about in properties.values())


@pytest.mark.parametrize(
    "wrong",
    [
        "spec: 2\nconnector: x\nfields:\n  - {field: title, remote: t}\n",
        "spec: 1\nconnector: X!\nfields:\n  - {field: title, remote: t}\n",
        "spec: 1\nconnector: x\nfields: []\n",
        HEAD + "  - {field: titel, remote: t}\n",
        HEAD + "  - {remote: t}\n",
        HEAD + "  - {field: title, expression: code, remote: t}\n",
        HEAD + "  - {field: title, remote: 't t'}\n",
        HEAD + "  - {field: title, remote: t, transforms: [uper]}\n",
        HEAD + "  - {field: code, remote: t, owner: both}\n",
        HEAD + "  - {field: title, remote: t, owner: both, transforms: [upper]}\n",
        HEAD + "  - {expression: code, remote: t, owner: channel}\n",
        HEAD + "  - {field: title, remote: t, max_length: 1}\n",
        HEAD + "  - {field: title, remote: t, max_count: 3}\n",
        HEAD + "  - {field: keywords, remote: t, max_count: 0}\n",
        HEAD + "  - {field: title, remote: t, colour: red}\n",
    ],
)
def test_what_the_hub_refuses_an_editor_shows(validator, wrong):
    with pytest.raises(MappingError):
        parse_spec(wrong)
    assert not validator.is_valid(read_yaml(wrong, source="test").value)
