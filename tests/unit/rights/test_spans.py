from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rights.spans import ANY, BEGIN, FOREVER, REASONS, Clause, Source, Use, named, spans

CHANNELS = ["web", "print", "social"]
TERRITORIES = ["DE", "FR", "US"]
INSTANTS = st.integers(1, 12)


@st.composite
def clauses(draw):
    source = draw(st.sampled_from(Source))
    allows = source in {Source.LICENCE, Source.CONSENT} and draw(st.booleans())
    edges = sorted(draw(st.sets(INSTANTS, min_size=2, max_size=2)))
    return Clause(
        source,
        allows,
        frozenset(draw(st.sets(st.sampled_from(CHANNELS)))),
        frozenset(draw(st.sets(st.sampled_from(TERRITORIES)))),
        draw(st.sampled_from([BEGIN, edges[0]])),
        draw(st.sampled_from([FOREVER, edges[1]])),
        draw(st.sampled_from([None, *Use])),
    )


def read(terms, channel, territory, use, at):
    """Read the terms for one instant, word by word, with no idea of spans."""

    def applies(term):
        if term.channels and channel not in term.channels:
            return False
        if term.territories and territory not in term.territories:
            return False
        if term.use is not None and term.use != use:
            return False
        return term.from_at <= at and not term.until_at <= at

    if any(applies(term) for term in terms if not term.allows):
        return False
    for source in (Source.LICENCE, Source.CONSENT):
        grants = [term for term in terms if term.allows and term.source is source]
        if grants and not any(applies(term) for term in grants):
            return False
    return True


@given(
    st.lists(clauses(), max_size=6), st.sampled_from([*CHANNELS, ANY]), st.sampled_from([*TERRITORIES, ANY]),
    st.sampled_from(Use),
)  # fmt: skip
def test_spans_say_what_the_terms_say_at_every_instant(terms, channel, territory, use):
    found = spans(terms, channel, territory, use)
    assert (found[0].from_at, found[-1].until_at) == (BEGIN, FOREVER)
    for earlier, later in pairwise(found):
        assert earlier.until_at == later.from_at
        assert (earlier.verdict, earlier.reason) != (later.verdict, later.reason)
    for at in [BEGIN, *range(1, 14), FOREVER - 1]:
        (span,) = [span for span in found if span.from_at <= at < span.until_at]
        assert span.verdict == read(terms, channel, territory, use, at)
        assert span.reason in REASONS
        licensed = any(term.allows and term.source is Source.LICENCE for term in terms)
        assert (span.reason == "no_licence") == (span.verdict and not licensed)


@given(st.lists(clauses(), max_size=6))
def test_what_no_clause_names_is_answered_alike(terms):
    channels, territories = named(terms)
    assert ANY in channels
    assert spans(terms, "never-named", "XX", Use.NEW) == spans(terms, ANY, ANY, Use.NEW)
    assert channels - {ANY} <= set(CHANNELS)
    assert territories - {ANY} <= set(TERRITORIES)


LICENCE = Clause(Source.LICENCE, allows=True, channels=frozenset({"web"}), from_at=10, until_at=20)


@pytest.mark.parametrize(
    ("terms", "channel", "at", "reason"),
    [
        ([], "web", 15, "no_licence"),
        ([LICENCE], "web", 9, "licence_not_begun"),
        ([LICENCE], "web", 10, "licensed"),
        ([LICENCE], "web", 19, "licensed"),
        ([LICENCE], "web", 20, "licence_ended"),
        ([LICENCE], "print", 15, "licence_elsewhere"),
        ([LICENCE, Clause(Source.CONSENT, allows=True, until_at=12)], "web", 12, "consent_missing"),
        ([LICENCE, Clause(Source.CONSENT, allows=False)], "web", 12, "consent_denied"),
        ([LICENCE, Clause(Source.EMBARGO, allows=False, until_at=12)], "web", 11, "embargo"),
        ([LICENCE, Clause(Source.LICENCE, allows=False)], "web", 11, "licence_denied"),
        ([LICENCE, Clause(Source.EMBARGO, allows=False), Clause(Source.TAKEDOWN, allows=False)], "web", 1, "takedown"),
    ],
)
def test_reasons(terms, channel, at, reason):
    (span,) = [span for span in spans(terms, channel, "DE", Use.NEW) if span.from_at <= at < span.until_at]
    assert span.reason == reason
