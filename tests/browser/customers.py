"""Customers as the API tells of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

AGENT = "Ines Duarte"
LISTS = ("Loyalty Club", "Main List", "Product News", "Weekend Offers", "Winter Sale")


def ago(**since: float) -> str:
    """A moment before now, as the API writes it."""
    return (datetime.now(UTC) - timedelta(**since)).strftime("%Y-%m-%dT%H:%M:%SZ")


def full_view(user: int, address: str) -> dict[str, Any]:
    """A customer of whom everything is known."""
    return {
        "customer": {
            "zendesk_id": user,
            "address": address,
            "state": "ok",
            "profile_link": f"https://my.sailthru.com/reports/user_lookup#search/{address}",
            "sid": "5f3a9c0de1b2a34c5d6e7f80",
            "can_create": False,
        },
        "freshness": {"read_at": ago(seconds=3), "source": "live", "problem": None},
        "score": {"value": 4, "is_high": True},
        "predictions": [{"name": "purchase_30", "value": 0.31}, {"name": "pv_30", "value": 12.5}],
        "engagement": "active",
        "lifetime": {
            "messages": 412,
            "opens": 186,
            "clicks": 57,
            "pageviews": 1284,
            "purchases": 9,
            "revenue_cents": 184950,
            "currency": "USD",
        },
        "activity": {
            "signup": ago(days=913),
            "last_pageview": ago(minutes=26),
            "last_open": ago(hours=5),
            "last_click": ago(days=2),
            "last_purchase": ago(days=40),
            "last_login": None,
        },
        "health": {"value": None, "set_by": None, "set_at": None},
        "sync": {"on": True, "set_by": None, "set_at": None},
        "lists": [
            {"name": "Main List", "signed_up_at": ago(days=913)},
            {"name": "Weekend Offers", "signed_up_at": ago(days=210)},
            {"name": "Product News", "signed_up_at": None},
        ],
        "optout": {"value": "none", "seen": "seen-1"},
        "pushed": {"state": "applied", "since": ago(minutes=4), "reason": None},
        "conflict": None,
    }


@dataclass
class Customer:
    """One customer; `about` is what the API says, and actions change it as Sailthru would."""

    user: int
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def known(cls, user: int = 7, address: str = "anna.lindqvist@example.com", **changed: Any) -> Customer:
        """Somebody of whom everything is known, but for what is given; dicts change single entries."""
        about = full_view(user, address)
        for name, value in changed.items():
            known = about[name]
            about[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        return cls(user, about)

    def view(self) -> dict[str, Any]:
        return copy.deepcopy(self.about)

    def apply(self, action: Mapping[str, Any]) -> None:
        """What Sailthru does with an action."""
        getattr(self, f"_{action['kind']}")(action["value"], action["at"])

    def _health(self, value: str, at: str) -> None:
        self.about["health"] = {"value": value, "set_by": AGENT, "set_at": at}

    def _sync(self, value: bool, at: str) -> None:
        self.about["sync"] = {"on": value, "set_by": AGENT, "set_at": at}
        self.about["customer"]["state"] = "ok" if value else "sync_off"

    def _optout(self, value: str, at: str) -> None:
        self.about["optout"] = {"value": value, "seen": f"seen {at}"}

    def _list_remove(self, value: str, at: str) -> None:
        self.about["lists"] = [one for one in self.about["lists"] if one["name"] != value]

    def _list_add(self, value: str, at: str) -> None:
        self.about["lists"].append({"name": value, "signed_up_at": at})

    def _create(self, value: None, at: str) -> None:
        self.about = full_view(self.user, self.about["customer"]["address"])

    _merge = _create

    def _keep_apart(self, value: None, at: str) -> None:
        self.about["conflict"] = None
        self.about["customer"]["state"] = "ok"
