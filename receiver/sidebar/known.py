"""What the ledger knows of one customer, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bridge.agent_action import AgentAction
from bridge.customer import TAKEN, Customer
from bridge.facts import HEALTH, SYNC, CustomerFacts
from bridge.ledger import (
    agent_actions,
    agents,
    customers,
    directions,
    facts,
    learning,
    letters,
    pauses,
)
from bridge.ledger.agents import Agent
from bridge.ledger.dead import DeadLetter
from bridge.ledger.directions import Direction
from bridge.ledger.letters import DeadFilter
from bridge.remotes.sailthru_errors import SYSTEM as SAILTHRU

ZENDESK_LANE = "zendesk"  # what Sailthru is owed came by this lane
ENDED_US = 60_000_000  # how long an ended action is still shown
MOST_LETTERS = 20


@dataclass(frozen=True)
class Known:
    """All that the page shows of a customer without asking anybody.

    `actions` are those open or just ended; `setters` those that set its health and sync, by their ids.
    `owner` is (Zendesk id, sid) of the customer who has the profile at this one's address; `timezone` is the
    Sailthru account's, empty while nobody asked for it. `is_paused`: operators hold back what Sailthru is
    owed.
    """

    zendesk_id: int
    customer: Customer | None
    facts: CustomerFacts
    letters: Sequence[DeadLetter] = ()
    trouble: Direction | None = None
    actions: Sequence[AgentAction] = ()
    setters: Mapping[str, AgentAction] = field(default_factory=dict)
    agents: Mapping[int, Agent] = field(default_factory=dict)
    owner: tuple[int, str] | None = None
    timezone: str = ""
    is_paused: bool = False


def read(connection: Connection, installation_id: int, zendesk_id: int, now: int) -> Known:
    """Everything about one customer at `now` (microseconds)."""
    customer = customers.one(connection, installation_id, zendesk_id)
    own = facts.of_customers(connection, installation_id, [zendesk_id])[zendesk_id]
    recent = agent_actions.of_customer(connection, installation_id, zendesk_id, since=now - ENDED_US)
    ids = [own.fields[name].event_id for name in (HEALTH, SYNC) if name in own.fields]
    setters = agent_actions.some(connection, installation_id, ids)
    who = {one.agent for one in (*recent, *setters) if one.agent is not None}
    wanted = DeadFilter(installation_id=installation_id, zendesk_id=zendesk_id)
    return Known(
        zendesk_id,
        customer,
        own,
        letters=letters.some(connection, wanted, limit=MOST_LETTERS),
        trouble=directions.troubled(connection, SAILTHRU).get(installation_id),
        actions=recent,
        setters={one.id: one for one in setters},
        agents=agents.some(connection, installation_id, who),
        owner=_owner(connection, installation_id, customer),
        is_paused=pauses.standing(connection).hold(installation_id, ZENDESK_LANE),
        timezone=learning.learned(connection, installation_id).get("sailthru_timezone", ""),
    )


def _owner(connection: Connection, installation_id: int, customer: Customer | None) -> tuple[int, str] | None:
    """Who has the profile at the address of a customer that was left without."""
    if customer is None or customer.state != TAKEN or customer.address is None:
        return None
    return customers.linked_at(connection, installation_id, customer.address)
