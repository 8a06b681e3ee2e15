"""Which step comes next for one customer's Zendesk user, by its facts and by what Zendesk surely holds. Pure.

The score owns the tag. What the tag stands for, `high/4` or `low/2`, is kept beside the fields, and the tag
is looked at only when that changes: so one that an agent removed stays away until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.deciding.projection import digest
from bridge.deciding.to_zendesk.projection import (
    WantedUser,
    open_tickets,
    why_nothing,
    zendesk_user,
)
from bridge.deciding.to_zendesk.steps import (
    TICKET_PREFIX,
    AskFields,
    Rest,
    SetFields,
    Step,
    TagTicket,
    TagUser,
)
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.facts import CustomerFacts
from bridge.ledger.events import DEAD, IGNORED
from bridge.ledger.learning import ZendeskWays
from bridge.zendesk_user import REFUSED, TAG, ZendeskUser
from schemas.installation import Options

FIELDS_AGAIN = 86_400 * 1_000_000  # how long the list of the account's fields holds; microseconds
HIGH, LOW = "high", "low"


@dataclass(frozen=True)
class Standing:
    """All that decides the next step of one customer; `now` in microseconds."""

    user: ZendeskUser
    facts: CustomerFacts
    options: Options
    ways: ZendeskWays
    now: int

    def wanted(self) -> WantedUser:
        return zendesk_user(self.facts, self.options)

    def known(self, name: str) -> str:
        """What Zendesk surely holds under this name; empty where that is in doubt or not known."""
        known = self.user.known.get(name)
        return "" if known is None else known.digest


def next_step(standing: Standing) -> Step:
    """The next call for this customer, or why there is none."""
    why = why_nothing(standing.facts)
    if why:
        return Rest(IGNORED, why)
    wanted = standing.wanted()
    mark = mark_of(wanted)
    # Fields before the tag: with others they go in one call, and only the tag takes one of its own.
    return (
        _ticket_step(standing, wanted, mark)
        or _field_step(standing, wanted)
        or _tag_step(standing, wanted, mark)
        or _rest(standing, mark)
    )


def _rest(standing: Standing, mark: str) -> Rest:
    settled = {TAG: mark} if mark else {}
    if _owed_fields(standing, standing.wanted()):
        return Rest(DEAD, "refused", settled)
    return Rest(settled=settled)


def mark_of(wanted: WantedUser) -> str:
    """What the tag should stand for; empty when no score is available, and the tag is left alone."""
    if wanted.is_high_value is None:
        return ""
    return f"{HIGH if wanted.is_high_value else LOW}/{wanted.score}"


def _ticket_step(standing: Standing, wanted: WantedUser, mark: str) -> TagTicket | None:
    """User tags reach later tickets only: the one just opened is tagged too.

    Where users have no tags, all open tickets stand for the user.
    """
    is_high = bool(wanted.is_high_value)
    for number in _tickets_in_question(standing, mark, is_high=is_high):
        if standing.known(f"{TICKET_PREFIX}{number}") != mark:
            return TagTicket(number, mark, adds=is_high)
    return None


def _tickets_in_question(standing: Standing, mark: str, *, is_high: bool) -> list[int]:
    if not mark:
        return []
    still_open = open_tickets(standing.facts)
    if not _has_user_tags(standing) and standing.known(TAG) != mark and (is_high or _may_be_high(standing)):
        return still_open
    return [number for number in still_open if number in standing.user.opened] if is_high else []


def _has_user_tags(standing: Standing) -> bool:
    """Whether this user can be tagged: accounts without user tags show no list of them."""
    return standing.ways.has_user_tags and standing.facts.tags() is not None


def _may_be_high(standing: Standing) -> bool:
    known = standing.user.known.get(TAG)
    return known is not None and not known.digest.startswith(LOW)


def _tag_step(standing: Standing, wanted: WantedUser, mark: str) -> TagUser | None:
    if not mark or standing.known(TAG) == mark or not _has_user_tags(standing):
        return None
    is_high = bool(wanted.is_high_value)
    return None if _holds_already(standing, is_high=is_high) else TagUser(mark, adds=is_high)


def _holds_already(standing: Standing, *, is_high: bool) -> bool:
    """Whether the facts say that nothing is to do, and our own last word on it does not say otherwise.

    The facts may not show yet what we wrote a moment ago.
    """
    has_tag = HIGH_VALUE_TAG in (standing.facts.tags() or ())
    known = standing.user.known.get(TAG)
    is_agreed = known is None or known.digest.startswith(HIGH if is_high else LOW)
    return has_tag == is_high and is_agreed


def _field_step(standing: Standing, wanted: WantedUser) -> AskFields | SetFields | None:
    ways = standing.ways
    if not _differing(standing, wanted):
        return None
    if ways.user_fields is None or standing.now - ways.fields_at >= FIELDS_AGAIN:
        return AskFields()
    owed = _owed_fields(standing, wanted)
    return SetFields(owed) if owed and standing.known(REFUSED) != digest(owed) else None


def _owed_fields(standing: Standing, wanted: WantedUser) -> dict[str, Any]:
    """What is owed in fields that the account has."""
    there = standing.ways.user_fields or {}
    return {key: value for key, value in _differing(standing, wanted).items() if key in there}


def _differing(standing: Standing, wanted: WantedUser) -> dict[str, Any]:
    differing = {key: value for key, value in wanted.fields.items() if standing.known(key) != digest(value)}
    return differing | _reappeared(standing, wanted)


def _reappeared(standing: Standing, wanted: WantedUser) -> dict[str, Any]:
    """Fields made anew since we wrote them: they are empty again."""
    since = standing.ways.user_fields or {}
    known = standing.user.known
    return {
        key: value
        for key, value in wanted.fields.items()
        if key in known and known[key].at < since.get(key, 0)
    }
