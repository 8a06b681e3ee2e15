"""Forgetting over both databases: what goes, what stays, and of a keeping at the same moment one wins."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from bridge.clock import to_micros
from bridge.deciding.reading import meaning
from bridge.facts import ADDRESS, FORMER_PREFIX, Fact
from bridge.forgotten import NOBODY, Forgotten
from bridge.ledger import actions, customers, dead, events, facts, keys, sweeping, traces, waits
from bridge.ledger.dead import DeadLetter
from bridge.ledger.events import IGNORED, KeptEvent
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.ledger.tables import customers as customers_table
from bridge.ledger.tables import dead_letters
from bridge.ledger.tables import events as events_table
from bridge.ledger.tables import facts as facts_table
from bridge.ledger.tables import forgotten as forgotten_table
from bridge.ledger.tables import waits as waits_table
from bridge.ledger.waits import Wait
from bridge.vault import Vault
from consumers.admitting import Meant
from consumers.forgetting import Forgetting
from consumers.keeping import keep_events
from tests.bridge.installing import KEY
from tests.bridge.installing import acme as settings
from tests.bridge.remotes.still_clock import NOW
from tests.contracts.side_by_side import together
from tests.contracts.test_ledger_events import event

T = to_micros(NOW)
OTHER_KEY = "another-key-for-tests-only-9876543210-zyx"


def forgetting(ledger: Ledger, vault: Vault) -> Forgetting:
    return Forgetting(ledger, None, Forgotten(vault), ledger.clock, pause=lambda _s: None)  # type: ignore[arg-type]


def installation(number: int) -> Installation:
    return Installation(number, "acme", settings(), NOW)


def fill(ledger: Ledger, acme: int) -> None:
    """Customers 7 and 8, the first with an address that is part of the other's."""
    with ledger.writing() as connection:
        customers.add(connection, acme, [7, 8])
        for number, address in ((7, "jo@example.com"), (8, "big.jo@example.com")):
            stated = [
                Fact(f"user:{number}", ADDRESS, address, NOW, "event", "e", number),
                Fact(f"user:{number}", f"{FORMER_PREFIX}{number}@example.com", T, NOW, "event", "e", number),
            ]
            facts.store(connection, acme, stated)
            letter = DeadLetter(acme, "zendesk", "push", "bad_value", f"about {number}.", zendesk_id=number)
            dead.bury(connection, letter, T)
            hint = replace(event(f"hint-{number}"), subject="", data={"email": address}, source="postback")
            events.keep(connection, acme, [KeptEvent(hint, None, None, IGNORED)], T)
            waits.add(connection, [Wait(acme, f"user:{number}", "user", due_at=NOW, since=NOW)])
            actions.note(
                connection, T, operator="op", action="x", target=f"user:{number}", installation_id=acme
            )


def left(ledger: Ledger) -> dict[str, int]:
    tables = (customers_table, facts_table, events_table, dead_letters, waits_table)
    with ledger.reading() as connection:
        return {one.name: connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


def test_one_customer_goes_and_the_other_stays(ledger: Ledger, acme: int) -> None:
    fill(ledger, acme)
    removed = forgetting(ledger, Vault([KEY])).erase(installation(acme), 7, operator="op", detail={})
    assert removed["events"] == 1
    assert left(ledger) == {"customers": 1, "facts": 2, "events": 1, "dead_letters": 1, "waits": 1}
    with ledger.reading() as connection:
        assert facts.of_customers(connection, acme, [7])[7].fields == {}
        assert facts.of_customers(connection, acme, [8])[8].address() == "big.jo@example.com"


def test_an_address_that_somebody_else_has_by_now_is_not_held_against_it(ledger: Ledger, acme: int) -> None:
    fill(ledger, acme)
    with ledger.writing() as connection:
        customers.mark_owed(connection, acme, [customers.Mark(8, "jo@example.com")], T)
    one = forgetting(ledger, Vault([KEY]))
    one.erase(installation(acme), 7, operator="op", detail={})
    with ledger.reading() as connection:
        places = ["jo@example.com", "7@example.com"]
        gone = one.forgotten.among(connection, acme, numbers=[7, 8], places=places)
    assert (gone.numbers, set(gone.places)) == ({7}, {"7@example.com"})
    assert gone.had("7@example.com", NOW)
    assert not gone.had("jo@example.com", NOW)


def test_forgetting_is_of_one_installation_and_tells_nothing_without_its_key(
    ledger: Ledger, acme: int
) -> None:
    vault = Vault([KEY])
    with ledger.writing() as connection:
        assert Forgotten(vault).since(connection, acme, 7) is None
        Forgotten(vault).add(connection, acme, 7, places=[], at=T)
        assert Forgotten(vault).since(connection, acme, 7) == T
        assert Forgotten(vault).among(connection, acme + 1, numbers=[7]) == NOBODY
        # Forgotten once more is forgotten from then on
        Forgotten(vault).add(connection, acme, 7, places=[], at=T + 1)
        assert Forgotten(vault).since(connection, acme, 7) == T + 1
        assert keys.rewrap(connection, Vault([OTHER_KEY, KEY])) == 1
        assert Forgotten(Vault([OTHER_KEY])).since(connection, acme, 7) == T + 1


def test_an_event_kept_at_the_same_moment_leaves_nothing_behind(ledger: Ledger, acme: int) -> None:
    """Kept before, it is erased with the rest; kept after, it is left out. Never in between."""
    vault = Vault([KEY])
    late = replace(event("late"), data={"user": {"id": 7, "email": "jo@example.com"}, "added": ["vip"]})
    for _ in range(10):
        fill(ledger, acme)
        with ledger.writing() as connection:
            connection.execute(forgotten_table.delete())

        def keep() -> None:
            with ledger.writing() as connection:
                batch = [Meant(late, meaning(late))]
                keep_events(connection, acme, batch, NOW, forgotten=Forgotten(vault))

        together(
            lambda: forgetting(ledger, vault).erase(installation(acme), 7, operator="op", detail={}), keep
        )
        with ledger.reading() as connection:
            assert customers.one(connection, acme, 7) is None
            assert facts.of_customers(connection, acme, [7])[7].fields == {}
            found = traces.Traces(acme, 7, frozenset({"jo@example.com"}))
        assert sweeping.sweep(ledger, found, "acme") == dict.fromkeys(
            sweeping.sweep(ledger, found, "acme"), 0
        )
