"""The rules of each tier, from bronze (it works) to platinum (proven outside, nothing left out)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sdk.manifest import Capability
from connectors.sdk.scorecard import Tier
from connectors.testing.quality import judges
from connectors.testing.quality.judges import LONGEST, Judge, passing

__all__ = ["LONGEST", "RULES", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a connector of this tier does."""

    id: str
    tier: Tier
    says: str
    judge: Judge


BRONZE = (
    Rule("suite", Tier.BRONZE, "No check of the conformance suite fails.", judges.whole_suite),
    Rule(
        "connects",
        Tier.BRONZE,
        "It connects, says who we are, and tells wrong credentials.",
        passing("connect-*", "identify-*", "wrong-credentials", "manifest-*", "no-state", "names-itself"),
    ),
    Rule(
        "lists",
        Tier.BRONZE,
        "It lists the places where copies can stand, all of them.",
        passing("targets-*", needs=(Capability.TARGETS,)),
    ),
    Rule(
        "publishes",
        Tier.BRONZE,
        "It publishes, once, whole, under any name.",
        passing(
            "publish-stands",
            "publish-once",
            "publish-fields",
            "publish-bytes",
            "publish-streams",
            "publish-empty",
            "names-survive",
            "few-calls",
            needs=(Capability.PUBLISH,),
        ),
    ),
    Rule("looks", Tier.BRONZE, "It reads a copy back as it stands there.", passing("look-*", needs=(Capability.LOOK,))),
    Rule(
        "withdraws",
        Tier.BRONZE,
        "It takes a copy away, and only that one.",
        passing(
            "withdraw-removes", "withdraw-only-that", "withdraw-twice", "withdrawn-*", needs=(Capability.WITHDRAW,)
        ),
    ),
    Rule(
        "errors",
        Tier.BRONZE,
        "Every failure has a name that says what to do next.",
        passing("read-*", "throttled-*", "missing-only-from-404", "unknown-*"),
    ),
    Rule(
        "how-to-connect",
        Tier.BRONZE,
        "The README says how to connect it, and what it cannot do.",
        judges.connect_described,
    ),
)
SILVER = (
    Rule(
        "finds",
        Tier.SILVER,
        "A copy is found again by its marker, exactly.",
        passing("find-*", needs=(Capability.FIND,)),
    ),
    Rule(
        "lost-answers",
        Tier.SILVER,
        "A lost answer is an unknown outcome, never a guess.",
        passing(
            "*-lost-*",
            "publish-again",
            "publish-token-ends",
            "publish-error-after",
            "publish-html",
            "publish-cut",
            "publish-senseless",
            "publish-silence",
            "publish-never-sent",
            "write-not-*",
            "withdraw-refused",
            needs=(Capability.PUBLISH,),
        ),
    ),
    Rule("limits", Tier.SILVER, "The vendor's limits are kept before it has to say no.", judges.limited),
    Rule(
        "secrets",
        Tier.SILVER,
        "Secrets show up in no error, address, log or foreign place.",
        passing("secrets-declared", "*-keep-secrets", "redirect-*"),
    ),
    Rule(
        "documented",
        Tier.SILVER,
        "The README has every part: need, scopes, abilities, limits, troubleshooting.",
        judges.documented,
    ),
    Rule("own-tests", Tier.SILVER, "What the suite cannot know has tests of its own.", judges.own_tests),
    Rule("size", Tier.SILVER, "A longer connector.py (300 lines) or folder (700) has a reason.", judges.sized),
)
GOLD = (
    Rule("follows-texts", Tier.GOLD, "Changed texts follow.", passing("update-*", needs=(Capability.UPDATE,))),
    Rule(
        "follows-bytes",
        Tier.GOLD,
        "A new version follows, and so does what shows it.",
        passing("replace-*", "repoint-*", needs=(Capability.REPLACE, Capability.REPOINT)),
    ),
    Rule(
        "hears",
        Tier.GOLD,
        "It hears of changes there: webhooks or a change feed.",
        passing(
            "webhook-*", "subscribe-*", "unsubscribe-*", "changes-*", needs=(Capability.SUBSCRIBE, Capability.CHANGES)
        ),
    ),
    Rule(
        "brings-in",
        Tier.GOLD,
        "What stands there can be taken into the catalogue.",
        passing("inventory-*", "fetch-*", needs=(Capability.IMPORT,)),
    ),
    Rule("accounts", Tier.GOLD, "Several accounts at once stay apart.", passing("accounts-apart")),
    Rule(
        "ways-in",
        Tier.GOLD,
        "Every way to sign in that the vendor offers can be used.",
        judges.person("Nobody compared the ways to sign in with those that the vendor offers."),
    ),
    Rule(
        "contract",
        Tier.GOLD,
        "The sandbox refuses what the vendor's published contract does not have.",
        judges.contracted,
    ),
    Rule("codes", Tier.GOLD, "Each error code that is declared is made to happen.", judges.codes_tried),
)
PLATINUM = (
    Rule("real-server", Tier.PLATINUM, "The whole suite runs against the real thing.", judges.ran_for_real),
    Rule(
        "measured",
        Tier.PLATINUM,
        "Answers of the real thing are replayed against the sandbox.",
        judges.measured_answers,
    ),
    Rule("strict-size", Tier.PLATINUM, "connector.py has at most 300 lines, the folder 700.", judges.short),
    Rule("all-it-can", Tier.PLATINUM, "It does all that the vendor can do for a DAM.", judges.all_it_can),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in (*BRONZE, *SILVER, *GOLD, *PLATINUM)}
