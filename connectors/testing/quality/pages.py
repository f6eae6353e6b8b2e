"""Writes what can be generated: docs/connectors.md, and a block of tables in each connector's README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from connectors.sdk.manifest import Ability, Auth, Capability, GrantKind, Limit, Manifest, Meaning, OAuth, Write
from connectors.sdk.scorecard import Scorecard, Tier
from connectors.testing.quality.facts import BEGIN, BLOCK, END, Facts
from connectors.testing.quality.rules import RULES
from connectors.testing.quality.settings import servers
from connectors.testing.quality.show import NO_TIER

ROUND: Final = 50
NONE: Final = "-"
HEAD: Final = """# Connectors

What each connector can do, how well that is known, and how far it is. Written by
`python -m connectors.testing.quality`; a test compares this page with manifests, folders and what the suite measured.
How to connect each of them stands in its own page, which its name leads to.

The hub itself uses all of these abilities, and the suite holds connectors to each of them.
"""
TIERS: Final = """
## Tiers

A tier is reached when nothing of it, and of all below it, is to do. **Bronze**: it works. **Silver**: it can be relied
upon when things go wrong. **Gold**: it keeps up with what changes, here and there. **Platinum**: it was proven outside
of the sandbox, and leaves nothing out. *exempt*: the vendor has no such thing. What a machine can check is checked: a
connector's `quality.yaml` speaks only where a machine cannot tell, and a claim that the machine refutes fails a test.
"""
EVIDENCE: Final = """
How a lost answer to a write is settled, and the best evidence of its effect; *yes* where it only reads. **said**: the
remote accepted it. **read**: a second call shows it. **seen**: every public address of the copy was opened with nobody
signed in. A copy that is a link (Asana, Trello) leads to an address of the hub that anybody can open: it is *seen* once
that was opened too, and *read* where nobody can reach the hub.

