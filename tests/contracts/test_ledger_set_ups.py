"""The record of a set-up, on both databases."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger import set_ups
from bridge.ledger.ledger import Ledger
from bridge.ledger.set_ups import MADE, MAKING, SetUp


def test_a_part_is_written_down_before_and_after_and_forgotten(ledger: Ledger, acme: int) -> None:
    begun = SetUp("webhook.events", MAKING, None, {"endpoint": "https://a.example.com"}, at=1)
    made = replace(begun, state=MADE, zendesk_id="01H", at=2)
    other = SetUp("app", MADE, "7", {}, at=3)
    with ledger.writing() as connection:
        for one in (begun, made, other):
            set_ups.keep(connection, acme, one)
    with ledger.reading() as connection:
        assert set_ups.parts_of(connection, acme) == {"webhook.events": made, "app": other}
        assert set_ups.parts_of(connection, acme + 1) == {}
    with ledger.writing() as connection:
        set_ups.drop(connection, acme, "webhook.events")
        set_ups.drop(connection, acme, "nothing")
    with ledger.reading() as connection:
        assert set_ups.parts_of(connection, acme) == {"app": other}
