"""Whether a customer's latest change in Zendesk is in Sailthru, and if not, why. Pure."""

from __future__ import annotations

from typing import Any

from bridge import customer as states
from bridge.customer import Customer
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import HALTED
from receiver.sidebar import shown
from receiver.sidebar.known import Known

ZENDESK_LANE = "zendesk"
APPLIED, WAITING, FAILED, NONE = "applied", "waiting", "failed", "none"
# What an agent reads; the code stands beside it for a page that says it in another language.
WORDS = {
    "paused": "The bridge is paused for this account; it goes on when its operators resume it.",
    "sailthru_down": "Sailthru does not answer.",
    "bad_credentials": "Sailthru does not accept the bridge's credentials.",
    "trying_again": "Sailthru did not take it yet; it is tried again by itself.",
    states.NO_PROFILE: "The customer has no profile in Sailthru.",
    states.PROFILE_GONE: "The customer's profile is gone from Sailthru.",
    states.NO_EMAIL: "The customer has no address.",
    states.SYNC_OFF: "The sync is switched off for this customer.",
    states.TAKEN: "Another customer has the profile at this address.",
    "kept_apart": "All but the address: an agent kept the two profiles apart.",
}


def pushed(known: Known) -> dict[str, Any]:
    """`state`, `since` when, and `reason` in words with its `code`; both None where all is well."""
    customer, letter = known.customer, _letter(known)
    if letter is not None:
        return _said(FAILED, letter.first_seen, letter.reason, letter.error)
    if customer is None:
        return _said(NONE, None)
    if customer.owed:
        code = _why(known)
        return _said(WAITING, customer.owed_at, code, WORDS.get(code))
    code = "kept_apart" if _is_kept_apart(customer) else ""
    return _said(APPLIED if customer.pushed_at else NONE, customer.pushed_at, code, WORDS.get(code))


def _is_kept_apart(customer: Customer) -> bool:
    return customer.link.conflict is not None and customer.link.conflict.is_apart


def _letter(known: Known) -> DeadLetter | None:
    """The newest of the open dead letters about pushes to Sailthru."""
    about = [one for one in known.letters if one.lane == ZENDESK_LANE and one.event_id is None]
    return max(about, key=lambda one: one.last_seen, default=None)


def _why(known: Known) -> str:
    assert known.customer is not None
    if known.is_paused:
        return "paused"
    if known.customer.state in WORDS:
        return known.customer.state
    if known.trouble is not None:
        return "bad_credentials" if known.trouble.state == HALTED else "sailthru_down"
    return "trying_again" if known.customer.failures else ""


def _said(state: str, since: int | None, code: str = "", words: str | None = None) -> dict[str, Any]:
    return {"state": state, "since": shown.moment(since), "reason": words, "code": code or None}