"""
MEANINGS: Final[Mapping[Meaning, tuple[str, str]]] = {
    Meaning.AUTH_EXPIRED: ("the credentials are refused", "connect again"),
    Meaning.MISCONFIGURED: (
        "settings or permissions there do not allow it",
        "put it right there, then test the connection",
    ),
    Meaning.REJECTED: ("this content is refused for good", "change the content: a repeat cannot help"),
    Meaning.MISSING: ("it is not there any more", "nothing: the hub notes it"),
    Meaning.RETRY_LATER: ("it was not carried out this time", "nothing: the hub tries again"),
    Meaning.RATE_LIMITED: ("too many calls for now", "nothing: the hub waits"),
    Meaning.DONE: ("the connector reads on: it may be done all the same", "nothing"),
}
LOST: Final[Mapping[Write | None, str]] = {
    None: "reads only",
    Write.KEYED: "keyed: a repeat is refused and names the first",
    Write.FINDABLE: "findable: the marker is searched before anything is repeated",
    Write.HARMLESS: "harmless: it is done again",
    Write.UNANSWERABLE: "unanswerable: a person is asked",
}
GRANTS: Final[Mapping[GrantKind, str]] = {
    GrantKind.CODE: "signing in there",
    GrantKind.CLIENT: "the hub as itself",
    GrantKind.ASSERTION: "a signed statement",
}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in (headings, *rows)]
    lines.insert(1, "|" + "---|" * len(headings))
    return "\n".join(lines) + "\n"


def page(stood: Mapping[str, tuple[Facts, Scorecard]]) -> str:
    """Return docs/connectors.md for these connectors."""
    facts = [each for each, _ in stood.values()]
    cards = [card for _, card in stood.values()]
    manifests = [each.manifest for each in facts]
    names = [one.title for one in manifests]
    return "".join([
        HEAD, TIERS, "\n", _standing(facts, cards), "\n", _rules(cards, names), "\n## Abilities\n", EVIDENCE,
        _abilities(manifests), "\n## Signing in\n\n", _sign_in(manifests), "\n## Limits\n\n", _limits(manifests),
        "\n## What cannot be done\n", *(_gaps(one) for one in manifests),
    ])  # fmt: skip


def _standing(facts: Sequence[Facts], cards: Sequence[Scorecard]) -> str:
    def row(each: Facts, card: Scorecard) -> Sequence[str]:
        held = each.measured.contract
        return (
            f"[{each.manifest.title}](../connectors/{each.manifest.name}/README.md)", f"**{card.tier or NO_TIER}**",
            str(each.passed), str(len(each.measured.not_applicable)), f"{held.used} of {held.operations}",
            str(held.requests), f"{held.refused} of {held.tried}", _about(each.connector_lines),
            _about(each.folder_lines),
        )  # fmt: skip

    heads = ("connector", "tier", "checks passed", "not applicable", "operations called", "requests checked",
             "refused on purpose", "lines of connector.py", "of the folder")  # fmt: skip
    return table(heads, (row(each, card) for each, card in zip(facts, cards, strict=True)))


def _about(lines: int) -> str:
    """Round up, so that not every edit changes the page."""
    return f"≤ {-(-lines // ROUND) * ROUND}"


def _rules(cards: Sequence[Scorecard], names: Sequence[str]) -> str:
    states = {(card.connector, line.rule): line.state.value for card in cards for line in card.lines}
    texts: list[str] = []
    for tier, rules in groupby(RULES.values(), key=lambda rule: rule.tier):
        rows = ([rule.says, *(states[card.connector, rule.id] for card in cards)] for rule in rules)
        texts.append(table([Tier(tier).value, *names], rows))
    return "\n".join(texts)


def _abilities(manifests: Sequence[Manifest]) -> str:
    rows = [
        [f"`{one.value}`", *(_ability(manifest.abilities.get(one)) for manifest in manifests)] for one in Capability
    ]
    rows.append(["settles after", *(f"{one.settles_after_s:g} s" for one in manifests)])
    rows.append(["pictures in a copy", *map(_pictures, manifests)])
    return table(["ability", *(one.title for one in manifests)], rows)


def _pictures(manifest: Manifest) -> str:
    most = max(manifest.most_pictures, *manifest.pictures_at.values(), 1)
    return f"up to {most}{', by kind of place' if manifest.pictures_at else ''}" if manifest.takes_sets else "1"


def _ability(ability: Ability | None) -> str:
    if ability is None:
        return NONE
    return f"{ability.write.value}, {ability.best.value}" if ability.write else "yes"


def _sign_in(manifests: Sequence[Manifest]) -> str:
    rows = [[one.title, *cells] for one in manifests for cells in _ways(one)]
    return table(["connector", "way", "to fill in", "permission by", "scopes"], rows)


def _ways(manifest: Manifest) -> Iterable[Sequence[str]]:
    for auth, server in servers(manifest):
        yield auth.label, _fields(auth), _granted(auth, server), _scopes(server)


def _fields(auth: Auth) -> str:
    return ", ".join(f"{one.label}{' (optional)' if one.optional else ''}" for one in auth.fields) or "nothing"


def _granted(auth: Auth, server: OAuth | None) -> str:
    if auth.hand_over:
        return "a page there that hands it over"
    return GRANTS[auth.grant] if server else "what is filled in"


def _scopes(server: OAuth | None) -> str:
    return " ".join(f"`{scope}`" for scope in server.scopes) if server and server.scopes else NONE


def _limits(manifests: Sequence[Manifest]) -> str:
    rows = [[one.title, *cells] for one in manifests for cells in _limited(one)]
    return table(["connector", "calls", "in", "counted for"], rows)


def _limited(manifest: Manifest) -> Iterable[Sequence[str]]:
    yield from (_limit(one, manifest) for one in manifest.limits)
    if not manifest.limits:
        yield "none declared", NONE, NONE


def _limit(limit: Limit, manifest: Manifest) -> Sequence[str]:
    return f"{limit.calls:,}", f"{limit.per_s:g} s", ", ".join(_counted_for(limit, manifest))


def _counted_for(limit: Limit, manifest: Manifest) -> Iterable[str]:
    """Say whose calls count together, which of them, and for which connections."""
    yield "each connection" if limit.scope == "connection" else "the whole app"
    if limit.scope == "connection":
        yield from (f"{auth.label}: all that are one user there" for auth in manifest.auths if auth.user is not None)
    if limit.counts:
        yield f"`{limit.counts}` only"
    if limit.when:
        name = limit.when.removeprefix("not ")
        yield f"where *{name}* is {'on' if name == limit.when else 'off'}"


def _gaps(manifest: Manifest) -> str:
    lines = "\n".join(f"- *{what}*: {why}" for what, why in manifest.gaps.items())
    return f"\n### {manifest.title}\n\n{lines or '- Nothing that is known.'}\n"


def block(manifest: Manifest) -> str:
    """Return the block of tables of a connector's README."""
    abilities = [_known(f"`{name.value}`", one) for name, one in manifest.abilities.items()]
    abilities += [
        _known(f"`{name.value}` ({kind})", one)
        for kind, differing in manifest.differs.items()
        for name, one in differing.items()
    ]
    parts = [
        BEGIN, "", table(("ability", "a lost answer", "best evidence"), abilities),
        table(("way to sign in", "to fill in", "permission by", "scopes"), _ways(manifest)),
        table(("calls", "in", "counted for"), _limited(manifest)),
    ]  # fmt: skip
    if manifest.error_codes:
        parts.append(table(("the hub says", "it means", "what to do", "codes of the vendor"), _codes(manifest)))
    return "\n".join([*parts, END])


def _known(name: str, ability: Ability | None) -> Sequence[str]:
    if ability is None:
        return name, "not possible", NONE
    return name, LOST[ability.write], ability.best.value if ability.write else NONE


def _codes(manifest: Manifest) -> Iterable[Sequence[str]]:
    for meaning, (says, act) in MEANINGS.items():
        codes = [code for code, one in manifest.error_codes.items() if one is meaning]
        if codes:
            yield f"`{meaning.value}`", says, act, " ".join(f"`{code}`" for code in _short(codes))


def _short(codes: Sequence[str]) -> Iterable[str]:
    """Name codes once that differ only in what stands before their last part."""
    ends = Counter(code.rpartition("/")[2] for code in codes)
    return dict.fromkeys(code if ends[end := code.rpartition("/")[2]] == 1 else f".../{end}" for code in codes)


def with_block(readme: str, manifest: Manifest) -> str:
    """Return a README with its block as it should be; one that has none gets it at its end."""
    fresh = block(manifest)
    if BEGIN in readme:
        return BLOCK.sub(lambda _: fresh, readme)
    return f"{readme.rstrip()}\n\n## In short\n\n{fresh}\n"
