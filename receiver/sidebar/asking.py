"""Whether an action may be accepted, by what the ledger knows and what the agent saw. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from bridge.agent_action import HELD, SAVING, AgentAction
from bridge.customer import Customer
from bridge.facts import LISTS, ROLE, CustomerFacts
from schemas.agent_action import LIST_ADD, LIST_REMOVE, MERGE, Asked, Seen, loosens

END_USER = "end-user"
HOLD_S = {LIST_REMOVE: 5.0}  # how long an action can be undone before it is sent
_SPACE = uuid.UUID("6c1f1d34-5e0b-5f0e-9d55-0b3c6f1a7f10")


class NotAccepted(Exception):
    """An action that is not kept. `code` is for the page, `words` are for the agent."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.status = status
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Circumstances:
    """What decides: the customer and its facts as the ledger has them, the names of the account's lists."""

    customer: Customer | None
    facts: CustomerFacts
    list_names: Collection[str]


def check(asked: Asked, seen: Seen | None, around: Circumstances) -> None:
    """Return if the action may be kept; else raise `NotAccepted`."""
    role = around.facts.value(ROLE)
    if role is not None and role != END_USER:
        raise NotAccepted(422, "not_a_customer", "A member of the team is no customer in Sailthru.")
    _check_list(asked, seen, around)
    _check_conflict(asked, around)
    is_looser = loosens(asked.kind, asked.value, seen)
    if (is_looser or asked.kind == MERGE) and not asked.is_confirmed:
        raise NotAccepted(409, "needs_confirmation", "This has to be confirmed first.")
    if is_looser and seen is None:
        raise NotAccepted(422, "unseen", "Reload the customer first: nobody saw what would be changed.")


def _check_list(asked: Asked, seen: Seen | None, around: Circumstances) -> None:
    """Only names that Sailthru itself showed: a wrong one would make a new list there."""
    if asked.kind not in (LIST_ADD, LIST_REMOVE):
        return
    names = set(around.list_names)
    if asked.kind == LIST_REMOVE:
        names |= set(around.facts.value(LISTS) or ()) | set(seen.lists if seen else ())
    if asked.value not in names:
        raise NotAccepted(422, "unknown_list", "Sailthru shows no list of that name.")


def _check_conflict(asked: Asked, around: Circumstances) -> None:
    if asked.kind != MERGE:
        return
    conflict = around.customer.link.conflict if around.customer else None
    if conflict is None or conflict.reason != "email_conflict":
        raise NotAccepted(422, "nothing_to_merge", "These profiles cannot be merged, or are no longer two.")
    if asked.value is not None and asked.value != conflict.holder_sid:
        raise NotAccepted(409, "changed", "Another profile holds the address now. Reload the customer.")


def action_id(installation_id: int, key: str) -> str:
    """The id of the action that this click made."""
    return str(uuid.uuid5(_SPACE, f"{installation_id}/{key}"))


def retry_key(action: AgentAction) -> str:
    """The key of an action's repeat: clicked twice it is still one."""
    return f"retry:{action.id}"


def hold_until(kind: str, at: int) -> int | None:
    """Until when an action of time `at` is held; both in microseconds."""
    hold_s = HOLD_S.get(kind)
    return None if hold_s is None else at + int(hold_s * 1_000_000)


def first_state(kind: str) -> str:
    """The state in which an action begins."""
    return HELD if kind in HOLD_S else SAVING
