"""The stand-in for Zendesk: users, tickets, REST, signed webhooks."""

from __future__ import annotations

from sandbox.zendesk.account import ZendeskAccount, ZendeskOddities
from sandbox.zendesk.catalogue import TICKET_EVENTS, USER_EVENTS
from sandbox.zendesk.records import Identity, Ticket, User
from sandbox.zendesk.world import Zendesk

__all__ = ["TICKET_EVENTS", "USER_EVENTS", "Identity", "Ticket", "User", "Zendesk", "ZendeskAccount",
           "ZendeskOddities"]  # fmt: skip
