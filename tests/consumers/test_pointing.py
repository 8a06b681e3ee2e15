"""Whom a postback is about."""

from __future__ import annotations

import json
from typing import Any

from bridge.ledger.postbacks import Linkage
from consumers.pointing import Pointed, point

ANN = "ann@example.com"


def customer(number: int = 7, **changed: Any) -> Linkage:
    known = changed.pop("at", ANN)
    values: dict[str, Any] = {
        "sid": "s", "state": "ok", "address": ANN, "owed": False, "due_at": None, "pushed_at": None,
        "lease_until": None, "known": json.dumps({"email": [known, 1, []]} if known else {}),
    }  # fmt: skip
    return Linkage(number, **(values | changed))


def test_the_sid_says_it_all() -> None:
    assert point([customer(7)], [customer(8)], ANN) == Pointed(7)


def test_the_profile_at_the_address_is_meant_before_the_customer_whose_address_it_is() -> None:
    owner = customer(8, at="ann.new@example.com")
    assert point([], [owner, customer(9, address="other@example.com")], ANN) == Pointed(9)
    assert point([], [owner], ANN) == Pointed(8)


def test_while_a_profile_moves_it_may_be_at_either_address() -> None:
    moving = customer(
        7, address="b@example.com", known=json.dumps({"email": ["", 1, [ANN, "b@example.com"]]})
    )
    assert point([], [moving], ANN) == Pointed(7)


def test_who_only_had_the_address_once_is_not_meant() -> None:
    left = customer(7, address="b@example.com", at="b@example.com")
    assert point([], [left], ANN) == Pointed(None, "not in Zendesk")


def test_without_a_profile_one_is_looked_for_unless_there_never_can_be() -> None:
    unlinked = {"sid": None, "at": None}
    looked_for = point([], [customer(7, state="no_profile", **unlinked)], ANN)
    assert (looked_for, looked_for.is_to_be_found, looked_for.is_to_be_read) == (
        Pointed(7, "no profile"),
        True,
        False,
    )
    assert point([], [customer(7, state="staff", **unlinked)], ANN) == Pointed(7, "staff")
    gone = point([], [customer(7, state="not_in_zendesk", **unlinked)], ANN)
    assert (gone.reason, gone.is_to_be_found) == ("not in Zendesk", False)
    assert point([], [], ANN) == Pointed(None, "not in Zendesk")
    assert point([], [], None) == Pointed(None, "not in Zendesk")
