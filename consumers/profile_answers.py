"""The question to Sailthru, one profile by its id, and what is kept of the answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from bridge.clock import MICROSECOND, to_micros
from bridge.customer import AT_REST, EMAIL, OK, PUSHING, Customer, Known
from bridge.deciding.auditing import differences, is_waiting
from bridge.deciding.way_back import has_unsolved
from bridge.facts import SAILTHRU_PREFIX
from bridge.ledger import audits, customers, events, facts, learning, postbacks, waits, zendesk_users
from bridge.ledger.events import TO_ZENDESK, AppliedEvent
from bridge.ledger.waits import Wait
from bridge.ledger.writing import lock_subjects
from bridge.ledger.zendesk_users import HOLD, Mark
from bridge.profiles import fields_for
from consumers import linking, patience, profiles
from consumers.answers import Asked
from consumers.keeping import keep_profile
from consumers.reporting import report_applied
from consumers.turns import next_turn
from schemas.sailthru_records import Profile

ASK_AGAIN_S = (10.0, 60.0)  # after "not found": a profile just made may not be shown everywhere yet
SEARCHING = timedelta(seconds=10)  # between looks at whether the search for a profile has ended
SOON = timedelta(seconds=60)


@dataclass(frozen=True)
class Sent:
    """Which profile was asked for, and when we had last written to it."""

    sid: str
    pushed_at: datetime | None


@dataclass(frozen=True)
class Reading:
    """What came back of `sent`, and when (our clock) the request left.

    `is_settled`: nothing had happened to the profile for long enough, so that it shows the last state.
    """

    sent: Sent
    profile: Profile
    sent_at: datetime
    is_settled: bool
    zone: tzinfo = UTC


def ask_profile(asked: Asked, sent: Sent) -> None:
    """Read one customer's profile."""
    (wait,) = asked.waits
    sent_at = asked.parts.clock.now()
    options = asked.installation.settings.options
    sailthru = asked.parts.remotes.sailthru(asked.installation)
    profile = sailthru.profile(sent.sid, "sid", fields=fields_for(options))
    if profile is None:
        _not_found(asked, wait, sent)
    elif profile.sid != sent.sid:
        _lost(asked, wait, sent)
    else:
        last = patience.last_change(wait, sent.pushed_at)
        is_settled = last is None or sent_at >= last + asked.parts.patience.settle
        _keep(asked, wait, Reading(sent, profile, sent_at, is_settled, _zone(asked, profile)))


