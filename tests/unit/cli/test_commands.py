"""Each command: what it prints for people and for programs, how it fails, and its exit code."""

from __future__ import annotations

import io
import json
import sys

import pytest
from sqlalchemy.exc import OperationalError

from connectors.sdk.registry import BrokenConnector, discover
from hub.access.actors import SYSTEM, Role
from hub.app.commands import toolbox
from hub.app.compose import Hub
from hub.cli.app import FAILED, REFUSED, build, run
from hub.cli.findings import bad, good, look
from hub.cli.printing import plain
from hub.db.models import Mode
from hub.errors import Unavailable
from hub.settings import FILE, Settings
from tests.media_samples import picture
from tests.tables import lay

PASSWORD = "correct horse battery"
MIDNIGHT_2099 = 4_070_908_800_000


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAMHUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAMHUB_PORT", "8399")
    return tmp_path / "home"


@pytest.fixture
def hub(home):
    """A hub that was started once; its rooms, to look into."""
    lay(home)
    hub = Hub.open(Settings())
    yield hub
    hub.close()


@pytest.fixture
def damhub(home, capsys, monkeypatch):
    """Runs a command as a person would, with what they type in; returns exit code, output and messages."""

    def call(*arguments, typed="", tools=None):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(tools or toolbox(), arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def replaced(**acts):
    import dataclasses

    return dataclasses.replace(toolbox(), **acts)


def fails(error):
    def act(*_given, **_named):
        raise error

    return act


# Failures, the same for every command


def test_a_failure_says_what_and_what_next_with_its_code(damhub):
    error = Unavailable("port_taken", "It is taken.", where="DAMHUB_PORT", next_step="Set another.")
    code, out, err = damhub("serve", tools=replaced(serve=fails(error)))
    assert (code, out) == (FAILED, "")
    assert err.split("\n") == ["It is taken. (DAMHUB_PORT)", "Set another.", "[port_taken]", ""]


def test_programs_are_told_of_failures_as_json(damhub):
    code, out, err = damhub("adopt", "--json")
    assert (code, out) == (FAILED, "")
    assert json.loads(err)["code"] == "never_woken"


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"DAMHUB_PORT": "many"}, "setting_wrong"),
        ({"DAMHUB_TRUSTED_ORIGINS": "http://no-json"}, "setting_wrong"),
        ({"DAMHUB_STORAGE": "floppy"}, "setting_wrong"),
        ({"DAMHUB_SECRET_KEY": "too-short"}, "secret_key_too_short"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(damhub, monkeypatch, environ, code):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    exit_code, _, err = damhub("worker")
    assert exit_code == REFUSED
    assert f"[{code}]" in err
    assert next(iter(environ.values())) not in err


def test_a_settings_file_that_is_no_toml_is_named(damhub, tmp_path):
    (tmp_path / FILE).write_text("port = ")
    code, _, err = damhub("adopt")
    assert code == REFUSED
    assert "[settings_file_unreadable]" in err


def test_a_database_that_is_away_is_no_traceback_and_shows_no_password(damhub):
    away = OperationalError("SELECT 1", {}, OSError("password=secret"))
    code, _, err = damhub("adopt", tools=replaced(adopt=fails(away)))
    assert code == FAILED
    assert "[database_unavailable]" in err
    assert "secret" not in err


def test_a_file_that_cannot_be_used_is_named(damhub, tmp_path):
    code, _, err = damhub("adopt", tools=replaced(adopt=fails(PermissionError(13, "Permission denied", "/no/way"))))
    assert code == FAILED
    assert "refused: Permission denied. (/no/way)" in err


@pytest.mark.parametrize("command", ["serve", "worker", "adopt"])
def test_a_broken_connector_is_told_by_its_folder(damhub, command):
    broken = fails(BrokenConnector("connectors/halfway cannot be loaded: SyntaxError: invalid syntax"))
    code, out, err = damhub(command, tools=replaced(**{command: broken}))
    assert (code, out) == (REFUSED, "")
    assert "connectors/halfway cannot be loaded" in err
    assert "[connector_broken]" in err


def test_a_programming_error_is_not_hidden(damhub):
    with pytest.raises(ZeroDivisionError):
        damhub("adopt", tools=replaced(adopt=fails(ZeroDivisionError())))


@pytest.mark.parametrize("arguments", [("nonsense",), ("backup",), ("mapping", "preview", "DAM-1"), ("adopt", "--jsn")])
def test_what_cannot_be_understood_is_refused(damhub, arguments):
    code, _, err = damhub(*arguments)
    assert code == REFUSED
    assert "Usage: " in err


# Doctor


def test_doctor_prints_a_line_for_each_finding_and_fails_if_one_is_bad(damhub):
    findings = [good("python", "fine"), look("space", "little", "Make some."), bad("web", "away", "Start it.")]
    code, out, _ = damhub("doctor", tools=replaced(doctor=lambda: findings))
    assert code == FAILED
    assert "away Start it." in out
    assert out.rstrip().endswith("1 good, 1 look, 1 bad")
    code, out, _ = damhub("doctor", "--json", tools=replaced(doctor=lambda: findings[:2]))
    assert code == 0
    assert [each["verdict"] for each in json.loads(out)["findings"]] == ["good", "look"]


def test_what_came_from_outside_cannot_steer_a_terminal(damhub):
    findings = [look("copies", "evil \x1b]0;title\x07 \u202etext", "Look.")]
    _, out, _ = damhub("doctor", tools=replaced(doctor=lambda: findings))
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert plain("a\x1b[2Jb") == "a [2Jb"


# Backup and restore


def test_a_backup_goes_into_another_hub_that_observes_until_it_is_adopted(damhub, hub, home, tmp_path, monkeypatch):
    hub.services.access.first_administrator(email="ada@dam.test", name="Ada", password=PASSWORD)
    hub.services.intake.upload(SYSTEM, io.BytesIO(picture()), filename="a.png")
    code, out, _ = damhub("backup", str(tmp_path / "hub.tar"), "--json")
    carried = json.loads(out)
    assert (code, carried["blobs"], carried["missing"]) == (0, 1, [])

    monkeypatch.setenv("DAMHUB_HOME", str(tmp_path / "second"))
    code, out, _ = damhub("restore", str(tmp_path / "hub.tar"))
    assert code == 0
    assert f"{carried['rows']} rows and 1 blobs" in out
    assert "only observes until you say" in out
    code, out, _ = damhub("adopt", "--json")
    assert (code, json.loads(out)["mode"]) == (0, Mode.NORMAL)


def test_a_backup_replaces_another_only_when_told_to(damhub, hub, tmp_path):
    file = tmp_path / "hub.tar"
    file.write_bytes(b"the only backup")
    code, _, err = damhub("backup", str(file))
    assert (code, "[backup_there]" in err) == (REFUSED, True)
    assert file.read_bytes() == b"the only backup"
    assert damhub("backup", str(file), "--overwrite", "--json")[0] == 0
    assert file.stat().st_size > 100


def test_the_version_is_told(damhub):
    code, out, _ = damhub("--version")
    assert (code, out.split()[0]) == (0, "damhub")


def test_a_backup_needs_a_hub_and_a_folder(damhub, tmp_path):
    assert "[never_woken]" in damhub("backup", str(tmp_path / "hub.tar"))[2]
    code, _, err = damhub("backup", str(tmp_path / "nowhere" / "hub.tar"))
    assert (code, "[folder_missing]" in err) == (REFUSED, True)
    assert not list(tmp_path.glob("*"))


def test_a_restore_needs_a_whole_backup(damhub, tmp_path):
    code, _, err = damhub("restore", str(tmp_path / "none.tar"))
    assert (code, "[backup_missing]" in err) == (REFUSED, True)
    (tmp_path / "other.tar").write_bytes(b"no archive")
    code, _, err = damhub("restore", str(tmp_path / "other.tar"))
    assert (code, "[backup_damaged]" in err) == (REFUSED, True)


def test_progress_tells_the_bytes_so_far(hub, tmp_path):
    hub.services.intake.upload(SYSTEM, io.BytesIO(picture()), filename="a.png")
    tools, heard = toolbox(), []
    carried = tools.backup(Settings(), tmp_path / "hub.tar", with_keys=False, told=lambda *so_far: heard.append(so_far))
    assert (carried.bytes, carried.bytes) in heard
    restored = []
    second = Settings(home=tmp_path / "second")
    tools.restore(second, tmp_path / "hub.tar", told=lambda *so_far: restored.append(so_far))
    size = (tmp_path / "hub.tar").stat().st_size
    assert restored[-1][1] == size
    assert size / 2 < restored[-1][0] <= size


def test_a_declared_copy_has_an_identity_of_its_own(damhub, hub):
    before = json.loads(damhub("adopt", "--json")[1])
    code, out, _ = damhub("declare-copy", "--json")
    after = json.loads(out)
    assert code == 0
    assert (after["epoch"], after["mode"]) == (before["epoch"] + 1, Mode.NORMAL)
    assert after["installation_id"] != before["installation_id"]


# Keys and people


def test_a_rotated_key_is_the_current_one_from_then_on(damhub, hub, monkeypatch):
    code, out, _ = damhub("rotate-key", "--json")
    assert code == 0
    from hub.access.keyring import Keyring

    assert Keyring.load(Settings()).key_id == json.loads(out)["key_id"] != hub.services.keyring.key_id
    monkeypatch.setenv("DAMHUB_SECRET_KEY", "x" * 40)
    code, _, err = damhub("rotate-key")
    assert (code, "[key_is_configured]" in err) == (REFUSED, True)


def test_the_first_person_is_an_administrator_and_can_sign_in(damhub, hub):
    asked = ("create-user", "ada@dam.test", "--name", "Ada Adler")
    code, _, err = damhub(*asked, typed=PASSWORD + "\n")
    assert (code, "[first_user_is_administrator]" in err) == (FAILED, True)
    assert not hub.services.access.has_users()
    code, out, _ = damhub(*asked, "--role", "administrator", "--json", typed=PASSWORD + "\n")
    assert (code, json.loads(out)["role"]) == (0, "administrator")
    assert hub.services.access.sign_in("ada@dam.test", PASSWORD, address="127.0.0.1")
    code, out, _ = damhub("create-user", "ben@dam.test", "--name", "Ben", "--role", "editor", typed=PASSWORD + "\n")
    assert (code, "Ben (editor) can sign in" in out) == (0, True)
    assert [user.role for user in hub.services.access.users(SYSTEM)] == [Role.ADMINISTRATOR, Role.EDITOR]


def test_a_person_at_a_terminal_is_asked_twice_and_unseen(damhub, hub, monkeypatch):
    from hub.cli import people

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    asked = []
    monkeypatch.setattr(io, "StringIO", Terminal)
    monkeypatch.setattr(people.typer, "prompt", lambda *text, **how: asked.append((text, how)) or PASSWORD)
    code, _, _ = damhub("create-user", "ada@dam.test", "--name", "Ada", "--role", "administrator")
    assert (code, hub.services.access.has_users()) == (0, True)
    assert asked == [(("Password",), {"hide_input": True, "confirmation_prompt": True})]


@pytest.mark.parametrize(
    ("email", "typed", "code"), [("ada@dam.test", "short\n", "password_unfit"), ("nobody", PASSWORD, "email_unfit")]
)
def test_what_cannot_be_kept_of_a_person_is_refused(damhub, email, typed, code):
    exit_code, _, err = damhub("create-user", email, "--name", "A", "--role", "administrator", typed=typed)
    assert (exit_code, f"[{code}]" in err) == (REFUSED, True)
    assert PASSWORD not in err


def test_no_command_takes_a_password_as_an_argument():
    commands = _commands()
    assert "create-user" in commands
    for command in commands.values():
        for parameter in command.params:
            assert not {"password", "secret", "token"} & set(parameter.name.split("_")), (command.name, parameter.name)


# Mappings and sandboxes


def test_every_mapping_is_checked_and_says_what_its_channel_cannot_hold(damhub):
    code, out, _ = damhub("mapping", "check", "--json")
    specs = {each["connector"]: each for each in json.loads(out)["specs"]}
    assert code == 0
    assert specs["wordpress"]["cannot_hold"] == ["keywords", "campaign", "project"]
    code, out, _ = damhub("mapping", "check", "trello")
    assert (code, "This channel cannot hold: description" in out) == (0, True)


def test_line_breaks_in_an_expression_are_written_out(damhub, tmp_path):
    expression = r"join('\n\n', [title, credit])"
    (tmp_path / "mine.yaml").write_text(
        f'spec: 1\nconnector: mine\nfields:\n  - expression: "{expression}"\n    remote: text\n', encoding="utf-8"
    )
    code, out, _ = damhub("mapping", "check", "mine.yaml")
    assert (code, expression in out) == (0, True)


def test_a_broken_mapping_file_is_told_with_its_line(damhub, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "spec: 1\nconnector: mine\nfields:\n  - field: titel\n    remote: title\n", encoding="utf-8"
    )
    code, out, _ = damhub("mapping", "check", "mine.yaml")
    assert code == FAILED
    assert "mine.yaml, line 4: " in out
    assert "Did you mean `title`?" in out
    code, out, _ = damhub("mapping", "check", "mine.yaml", "--json")
    problem = json.loads(out)["specs"][0]["problem"]
    assert (code, problem["code"]) == (FAILED, "mapping_unknown_name")
    for unreadable, why in (("none.yaml", "mapping_unreadable"), ("none", "mapping_missing")):
        code, out, _ = damhub("mapping", "check", unreadable)
        assert (code, f"[{why}]" in out) == (FAILED, True)


def test_a_preview_shows_what_a_channel_would_be_told_and_what_is_lost(damhub, hub):
    kept = hub.services.intake.upload(SYSTEM, io.BytesIO(picture()), filename="a.png")
    values = {"title": "Lake <at> dawn " + "x" * 270, "keywords": ["lake"]}
    hub.services.catalogue.edit(SYSTEM, kept.asset_id, values)
    code, out, _ = damhub("mapping", "preview", kept.code, "trello", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["lines"][0]["value"].startswith(f"{kept.code} Lake <at> dawn")
    assert len(told["lines"][0]["value"]) == 256
    assert {(loss["field"], loss["kind"]) for loss in told["losses"]} >= {("keywords", "no_place")}
    code, out, _ = damhub("mapping", "preview", kept.code.lower(), "wordpress")
    assert code == 0
    assert "Lake &lt;at&gt; dawn" in out
    assert "Lost on the way:" in out
    hub.services.rights.add_term(SYSTEM, kept.asset_id, source="licence", effect="allow", until_at=MIDNIGHT_2099)
    told = json.loads(damhub("mapping", "preview", kept.code, "folder", "--json")[1])
    assert {line["remote"]: line["value"] for line in told["lines"]}["usable_until"] == "2098-12-31"


def test_a_preview_tells_it_as_a_place_in_another_language_is_told(damhub, hub):
    kept = hub.services.intake.upload(SYSTEM, io.BytesIO(picture()), filename="a.png")
    for language, values in (("", {"title": "Lake", "alt_text": "A lake"}), ("de", {"title": "See"})):
        hub.services.catalogue.edit(SYSTEM, kept.asset_id, values, language=language)
    code, out, _ = damhub("mapping", "preview", kept.code, "wordpress", "--language", "de-AT", "--json")
    told = json.loads(out)
    assert code == 0
    assert {line["remote"]: line["value"] for line in told["lines"]}["title"] == "See"
    losses = {loss["detail"] for loss in told["losses"]}
    assert "No German (Austria) alt text: the English one is shown" in losses
    assert "[unknown_language]" in damhub("mapping", "preview", kept.code, "wordpress", "--language", "elvish")[2]


def test_a_preview_of_what_is_not_there_says_so(damhub, hub):
    assert "[no_such_asset]" in damhub("mapping", "preview", "DAM-9", "trello")[2]
    assert "[mapping_missing]" in damhub("mapping", "preview", "DAM-9", "nope")[2]


def test_a_sandbox_is_served_by_the_connectors_name(damhub, monkeypatch, tmp_path):
    from connectors.testing import serve

    given = []
    monkeypatch.setattr(serve, "main", lambda arguments, say: given.append(arguments) or 0)
    code, _, _ = damhub("sandbox", "trello", "--port", "8401", "--ledger", str(tmp_path / "ledger"))
    assert (code, given) == (0, [["trello", "--port", "8401", "--ledger", str(tmp_path / "ledger")]])
    code, _, err = damhub("sandbox", "nope")
    assert (code, "[no_such_connector]" in err) == (REFUSED, True)


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_sandbox_says_what_to_type_into_which_field(damhub, monkeypatch, name):
    from connectors.testing import serve
    from connectors.testing.sandbox import make_sandbox

    manifest = discover()[name]
    told = serve.told_of(make_sandbox(manifest), "http://127.0.0.1:9100")
    monkeypatch.setattr(serve, "main", lambda _, say: say(manifest, told) or 0)
    code, out, err = damhub("sandbox", name)
    auth = next(one for one in manifest.auths if one.name == told["auth"])
    assert (code, out) == (0, "")
    assert f"Connections, {manifest.title}, {auth.label}." in err
    for field in auth.fields:
        assert f"  {field.label}: {told['secrets'].get(field.name, '')}" in err or field.optional
    assert """DAMHUB_TRUSTED_ORIGINS='["http://127.0.0.1:9100"]'""" in err


def test_scorecards_are_shown_for_all_connectors_and_rule_by_rule_for_one(damhub, monkeypatch):
    from hub.cli import connectors

    code, out, _ = damhub("scorecard", "--json")
    told = json.loads(out)["connectors"]
    assert code == 0
    assert told["drupal"]["tier"] in ("bronze", "silver", "gold", "platinum")
    code, out, _ = damhub("scorecard")
    assert code == 0
    assert all(name in out for name in told)
    code, out, _ = damhub("scorecard", "trello")
    assert code == 0
    assert out.startswith(f"Trello: {told['trello']['tier']}")
    assert f"{told['trello']['measured']['contract']['requests']} requests checked" in out
    code, _, err = damhub("scorecard", "nope")
    assert (code, "[no_such_connector]" in err) == (REFUSED, True)
    monkeypatch.setattr(connectors, "scorecard_of", lambda _: None)
    told = damhub("scorecard", "trello")[1]
    assert told.startswith("Trello: not rated\n")
    assert "connectors.testing.conformance trello measures one" in told
    assert "not rated" in damhub("scorecard")[1]


def _commands():
    import typer.main

    group = typer.main.get_command(build(toolbox()))
    found = dict(group.commands)
    mapping = found.pop("mapping")
    return found | {f"mapping {name}": command for name, command in mapping.commands.items()}
