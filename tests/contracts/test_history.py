"""What the clock counts every minute, and what the Overview is told of it, over both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bridge.broker.embedded import EmbeddedBroker
from bridge.clock import to_micros
from bridge.directory import Directory
from bridge.ledger import attempts, events, quotas, samples
from bridge.ledger.attempts import CONFIRMED, LATER, Attempt, Finished
from bridge.ledger.events import KEPT, KeptEvent
from bridge.ledger.ledger import Ledger
from bridge.ledger.samples import MINUTE_S, TEN_MINUTES_S
from bridge.ledger.tables import samples as samples_table
from bridge.standing import Standing, look
from bridge.vault import Vault
from consumers.sampling import Sampling
from tests.bridge.installing import KEY
from tests.bridge.remotes.still_clock import NOW, StillClock
from tests.contracts.test_ledger_events import event

T = to_micros(NOW)
SECOND = 1_000_000


@pytest.fixture
def sampling(ledger: Ledger) -> Sampling:
    return Sampling(ledger, EmbeddedBroker(ledger))


def keep(ledger: Ledger, acme: int, *names: str, at: int) -> None:
    kept = [KeptEvent(replace(event(name), received_at=NOW), 7, 1, KEPT) for name in names]
    with ledger.writing() as connection:
        events.keep(connection, acme, kept, at)


def push(ledger: Ledger, acme: int, outcome: str, *, lease: int, at: int) -> None:
    with ledger.writing() as connection:
        attempts.start(connection, [Attempt(acme, 7, lease, "sailthru", "write", ("vars",))], at)
        ended = [Finished(acme, 7, lease, "write", outcome)]
        attempts.finish(connection, ended, at + SECOND)


def numbers(ledger: Ledger, step_s: int = MINUTE_S) -> dict[str, list[float]]:
    with ledger.reading() as connection:
        found = samples.since(connection, step_s, 0)
    return {name: [value for _at, value in points] for name, points in found.items()}


def seen(ledger: Ledger, sampling: Sampling) -> Standing:
    return look(ledger, sampling.broker, Directory(ledger, Vault([KEY])))


def test_a_minute_is_counted_in_events_pushes_lags_and_quota(
    ledger: Ledger, acme: int, clock: StillClock, sampling: Sampling
) -> None:
    keep(ledger, acme, "before", at=T - SECOND)
    sampling.step()
    keep(ledger, acme, "e1", "e2", at=T + SECOND)
    push(ledger, acme, LATER, lease=1, at=T + 2 * SECOND)
    push(ledger, acme, CONFIRMED, lease=2, at=T + 4 * SECOND)
    with ledger.writing() as connection:
        events.apply_up_to(connection, acme, 7, 1, T + 5 * SECOND)
        quotas.learn(connection, acme, "sailthru.user.post", 1_000)
        quotas.note(connection, acme, "sailthru.user.post", 250, ledger.now())
    clock.move(60)
    keep(ledger, acme, "e3", at=T + 30 * SECOND)
    sampling.step()
    found = {name: values[-1] for name, values in numbers(ledger).items()}
    assert (found["zendesk.in"], found["zendesk.out"], found["zendesk.unapplied"]) == (3, 3, 1)
    assert (found["sailthru.pushes"], found["sailthru.errors"]) == (1, 1)
    assert (found["lag.p50"], found["lag.p99"]) == (5, 5)
    assert found["sailthru.quota_left"] == 0.25

    standing = seen(ledger, sampling)
    (zendesk,) = [one for one in standing.lanes if one.state.lane == "zendesk"]
    assert (zendesk.came, zendesk.went, zendesk.drained_s) == (3, 3, 20)
    assert [(one.system, one.pushes, one.errors) for one in standing.remotes] == [
        ("zendesk", 0, 0),
        ("sailthru", 1, 1),
    ]


def test_numbers_that_are_minutes_old_say_nothing_of_now(
    ledger: Ledger, clock: StillClock, sampling: Sampling
) -> None:
    for _ in range(2):
        sampling.step()
        clock.move(60)
    assert seen(ledger, sampling).lanes[0].came == 0
    clock.move(180)
    assert seen(ledger, sampling).lanes[0].came is None


def test_an_hour_is_kept_by_the_minute_and_a_day_by_ten_minutes(
    ledger: Ledger, acme: int, clock: StillClock, sampling: Sampling
) -> None:
    with ledger.writing() as connection:
        samples.put(connection, MINUTE_S, T - 4_000 * SECOND, {"zendesk.in": 1.0})
        samples.put(connection, TEN_MINUTES_S, T - 90_000 * SECOND, {"zendesk.in": 1.0})
    for number in range(12):
        keep(ledger, acme, f"e{number}", at=ledger.micros() - SECOND)
        sampling.step()
        clock.move(60)
    with ledger.reading() as connection:
        oldest = connection.scalars(select(samples_table.c.at).order_by(samples_table.c.at)).first()
    assert oldest == T
    ten_minutes = numbers(ledger, TEN_MINUTES_S)
    assert ten_minutes["zendesk.in"] == [1]  # the mean of what flows
    assert ten_minutes["zendesk.unapplied"] == [11]  # the most of what waits, at the moment T + 10 min
