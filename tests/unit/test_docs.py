"""What the documentation says is true: names on both sides, commands that exist, snippets that run, links that lead."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main
from jsonschema import Draft202012Validator, FormatChecker

from connectors.sdk import errors
from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Ability, Capability, Manifest, Write
from connectors.sdk.registry import PROTOCOLS, discover
from connectors.sdk.types import Level
from connectors.testing.conformance.__main__ import main as conformance
from hub.app.commands import toolbox
from hub.cli.app import build
from hub.events.models import Event
from hub.notify.kinds import EVERY_TYPE, KINDS
from hub.notify.messages import message_of
from hub.settings import S3Settings, Settings, setting_names, unknown_names
from mappings.document import CORE_FIELDS, AssetDocument
from mappings.report import check
from mappings.spec import FieldSpec, Owner
from mappings.transforms import TRANSFORMS
from tests.unit import error_codes, event_types
from webhooks import DELAYS_S, OFF_AFTER_S, TIME_LIMIT_S, new_secret, sign

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True,
        text=True, check=True,
    ).stdout.split()
    if (ROOT / name).is_file()
)  # fmt: skip
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def text(name):
    return (ROOT / name).read_text()


def table(name, heading):
    """Return the rows of the table whose first heading is given, as cells without marks."""
    lines = iter(text(name).splitlines())
    rows = []
    for line in lines:
        if line.startswith(f"| {heading} |"):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return rows
                rows.append([cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", row)[1:-1]])
    assert rows, f"{name} has no table {heading}"
    return rows


def first_column(name, heading):
    return [row[0] for row in table(name, heading)]


def blocks(name, language):
    return [body for kind, body in FENCE.findall(text(name)) if kind == language]


# Names: all of them, and no others


def test_every_setting_is_documented_with_its_default():
    rows = {row[0]: row[2] for row in table("docs/operating.md", "setting")}
    assert list(rows) == list(setting_names())
    for name, said in rows.items():
        field = name.removeprefix("DAMHUB_").lower()
        fields, key = (S3Settings, field[3:]) if field.startswith("s3_") else (Settings, field)
        default = fields.model_fields[key].get_default(call_default_factory=True)
        plain = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        assert said == ("empty" if plain in ("", None) else str(plain)), name


def test_the_settings_file_in_the_docs_is_one_that_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damhub.toml").write_text(blocks("docs/operating.md", "toml")[0])
    read = Settings()
    assert (read.port, read.storage, read.s3.bucket) == (8400, "s3", "media")
    assert not list(unknown_names({}))


def commands():
    group = typer.main.get_command(build(toolbox()))
    found = dict(group.commands)
    groups = {name: found.pop(name) for name in ("mapping", "evidence", "inbound")}
    parts = ((f"{name} {one}", command) for name, group in groups.items() for one, command in group.commands.items())
    return found | dict(parts)


def test_every_command_is_documented_with_its_arguments():
    listed = {}
    for call in first_column("docs/operating.md", "command"):
        words = call.removeprefix("damhub ").split()
        listed[" ".join(word for word in words if not word.isupper())] = [word for word in words if word.isupper()]
    known = commands()
    assert set(listed) == set(known)
    for name, arguments in listed.items():
        needed = [p.name.upper() for p in known[name].params if p.param_type_name == "argument" and p.required]
        assert arguments == needed, name


def test_every_command_and_option_says_what_it_is_for():
    for name, command in commands().items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.name == "help" or getattr(parameter, "help", ""), f"{name} {parameter.name}"


def test_every_error_code_is_documented():
    known, said = set(error_codes.found()), error_codes.documented()
    assert (known - said, said - known) == (set(), set()), "run: python -m tests.unit.error_codes"


def test_codes_that_the_hub_is_known_for_are_found_in_the_source():
    assert {"port_taken", "upload_cut_off", "no_such_asset", "mapping_alias", "outcome_unknown"} <= set(
        error_codes.found()
    )


def test_every_ability_and_its_methods_are_documented():
    rows = {row[0]: row[1] for row in table("docs/writing-a-connector.md", "ability")}
    assert set(rows) == {each.value for each in Capability}
    for capability, protocol in PROTOCOLS.items():
        methods = [name for name in vars(protocol) if not name.startswith("_")]
        assert re.findall(r"(\w+)\(", rows[capability.value]) == methods


def test_every_field_of_a_manifest_is_documented():
    said = [name for cell in first_column("docs/writing-a-connector.md", "field") for name in cell.split(", ")]
    assert sorted(said) == sorted(field.name for field in dataclasses.fields(Manifest))


def test_every_error_of_the_sdk_is_documented_below_what_it_is():
    rows = {row[0]: set(re.findall(r"[A-Z]\w+", row[1])) for row in table("docs/writing-a-connector.md", "error")}
    below = {
        each.__name__: {kind.__name__ for kind in each.__subclasses__()} for each in ConnectorError.__subclasses__()
    }
    own = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)}
    assert rows == {name: kinds & own for name, kinds in below.items()}


def test_every_write_class_and_evidence_level_is_documented():
    page = text("docs/writing-a-connector.md")
    for each in (*Write, *Level):
        assert f"`{each.value}`" in page, each
    assert first_column("docs/events.md", "level") == [each.value for each in Level]
    assert Ability().best in Level


def test_every_transform_is_documented_with_whether_it_comes_back():
    rows = {row[0]: row[2] for row in table("docs/mappings.md", "name")}
    assert list(rows) == list(TRANSFORMS)
    for name, back in rows.items():
        assert back.startswith("none") == (TRANSFORMS[name].pull is None), name


def test_every_part_of_a_mapping_spec_is_documented():
    assert first_column("docs/mappings.md", "setting") == list(FieldSpec.model_fields)
    assert first_column("docs/mappings.md", "owner") == [each.value for each in Owner]
    page = text("docs/mappings.md")
    assert [name for name in AssetDocument.model_fields if f"`{name}`" not in page] == []
    sentence = page[page.index("Only `title`") : page.index("may come\nback")]
    assert tuple(re.findall(r"`(\w+)`", sentence)) == CORE_FIELDS


def test_the_mapping_spec_in_the_docs_can_be_used():
    (spec,) = blocks("docs/mappings.md", "yaml")
    found = check("wordpress", text=spec)
    assert found.problem is None
    assert [line.comes_back for line in found.lines] == [True, False]


# Webhooks


def test_the_kinds_of_events_in_the_docs_are_those_that_the_hub_serves():
    assert event_types.documented() == event_types.part()


def test_every_outgoing_kind_has_an_example_that_is_made_like_this():
    shown = event_types.examples()
    assert set(shown) == {each.name for each in EVERY_TYPE}
    for kind in KINDS.values():
        body = shown[kind.name]
        Draft202012Validator(kind.schema(), format_checker=FormatChecker()).validate(body)
        told = dict(body["data"])
        subject = told.pop(kind.subject)
        event = Event(kind=kind.name, subject=subject, at=1790000000000, body={**told, "title": "not told"})
        assert json.loads(message_of(event)) == body


def test_the_delivery_schedule_in_the_docs_is_the_one_that_is_kept():
    page = re.sub(r"\s+", " ", text("docs/events.md"))
    spoken = [f"{s // 3600} h" if s >= 3600 else f"{s // 60} min" if s >= 60 else f"{s} s" for s in DELAYS_S[1:]]
    assert f"after {', '.join(spoken[:-1])} and {spoken[-1]}" in page
    assert f"within {TIME_LIMIT_S} seconds" in page
    assert OFF_AFTER_S == 5 * 24 * 3600
    assert "five days" in page


def test_the_recipe_for_signatures_tells_genuine_messages_from_others():
    (recipe,) = blocks("docs/events.md", "python")
    given = {}
    exec(recipe, given)
    genuine, secret, body = given["genuine"], new_secret(), b'{"type":"asset.approved"}'
    headers = sign([new_secret(), secret], message_id="m-1", now_s=1000, body=body)
    assert genuine(secret, headers, body, 1000)
    assert not genuine(secret, headers, body + b" ", 1000)
    assert not genuine(new_secret(), headers, body, 1000)
    assert not genuine(secret, headers, body, 2000)
    assert not genuine(secret, {**headers, "webhook-id": "m-2"}, body, 1000)


# Commands in README and docs


def shown_commands():
    for page in PAGES:
        for body in blocks(page.relative_to(ROOT), "sh"):
            yield from (line.partition("#")[0].strip() for line in body.splitlines() if line.strip())
        for quoted in re.findall(r"`([^`\n]+)`", page.read_text()):
            if re.match(r"(make|damhub|\.venv/bin/\S+) \w", quoted):
                yield quoted


@pytest.mark.parametrize("line", sorted({line for line in shown_commands() if line.startswith("make ")}))
def test_every_make_command_has_its_target(line):
    targets = [word for word in shlex.split(line)[1:] if "=" not in word]
    known = set(re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE))
    assert targets
    assert set(targets) <= known
    done = subprocess.run(["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", sorted({line for line in shown_commands() if re.match(r"(\S+/)?damhub ", line)}))
def test_every_shown_command_of_damhub_is_understood(line):
    words = [word for word in re.split(r"\s+", line)[1:] if word != "..."]
    known = commands()
    name = next((each for each in known if words[: len(each.split())] == each.split()), "")
    assert name, f"there is no command {line}"
    options = {option for parameter in known[name].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_readmes_look_at_a_connector_runs(capsys):
    (line,) = {line for line in shown_commands() if "connectors.testing.conformance trello" in line}
    assert line.startswith(".venv/bin/python -m connectors.testing.conformance ")
    assert conformance([*shlex.split(line)[3:], "--list"]) == 0
    assert "planted bugs" in capsys.readouterr().out


def test_every_target_of_make_says_what_it_is_for():
    listed = re.search(r"^\.PHONY: (.*)$", text("Makefile"), flags=re.MULTILINE)[1].split()
    said = re.findall(r"^([a-z]+):.*## \S", text("Makefile"), flags=re.MULTILINE)
    assert set(said) == set(listed)


# The tree


def test_decisions_are_numbered_without_a_gap_and_have_their_three_parts():
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        body = record.read_text()
        assert body.startswith(f"# {record.name[:4]} "), record.name
        assert "**Context.**" in body, record.name
        assert "**Choice.**" in body, record.name
        assert "**Costs.**" in body or "**Measured.**" in body, record.name


def test_every_decision_that_is_spoken_of_is_there():
    numbers = {record.name[:4] for record in (DOCS / "decisions").glob("*.md")}
    sources = [
        *PAGES,
        ROOT / "pyproject.toml",
        *(p for room in ("hub", "connectors") for p in (ROOT / room).rglob("*.py")),
    ]
    for path in sources:
        assert set(re.findall(r"docs/decisions/(\d{4})", path.read_text())) <= numbers, path


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text())):
        if not re.match(r"https?://|mailto:", target):
            path, _, anchor = target.partition("#")
            assert (page.parent / path).exists() if path else anchor, f"{page.name}: {target}"


def test_every_page_of_the_docs_can_be_found_from_the_readme():
    readme = text("README.md") + text("CONTRIBUTING.md") + text("docs/operating.md")
    assert [page.name for page in DOCS.glob("*.md") if page.name not in readme] == []


def test_the_readme_is_one_page_and_draws_the_rooms_that_there_are():
    assert len(text("README.md").splitlines()) <= 60
    rooms = {path.name for path in (ROOT / "hub").iterdir() if path.is_dir() and (path / "__init__.py").is_file()}
    drawn = re.search(r"^hub/.*?^connectors/", text("README.md"), flags=re.MULTILINE | re.DOTALL)[0]
    assert rooms - set(re.findall(r"\w+", drawn)) == set()
    suites = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").is_file()}
    line = re.search(r"^tests/ (.*)$", text("README.md"), flags=re.MULTILINE)[1]
    assert set(re.findall(r"\w+", line)) - {"real", "servers"} == suites


def test_every_connector_tells_how_to_connect_it():
    for name, manifest in discover().items():
        page = text(f"connectors/{name}/README.md")
        assert page.startswith(f"# {manifest.title}"), name
        assert re.search(r"^(## Connect|\*\*Connect\.\*\*)", page, flags=re.MULTILINE), name
