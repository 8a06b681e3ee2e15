"""`bridge dead`: what the bridge stopped trying, to be replayed or dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from bridge import replaying
from bridge.errors import BadSettings, Refused
from bridge.ledger import dead as kept
from bridge.ledger import looking
from bridge.ledger.dead import DeadLetter
from bridge.ledger.looking import DeadFilter
from bridge.services import Services
from commands.opening import installation_id, installation_option, json_option, limit_option, opened, operator
from commands.output import moment, print_fields, print_json, print_rows

PAGE = 500
Command = TypeVar("Command", bound=Callable[..., Any])


def filters(command: Command) -> Command:
    """The options that choose among dead letters, the same for every command."""
    for option in (
        click.option("--customer", type=int, metavar="ID", help="Only about this Zendesk user."),
        click.option("--reason", default="", help="Only with this reason."),
        click.option("--type", "type_", default="", help="Only events of this type."),
        click.option(
            "--lane", type=click.Choice(["agent", "zendesk", "sailthru"]), help="Only of this lane."
        ),
        installation_option,
    ):
        command = option(command)
    return command


@click.group()
def dead() -> None:
    """Look at dead letters, replay or drop them."""


@dead.command("list")
@filters
@limit_option
@json_option
def list_open(
    installation: str | None,
    lane: str | None,
    type_: str,
    reason: str,
    customer: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List open dead letters, oldest first."""
    with opened() as services:
        wanted = _wanted(services, (), installation, lane, type_, reason, customer)
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = looking.dead(connection, wanted, limit=limit)
    rows = [_summary(letter, names) for letter in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are no dead letters.")


@dead.command()
@click.argument("number", metavar="ID", type=int)
@json_option
def show(number: int, as_json: bool) -> None:
    """Show the dead letter ID with what is known about it."""
    with opened() as services, services.ledger.reading() as connection:
        letter = kept.one(connection, number)
        names = looking.names(connection)
    if letter is None:
        raise BadSettings([f"there is no dead letter {number}; see: bridge dead list"])
    record = _summary(letter, names) | {
        "state": letter.state,
        "event": letter.event_id,
        "data": dict(letter.data),
    }
    if as_json:
        print_json(record)
    else:
        print_fields(record)


@dead.command()
@click.argument("ids", metavar="ID…", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that the filters leave.")
@filters
@json_option
def replay(
    ids: tuple[int, ...],
    every: bool,
    installation: str | None,
    lane: str | None,
    type_: str,
    reason: str,
    customer: int | None,
    as_json: bool,
) -> None:
    """Try dead letters again: those named by ID, or --all that the filters leave."""
    _need_ids_or_all(ids, every)
    with opened() as services:
        publisher = services.broker.publisher()
        who = operator()

        def again(letter: DeadLetter) -> None:
            replaying.replay(services.ledger, publisher, letter, operator=who)

        wanted = _wanted(services, ids, installation, lane, type_, reason, customer)
        done, failed = _each(services, wanted, again)
    _report("replayed", done, failed, ids, as_json)


@dead.command()
@click.argument("ids", metavar="ID…", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that the filters leave.")
@filters
@json_option
def drop(
    ids: tuple[int, ...],
    every: bool,
    installation: str | None,
    lane: str | None,
    type_: str,
    reason: str,
    customer: int | None,
    as_json: bool,
) -> None:
    """Give dead letters up: those named by ID, or --all that the filters leave."""
    _need_ids_or_all(ids, every)
    with opened() as services:
        who = operator()
        wanted = _wanted(services, ids, installation, lane, type_, reason, customer)
        done, failed = _each(
            services, wanted, lambda letter: replaying.drop(services.ledger, letter, operator=who)
        )
    _report("dropped", done, failed, ids, as_json)


def _need_ids_or_all(ids: tuple[int, ...], every: bool) -> None:
    if bool(ids) == every:
        raise click.UsageError("Name the dead letters by ID, or give --all (with filters, if you like).")


def _wanted(
    services: Services,
    ids: tuple[int, ...],
    installation: str | None,
    lane: str | None,
    type_: str,
    reason: str,
    customer: int | None,
) -> DeadFilter:
    return DeadFilter(
        ids=ids,
        installation_id=installation_id(services, installation) if installation else None,
        lane=lane or "",
        type=type_,
        reason=reason,
        zendesk_id=customer,
    )


def _each(
    services: Services, wanted: DeadFilter, act: Callable[[DeadLetter], None]
) -> tuple[list[int], dict[int, str]]:
    """Act on each letter, page by page; the numbers of those done, and why the others were not."""
    done: list[int] = []
    failed: dict[int, str] = {}
    after = 0
    while True:
        with services.ledger.reading() as connection:
            page = looking.dead(connection, wanted, limit=PAGE, after=after)
        if not page:
            return done, failed
        for letter in page:
            try:
                act(letter)
            except Refused as error:
                failed[letter.id] = error.detail or str(error)
            else:
                done.append(letter.id)
        after = page[-1].id


def _report(what: str, done: list[int], failed: dict[int, str], ids: tuple[int, ...], as_json: bool) -> None:
    failed |= {one: "is not an open dead letter" for one in ids if one not in done and one not in failed}
    if as_json:
        print_json({what: done, "failed": [{"id": one, "error": error} for one, error in failed.items()]})
    else:
        click.echo(f"{what.capitalize()}: {len(done)}.")
    for one, error in failed.items():
        click.echo(f"{one}: {error}", err=True)
    if failed:
        raise SystemExit(1)


def _summary(letter: DeadLetter, names: dict[int, str]) -> dict[str, Any]:
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
