"""Who lives, and how far the clock's passes have come, over both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from bridge.broker.embedded import EmbeddedBroker
from bridge.clock import to_micros
from bridge.gauges import Gauges
from bridge.heartbeat import GONE_S, Heartbeat, Pulse
from bridge.ledger import passes, pauses, processes, quotas, spool, tables
from bridge.ledger.ledger import Ledger, database_now
from bridge.ledger.pauses import EVERY_LANE, EVERYBODY, Pause
from bridge.ledger.processes import CLOCK, CONSUMER
from bridge.ledger.spool import BROKER_AWAY, ToSpool
from bridge.metrics import exposition
from bridge.rate_board import RateBoard
from bridge.remotes.rates import RateReading
from consumers.quota import TELL_EVERY, RateNotes
from tests.bridge.remotes.still_clock import NOW

POST = "sailthru.user.post"


def page(ledger: Ledger) -> list[str]:
    """What a scrape shows now."""
    return exposition(Gauges(ledger, EmbeddedBroker(ledger)))[0].decode().splitlines()


def alive(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        since = database_now(connection, ledger.clock) - timedelta(seconds=GONE_S)
        return [one.part for one in processes.alive(connection, to_micros(since))]


def test_a_process_lives_as_long_as_it_says_so(ledger: Ledger) -> None:
    consumer = Heartbeat.of(ledger, CONSUMER, Pulse())
    consumer.beat()
    consumer.beat()
    Heartbeat.of(ledger, CLOCK).beat()
    assert sorted(alive(ledger)) == [CLOCK, CONSUMER]

    stop = threading.Event()
    stop.set()
    consumer.run(stop)  # it ends in order

    assert alive(ledger) == [CLOCK]
    with ledger.reading() as connection:
        later = to_micros(database_now(connection, ledger.clock) + timedelta(seconds=1))
        assert processes.alive(connection, later) == []


def test_whoever_starts_forgets_those_long_dead(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        now = to_micros(database_now(connection, ledger.clock))
        old = now - processes.DAY_US - 1
        connection.execute(
            tables.processes.insert(),
            [
                {"holder": name, "part": CONSUMER, "started_at": old, "seen_at": seen_at}
                for name, seen_at in (("long dead", old), ("just died", now - 60_000_000))
            ],
        )
    Heartbeat.of(ledger, CLOCK).beat()
    with ledger.reading() as connection:
        assert {one.holder for one in processes.alive(connection, 0)} >= {"just died"}
        assert "long dead" not in {one.holder for one in processes.alive(connection, 0)}


def test_nobody_at_work_is_a_number_and_not_a_silence(ledger: Ledger) -> None:
    shown = page(ledger)
    for line in (
        'bridge_processes{process="consumer"} 0.0',
        'bridge_processes{process="clock"} 0.0',
        "bridge_consumers_connected 0.0",
        'bridge_spool_rows{lane="zendesk",reason="broker_away"} 0.0',
        'bridge_part_up{part="ledger"} 1.0',
        'bridge_part_up{part="broker"} 1.0',
    ):
        assert line in shown
    assert not [line for line in shown if line.startswith("bridge_consumer_progress_timestamp_seconds ")]


def test_the_page_tells_who_works_and_whether_the_broker_answers_them(ledger: Ledger) -> None:
    pulse = Pulse()
    consumer = Heartbeat.of(ledger, CONSUMER, pulse)
    pulse.comes_round(NOW)
    consumer.beat()
    shown = page(ledger)
    assert 'bridge_processes{process="consumer"} 1.0' in shown
    assert "bridge_consumers_connected 1.0" in shown
    (progress,) = [line for line in shown if line.startswith("bridge_consumer_progress_timestamp_seconds ")]
    assert plain(progress) == f"bridge_consumer_progress_timestamp_seconds {NOW.timestamp()!r}"

    pulse.lacks("broker")
    consumer.beat()
    assert "bridge_consumers_connected 0.0" in page(ledger)


def plain(line: str) -> str:
    """A sample as Python writes numbers."""
    name, value = line.rsplit(" ", 1)
    return f"{name} {float(value)!r}"


def test_a_pass_is_noted_when_it_ended_well_and_by_nobody_else(ledger: Ledger) -> None:
    def held(holder: str, done_at: datetime | None = None) -> bool:
        with ledger.writing() as connection:
            until = NOW + timedelta(seconds=30)
            return passes.hold(connection, "watch", holder, until=until, now=NOW, done_at=done_at)

    assert held("one")
    assert not [line for line in page(ledger) if line.startswith("bridge_clock_pass_timestamp_seconds{")]
    assert held("one", done_at=NOW)
    assert not held("two", done_at=NOW + timedelta(hours=1))
    (shown,) = [line for line in page(ledger) if line.startswith("bridge_clock_pass_timestamp_seconds{")]
    assert plain(shown) == f'bridge_clock_pass_timestamp_seconds{{pass="watch"}} {NOW.timestamp()!r}'


def test_what_was_spooled_is_counted_by_why(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        kept = ToSpool("zendesk", b"{}", "e1", "user.created", "acme", BROKER_AWAY)
        spool.keep(connection, [kept, kept], NOW)
    assert 'bridge_spool_rows{lane="zendesk",reason="broker_away"} 2.0' in page(ledger)


def test_what_is_left_of_a_quota_is_told_now_and_then_and_forgotten_when_it_says_nothing(
    ledger: Ledger, acme: int
) -> None:
    board, moments = RateBoard(), [timedelta(0), TELL_EVERY / 2, TELL_EVERY]
    notes = RateNotes(board)
    seen = []
    for moment, remaining in zip(moments, (900, 500, 100), strict=True):
        board.put(acme, RateReading("sailthru", POST, 1_000, remaining, None, NOW + moment))
        with ledger.writing() as connection:
            quotas.learn(connection, acme, POST, 1_000)
            notes.write(connection)
            (left,) = quotas.left(connection, NOW)
            seen.append(left.ratio)
    assert seen == [0.9, 0.9, 0.1]
    label = f'bridge_quota_left_ratio{{bucket="{POST}",installation="acme",system="sailthru"}}'
    assert f"{label} 0.1" in page(ledger)
    with ledger.reading() as connection:
        assert quotas.left(connection, NOW + timedelta(minutes=5)) == []


def test_a_pause_says_since_when_and_of_whom(ledger: Ledger, acme: int) -> None:
    assert not [line for line in page(ledger) if line.startswith("bridge_paused_since_timestamp_seconds{")]
    with ledger.writing() as connection:
        pauses.put(connection, Pause(acme, "zendesk", to_micros(NOW), "ann", "a release"))
        pauses.put(connection, Pause(EVERYBODY, EVERY_LANE, to_micros(NOW), "ann", "a release"))
    told = [line for line in page(ledger) if line.startswith("bridge_paused_since_timestamp_seconds{")]
    assert {plain(line) for line in told} == {
        f'bridge_paused_since_timestamp_seconds{{installation="{name}",lane="{lane}"}} {NOW.timestamp()!r}'
        for name, lane in (("acme", "zendesk"), ("all", "all"))
    }
