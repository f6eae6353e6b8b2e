"""What a run of the tests says at its very end: what was left out, then what failed, and nothing after it."""


def test_what_was_left_out_is_told_after_the_coverage_and_what_failed_is_told_last(pytestconfig):
    tellers = pytestconfig.hook.pytest_terminal_summary.get_hookimpls()
    assert tellers[0].plugin_name.endswith("tests/conftest.py"), "the last of those that only print"
    assert tellers[0].trylast
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:  # not in a worker of a run side by side
        assert [each.wrapper for each in tellers if each.plugin is reporter] == [True], "its list follows them all"


def test_the_last_list_names_failures_alone(pytestconfig):
    assert set(pytestconfig.getini("addopts")) == {"--strict-markers", "--strict-config"}, "with -ra skips bury them"
