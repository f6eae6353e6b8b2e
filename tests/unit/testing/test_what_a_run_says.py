"""What could not be tested is said and, where it is asked for, fails; so does a run that counted too little."""

from types import SimpleNamespace

import pytest

from tests import counting, services


@pytest.fixture
def asking(monkeypatch):
    monkeypatch.setattr(services, "_gaps", {})
    monkeypatch.setattr(services, "_left_out", {})
    monkeypatch.delenv("DAMHUB_REQUIRE_SERVICES", raising=False)

    def ask(suite, *, required=False):
        config = SimpleNamespace(getoption=lambda _: required)
        return SimpleNamespace(config=config, node=SimpleNamespace(nodeid=f"{suite}::test_it"))

    return ask


def test_what_can_run_is_not_spoken_of(asking):
    services.need(asking("tests/a.py"), "browser")
    assert services.summary() == []


def test_each_suite_that_is_left_out_is_named_with_its_reason(asking):
    services.note_gap("browser", "no chromium here")
    for suite in ("tests/b.py", "tests/a.py", "tests/b.py"):
        with pytest.raises(pytest.skip.Exception, match="no chromium here"):
            services.need(asking(suite), "browser")
    assert services.summary() == [
        "tests/a.py: needs browser: no chromium here", "tests/b.py: needs browser: no chromium here",
    ]  # fmt: skip


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_gap_is_a_failure_where_services_are_required(asking, monkeypatch, by):
    services.note_gap("postgres", "not root")
    if by == "environment":
        monkeypatch.setenv("DAMHUB_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="postgres is required and cannot run here: not root"):
        services.need(asking("tests/a.py", required=by == "option"), "postgres")


@pytest.fixture
def ended(monkeypatch, tmp_path):
    """End a run whose counts stand in a folder."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("SLIPCOVER_COVERAGE_DIR", str(tmp_path))

    def end(percent, status=pytest.ExitCode.OK):
        if percent is not None:
            (tmp_path / "merged.json").write_text(f'{{"summary": {{"percent_covered": {percent}}}}}')
        session = SimpleNamespace(exitstatus=status, config=SimpleNamespace(stash=pytest.Stash()))
        counting.pytest_sessionfinish(session)
        return session.exitstatus

    return end


def test_a_good_run_that_counted_enough_stays_good(ended):
    assert ended(counting.FLOOR) == pytest.ExitCode.OK


@pytest.mark.parametrize("percent", [counting.FLOOR - 0.01, None], ids=["too little", "nothing"])
def test_a_good_run_fails_that_counted(ended, percent):
    assert ended(percent) == pytest.ExitCode.TESTS_FAILED


def test_a_bad_run_stays_as_bad_as_it_was(ended):
    assert ended(None, pytest.ExitCode.INTERRUPTED) == pytest.ExitCode.INTERRUPTED


def test_without_counting_there_is_no_floor(ended, monkeypatch):
    monkeypatch.delenv("SLIPCOVER_COVERAGE_DIR")
    assert ended(None) == pytest.ExitCode.OK
