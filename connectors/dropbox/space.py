"""What Dropbox tells of an account's plan and of the space that is used.

https://www.dropbox.com/developers/documentation/http/documentation#users-get_space_usage
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from connectors.sdk.space import size, used_of

PLANS = {"basic": "Dropbox Basic", "pro": "Dropbox Pro", "business": "Dropbox Business"}


class Allocation(BaseModel):
    """The space there is: a person's own, or a team's, of which a member may have only a part."""

    tag: str = Field(default="", alias=".tag")
    allocated: int = 0
    used: int = 0  # by the whole team
    user_within_team_space_allocated: int = 0  # 0: the member has no limit of their own


class Usage(BaseModel):
    """How many bytes are used, and of how many."""

    used: int  # by this person
    allocation: Allocation = Allocation()


def plan(kind: str, usage: Usage | None) -> str:
    """Say what is known of plan and space, such as `Dropbox Basic, 1.2 GB of 2 GB used`."""
    told = (PLANS.get(kind, ""), _space(usage) if usage else "")
    return ", ".join(part for part in told if part)


def _space(usage: Usage) -> str:
    space = usage.allocation
    if space.tag == "individual":
        return used_of(usage.used, space.allocated)
    if space.tag == "team" and space.user_within_team_space_allocated:
        return used_of(usage.used, space.user_within_team_space_allocated)
    if space.tag == "team":
        return f"{used_of(space.used, space.allocated)} by the team"
    return f"{size(usage.used)} used"
