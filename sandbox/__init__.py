"""Stand-ins for Zendesk and Sailthru: real HTTP servers with state, for tests, benchmarks and the demo."""

from __future__ import annotations

from sandbox.box import Sandbox
from sandbox.courier import Attempt, Delivery
from sandbox.sailthru import Profile, Sailthru
from sandbox.web.calls import Call
from sandbox.web.faults import Held
from sandbox.zendesk import TICKET_EVENTS, USER_EVENTS, Ticket, User, Zendesk

__all__ = ["TICKET_EVENTS", "USER_EVENTS", "Attempt", "Call", "Delivery", "Held", "Profile", "Sailthru",
           "Sandbox", "Ticket", "User", "Zendesk"]  # fmt: skip
