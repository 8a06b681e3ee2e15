"""`bridge dead list`, `groups` and `show`."""

from __future__ import annotations

from typing import Any

import click

from bridge.errors import BadSettings
from bridge.filters import Filters
from bridge.fingerprint import shape
from bridge.ledger import dead, letters, looking
from bridge.ledger.dead import DROPPED, DeadLetter
from bridge.repair.advice import advice
from bridge.repair.aftermath import aftermath
from bridge.repair.choosing import chosen
from bridge.repair.dropping import undone_until
from commands.dead.choosing import filtered
from commands.opening import json_option, limit_option, opened
from commands.output import moment, print_fields, print_json, print_rows


@click.command("list")
@filtered
@limit_option
@json_option
def list_open(filters: Filters, limit: int, as_json: bool) -> None:
    """List open dead letters, oldest first."""
    with opened() as services, services.ledger.reading() as connection:
        names = looking.names(connection)
        wanted = chosen(connection, filters, services.ledger.now())
        found = letters.some(connection, wanted, limit=limit)
    rows = [summary(letter, names) for letter in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no dead letters.")


@click.command()
@filtered
@json_option
def groups(filters: Filters, as_json: bool) -> None:
    """List open dead letters by what went wrong, the most frequent first, and whom it hit."""
    with opened() as services, services.ledger.reading() as connection:
        found = letters.groups(connection, chosen(connection, filters, services.ledger.now()))
        examples = letters.by_numbers(connection, [one.example for one in found])
    rows = [_group(one, examples[one.example]) for one in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no dead letters.")


@click.command()
@click.argument("number", metavar="ID", type=int)
@json_option
def show(number: int, as_json: bool) -> None:
    """Show the dead letter ID with what is known about it, and what to do next."""
    with opened() as services, services.ledger.reading() as connection:
        letter = dead.one(connection, number)
        names = looking.names(connection)
        now_is = "" if letter is None else aftermath(connection, letter)
    if letter is None:
        raise BadSettings([f"there is no dead letter {number}; see: bridge dead list"])
    record = summary(letter, names) | _about(letter) | {"now": now_is, "next": advice(letter.reason)}
    if as_json:
        print_json(record)
    else:
        print_fields(record)


def summary(letter: DeadLetter, names: dict[int, str]) -> dict[str, Any]:
    """A letter in the form of `dead list`."""
    return {
        "id": letter.id,
        "installation": names.get(letter.installation_id),
        "lane": letter.lane,
        "type": letter.type,
        "customer": letter.zendesk_id,
        "reason": letter.reason,
        "error": letter.error,
        "attempts": letter.attempts,
        "first_seen": moment(letter.first_seen),
        "last_seen": moment(letter.last_seen),
    }


def _about(letter: DeadLetter) -> dict[str, Any]:
    dropped = {
        "dropped_at": moment(letter.dropped_at),
        "dropped_because": letter.drop_reason,
        "can_be_undone_until": moment(undone_until(letter)),
    }
    return {
        "state": letter.state,
        "event": letter.event_id,
        "system": letter.system,
        "group": letter.group,
        "replays": letter.replays,
        "replayed_at": moment(letter.replayed_at),
        "died_again": letter.died_again,
        **(dropped if letter.state == DROPPED else {}),
        "data": dict(letter.data),
    }


def _group(group: letters.Group, example: DeadLetter) -> dict[str, Any]:
    return {
        "group": group.fingerprint,
        "letters": group.letters,
        "reason": example.reason,
        "system": example.system,
        "error": shape(example.error),
        "customers": group.customers,
        "opt_outs": group.consents,
        "installations": group.installations,
        "died_again": group.again,
        "first_seen": moment(group.first_seen),
        "last_seen": moment(group.last_seen),
        "example": group.example,
    }
