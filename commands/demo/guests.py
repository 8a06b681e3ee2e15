"""Customers with a past, so that the sidebar has something to show once the tour is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bridge.clock import SystemClock
from commands.demo.standin import StandIn

CENTS_A_PURCHASE = 20_550
GUESTS: tuple[dict[str, Any], ...] = (
    {
        "name": "Hanna Weiss",
        "subject": "The parcel came without the gift card",
        "profile": {"engagement": "active", "vars": {"customer_value_score": 4, "pv_30": 42.5}},
        "lists": ["Weekly", "Weekend Offers", "Product News"],
        "lifetime": {"message": 412, "open": 186, "click": 57, "pv": 1284, "purchase": 9},
        "days": {"open": 0.2, "click": 2, "view": 0.02},
    },
    {
        "name": "Ivo Marin",
        "subject": "Please stop writing to me",
        "profile": {"engagement": "dormant", "optout_email": "basic", "vars": {"customer_value_score": 1}},
        "lists": ["Weekly"],
        "lifetime": {"message": 96, "open": 2, "click": 0, "pv": 3, "purchase": 0},
        "days": {"open": 210},
    },
)


def invite(zendesk: StandIn, sailthru: StandIn) -> None:
    """Put them into both systems, each with a ticket."""
    for guest in GUESTS:
        address = guest["name"].lower().replace(" ", ".") + "@example.com"
        sailthru.do("create_profile", email=address, lists=guest["lists"], **guest["profile"])
        _remember(sailthru, address, guest)
        user = zendesk.do("create_user", email=address, name=guest["name"])
        zendesk.do("create_ticket", requester_id=user["id"], subject=guest["subject"])


def _remember(sailthru: StandIn, address: str, guest: dict[str, Any]) -> None:
    totals = {f"lifetime_{name}": number for name, number in guest["lifetime"].items()}
    spent = CENTS_A_PURCHASE * guest["lifetime"]["purchase"]
    sailthru.do("record", who=address, lifetime={**totals, "lifetime_purchase_price": spent})
    now = SystemClock().now()
    for verb, key in (("open", "opened_at"), ("click", "clicked_at"), ("view", "viewed_at")):
        days = guest["days"].get(verb)
        if days is not None:
            sailthru.do(verb, who=address, **{key: (now - timedelta(days=days)).isoformat()})
