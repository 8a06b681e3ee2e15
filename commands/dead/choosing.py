"""Which dead letters a command is about: those named, or all that the filters leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import click

from bridge.filters import Filters
from bridge.ledger import letters
from bridge.ledger.dead import DeadLetter
from bridge.ledger.letters import DeadFilter
from bridge.repair.choosing import chosen
from bridge.services import Services
from commands.opening import installation_option
from commands.when import When

PAGE = 500

_OPTIONS = (
    installation_option,
    click.option("--lane", type=click.Choice(["agent", "zendesk", "sailthru"]), help="Only of this lane."),
    click.option(
        "--type", "type_", default="", metavar="TYPE", help="Only this type, or all of a kind: push, read."
    ),
    click.option("--reason", default="", help="Only with this reason."),
    click.option(
        "--customer", default="", metavar="ADDRESS|ID|SID", help="Only about this customer, however named."
    ),
    click.option("--group", default="", metavar="GROUP", help="Only of this group; see: bridge dead groups."),
    click.option("--since", type=When(), help="Only what was last seen then or later: an ISO time, or 2h."),
    click.option("--until", type=When(), help="Only what was last seen before."),
)


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the filters that choose among dead letters, as `filters`."""

    @wraps(command)
    def with_filters(
        installation: str | None,
        lane: str | None,
        type_: str,
        reason: str,
        customer: str,
        group: str,
        since: Any,
        until: Any,
        **others: Any,
    ) -> Any:
        filters = Filters(
            type=type_,
            customer=customer.strip(),
            installation=installation or "",
            since=since,
            until=until,
            lane=lane or "",
            reason=reason,
            group=group,
        )
        return command(filters=filters, **others)

    wrapped: Callable[..., Any] = with_filters
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def named_or_all(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ids, `--all` and the filters, as `choice`."""

    @wraps(command)
    def with_choice(ids: tuple[int, ...], every: bool, filters: Filters, **others: Any) -> Any:
        if bool(ids) == every:
            raise click.UsageError("Name the dead letters by ID, or give --all (with filters, if you like).")
        return command(choice=Choice(ids, filters), **others)

    every = click.option("--all", "every", is_flag=True, help="All that the filters leave.")
    named = click.argument("ids", metavar="ID…", type=int, nargs=-1)
    return named(every(filtered(with_choice)))


@dataclass(frozen=True)
class Choice:
    """Letters by number, or, with none named, all that the filters leave."""

    ids: tuple[int, ...]
    filters: Filters

    @property
    def is_all(self) -> bool:
        return not self.ids

    def wanted(self, services: Services) -> DeadFilter:
        """The same for the ledger. Raises `BadSettings` for an installation that there is not."""
        with services.ledger.reading() as connection:
            found = chosen(connection, self.filters, services.ledger.now())
        return replace(found, ids=self.ids)


def each(services: Services, wanted: DeadFilter) -> Iterator[DeadLetter]:
    """The letters, oldest first, page by page."""
    after = 0
    while True:
        with services.ledger.reading() as connection:
            page = letters.some(connection, wanted, limit=PAGE, after=after)
        if not page:
            return
        yield from page
        after = page[-1].id
