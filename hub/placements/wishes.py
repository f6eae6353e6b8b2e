"""What may be wanted of a copy: policies, slots and sets, checked before a row is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability, Manifest
from hub.catalogue.assets import get_version
from hub.catalogue.models import Asset
from hub.errors import Invalid, NotFound
from hub.placements.companions import LONGEST_SLOT
from hub.placements.ports import Switchboard

WITHDRAW_POLICIES = ("remove", "substitute")
VERSION_POLICIES = ("follow", "pin")
PICTURE = "image"


def check_policies(withdraw_policy: str, version_policy: str, slot: str) -> None:
    """Refuse policies that there are not.

    Raises:
        Invalid: `policy_unknown`, `slot_too_long`.
    """
    for given, known in ((withdraw_policy, WITHDRAW_POLICIES), (version_policy, VERSION_POLICIES)):
        if given not in known:
            raise Invalid(
                "policy_unknown",
                f"There is no such policy. Known are: {', '.join(known)}.",
                next_step="Choose one of them.",
            )
    if len(slot) > LONGEST_SLOT:
        raise Invalid(
            "slot_too_long", f"A slot has at most {LONGEST_SLOT} characters.", where="slot", next_step="Shorten it."
        )


def pinned(session: Session, asset: Asset, version_policy: str, version_id: str | None) -> str | None:
    """Return the version that shall stay, None where the copy follows.

    Raises:
        Invalid: `pin_what`.
    """
    if version_policy != "pin":
        return None
    if version_id is None or get_version(session, version_id).asset_id != asset.id:
        raise Invalid(
            "pin_what",
            "Name the version of this asset that shall stay.",
            where="pinned_version_id",
            next_step="Choose one of the asset's versions.",
        )
    return version_id


def check_set(assets: Sequence[Asset], manifest: Manifest, *, withdraw_policy: str, version_policy: str) -> None:
    """Refuse a set that cannot stand in one copy there.

    Args:
        assets: the leading one first; alone, it is no set.
        manifest: what is declared for the kind of target.
        withdraw_policy: how it is wanted.
        version_policy: how it is wanted.

    Raises:
        Invalid: `too_many_pictures`, `twice_in_a_set`, `set_of_pictures`, `set_as_a_whole`.
    """
    if len(assets) == 1:
        return
    most = manifest.most_pictures
    if len(assets) > most:
        takes = f"at most {most} pictures" if most > 1 else "one picture"
        raise _refused("too_many_pictures", f"One copy there shows {takes}.", "Choose fewer, or one copy for each.")
    if len({asset.id for asset in assets}) < len(assets):
        raise _refused("twice_in_a_set", "An asset can be in a set only once.", "Name each asset once.")
    strange = next((asset for asset in assets if asset.kind != PICTURE), None)
    if strange is not None:
        raise _refused(
            "set_of_pictures", f"{strange.code} is no picture, and only pictures stand together in one copy.",
            "Leave it out, or give it a copy of its own.",
        )  # fmt: skip
    if withdraw_policy != "remove" or version_policy != "follow":
        raise _refused(
            "set_as_a_whole", "Several pictures follow their approved versions, and go together when one has to go.",
            "Leave the policies out: in a set nothing is pinned and nothing stands in.",
        )  # fmt: skip


def together(
    assets: Sequence[Asset], places: Iterable[tuple[str, str, str]], switchboard: Switchboard
) -> dict[str, str]:
    """Return, for each place that takes sets, why these assets cannot stand in one copy there; empty: they can.

    Args:
        assets: in the order of the set.
        places: the id, the kind and the connector of each.
        switchboard: knows what connectors declare.
    """
    found: dict[str, str] = {}
    for target_id, kind, connector in places:
        try:
            manifest = switchboard.manifest(connector).at(kind)
        except NotFound:  # not installed any more: nothing is placed there
            continue
        if manifest.most_pictures > 1 and Capability.PUBLISH in manifest.abilities:
            found[target_id] = _why_not(assets, manifest)
    return found


def _why_not(assets: Sequence[Asset], manifest: Manifest) -> str:
    try:
        check_set(assets, manifest, withdraw_policy="remove", version_policy="follow")
    except Invalid as refused:
        return refused.what
    return ""


def _refused(code: str, what: str, next_step: str) -> Invalid:
    return Invalid(code, what, where="companions", next_step=next_step)