def _zone(asked: Asked, profile: Profile) -> tzinfo:
    """The account's time zone, asked for once, should it ever be needed."""
    if not profiles.lacks_offsets(profile):
        return UTC
    with asked.parts.ledger.reading() as connection:
        name = learning.learned(connection, asked.installation.id).get("sailthru_timezone")
    if name is None:
        name = asked.parts.remotes.sailthru(asked.installation).settings().timezone or "UTC"
        with asked.parts.ledger.writing() as connection:
            learning.learn(connection, asked.installation.id, sailthru_timezone=name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _keep(asked: Asked, wait: Wait, reading: Reading) -> None:
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        customer = _held(connection, asked, wait)
        if customer is None or customer.sid != reading.sent.sid:
            waits.put_off(connection, wait, now)  # it changed hands meanwhile
            return
        _keep_facts(connection, asked, wait, reading)
        _note_drift(connection, asked, customer, reading)
        _note_address(connection, asked, customer, reading)
        applied = _answer(connection, asked, wait, reading)
        waits.go_on(connection, wait, lambda standing: _next(standing, wait, reading, asked))
    report_applied([(asked.installation, event) for event in applied], to_micros(now))


def _held(connection: Connection, asked: Asked, wait: Wait) -> Customer | None:
    lock_subjects(connection, asked.installation.id, [wait.subject])
    return customers.locked(connection, asked.installation.id, [wait.number]).get(wait.number)


def _keep_facts(connection: Connection, asked: Asked, wait: Wait, reading: Reading) -> None:
    """Keep what the profile says.

    While it had not settled it may be the state of a moment ago, so it counts as of then.
    """
    installation, now = asked.installation, asked.parts.clock.now()
    lag = timedelta(0) if reading.is_settled else asked.parts.patience.settle
    stated = profiles.profile_facts(
        wait.number,
        reading.profile,
        installation.settings.options,
        reading.profile.read_at - lag,
        f"reading:{uuid.uuid4()}",
        zone=reading.zone,
    )
    is_urgent = patience.is_urgent(wait)
    keep_profile(connection, installation.id, stated, now, due_at=to_micros(now) + (0 if is_urgent else HOLD))
    opened = patience.opened(wait)
    marks = [Mark(wait.number, to_micros(now), opened)] if opened else []
    zendesk_users.mark_owed(connection, installation.id, marks, to_micros(now))


def _note_drift(connection: Connection, asked: Asked, customer: Customer, reading: Reading) -> None:
    """Where the profile differs from the facts, if that can be told now: every reading is an audit too."""
    if is_waiting(customer) or not reading.is_settled or _is_pushed_since(customer, reading):
        return
    key = (connection, asked.installation.id)
    known = facts.of_customers(*key, [customer.zendesk_id])[customer.zendesk_id]
    found = differences(customer, known, asked.installation.settings, reading.profile)
    audits.note(*key, customer.zendesk_id, [one.field for one in found])


def _is_pushed_since(customer: Customer, reading: Reading) -> bool:
    at = reading.sent.pushed_at
    return customer.pushed_at != (None if at is None else to_micros(at))


def _note_address(connection: Connection, asked: Asked, customer: Customer, reading: Reading) -> None:
    """Somebody moved the profile in Sailthru: the address is Zendesk's to say, so it is owed anew.

    Right after our own move an old answer would look the same, and each push would cause the next.
    """
    shown, known = reading.profile.email, customer.known.get(EMAIL)
    if known is None or not known.digest or not shown or known.digest == shown:
        return
    is_old = known.at <= to_micros(reading.sent_at - asked.parts.patience.most)
    if reading.is_settled and is_old and customer.lease_until is None:
        now = to_micros(asked.parts.clock.now())
        moved = replace(customer, known={**customer.known, EMAIL: Known(shown, now)})
        customers.save(connection, [replace(moved, owed=True, due_at=max(now, customer.not_before))])


def _answer(connection: Connection, asked: Asked, wait: Wait, reading: Reading) -> list[AppliedEvent]:
    """The postbacks that this reading answers wait until Zendesk holds what it found, if it found any."""
    key = (connection, asked.installation.id)
    _note_reading(connection, asked, wait, reading)
    row = zendesk_users.locked(*key, [wait.number])[wait.number]
    before = to_micros(reading.sent_at - asked.parts.patience.settle)
    postbacks.answer(*key, wait.number, before=before, version=row.wanted)
    if row.owed:
        return []
    now = to_micros(asked.parts.clock.now())
    return events.apply_up_to(*key, wait.number, row.wanted, now, lanes=TO_ZENDESK)


def _note_reading(connection: Connection, asked: Asked, wait: Wait, reading: Reading) -> None:
    """When it was read, and how often it will be: that goes by whether a ticket is unsolved."""
    number, key = wait.number, (connection, asked.installation.id)
    settled = asked.parts.patience
    known = facts.of_customers(*key, [number])[number]
    has_open = has_unsolved(known.counted_tickets())
    every = settled.every_open if has_open else settled.every
    turn = to_micros(next_turn(asked.installation.id, number, every, asked.parts.clock.now()))
    zendesk_users.add(*key, {number: turn})
    zendesk_users.note_read(*key, {number: to_micros(reading.sent_at)})
    zendesk_users.note_open(*key, {number: has_open})
    zendesk_users.set_refresh(*key, {number: turn})


def _next(standing: Wait, taken: Wait, reading: Reading, asked: Asked) -> Wait | None:
    """The wait after a reading: over, unless something happened since, or had not settled."""
    if standing.version == taken.version and reading.is_settled:
        return None
    left = patience.without(standing, patience.opened(taken))
    fresh = replace(left, since=reading.sent_at, tries=0, progress={})
    settling, now = asked.parts.patience, asked.parts.clock.now()
    due_at = patience.due_at(fresh, settling, not_before=now, pushed_at=reading.sent.pushed_at)
    return replace(fresh, due_at=due_at)


def _not_found(asked: Asked, wait: Wait, sent: Sent) -> None:
    """Sailthru shows no such profile: asked again twice, then believed."""
    missed = wait.progress.get("missed", 0)
    if missed >= len(ASK_AGAIN_S):
        _lost(asked, wait, sent)
        return
    due_at = asked.parts.clock.now() + timedelta(seconds=ASK_AGAIN_S[missed])
    with asked.parts.ledger.writing() as connection:
        waits.put_off(connection, wait, due_at, progress={**wait.progress, "missed": missed + 1})


def _lost(asked: Asked, wait: Wait, sent: Sent) -> None:
    """The profile is not where the link leads: it is looked for anew, and read when it was found."""
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        customer = _held(connection, asked, wait)
        if customer is not None and customer.sid == sent.sid:
            customers.save(connection, [_searching(customer, to_micros(now))])
        waits.put_off(connection, wait, now + SEARCHING, progress={})


def _searching(customer: Customer, now: int) -> Customer:
    """Whoever pushes it just now finds the number changed."""
    lost = replace(linking.unlink(customer), state=PUSHING, lease=customer.lease + 1)
    return replace(lost, owed=True, owed_at=customer.owed_at or now, due_at=now, not_before=0)


def end_unlinked(asked: Asked) -> None:
    """A customer without a profile: there is nothing to read, and nothing more to say in Zendesk."""
    (wait,) = asked.waits
    now = asked.parts.clock.now()
    with asked.parts.ledger.writing() as connection:
        customer = _held(connection, asked, wait)
        if customer is not None and (customer.sid is not None or _is_searched(customer, now)):
            waits.put_off(connection, wait, now if customer.sid is not None else now + SEARCHING)
            return
        _forget_profile(connection, asked, wait)
        why = "not in Zendesk" if customer is None else customer.state.replace("_", " ")
        postbacks.end(connection, asked.installation.id, wait.number, why)
        waits.end(connection, wait)


def _is_searched(customer: Customer, now: datetime) -> bool:
    """Whether the search for its profile is open, or about to be opened again."""
    if customer.state not in AT_REST or customer.state == OK:
        return True
    return customer.owed and customer.due_at is not None and customer.due_at <= to_micros(now + SOON)


def _forget_profile(connection: Connection, asked: Asked, wait: Wait) -> None:
    """What Sailthru said of it is no longer so, from right after it was said: any later reading is newer."""
    known = facts.of_customers(connection, asked.installation.id, [wait.number])[wait.number]
    said = [fact for name, fact in known.fields.items() if name.startswith(SAILTHRU_PREFIX)]
    if said:
        at = max(fact.at for fact in said) + MICROSECOND
        gone = profiles.profile_is_gone(wait.number, at, f"reading:{uuid.uuid4()}")
        now = asked.parts.clock.now()
        keep_profile(connection, asked.installation.id, gone, now, due_at=to_micros(now))
    zendesk_users.set_refresh(connection, asked.installation.id, {wait.number: None})
    audits.note(connection, asked.installation.id, wait.number, [])
