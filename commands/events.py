"""`bridge events`: what came, and what became of it."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace
from typing import Any

import click

from bridge.errors import BadSettings
from bridge.filters import DIRECTIONS, LANES, OUTCOMES, SOURCES, Filters, read_filters
from bridge.ledger import looking
from bridge.ledger.event_lists import EventFilter
from bridge.services import Services
from bridge.timeline.events import Follower, event_filter, event_page, summary
from bridge.timeline.one_event import event_story
from commands.event_rows import print_events
from commands.event_story import print_story
from commands.opening import installation_id, installation_option, json_option, limit_option, opened
from commands.output import print_json
from commands.when import When

LOOK_EVERY_S = 0.5
WORDS_HELP = "type:… outcome:… customer:… since:… …"


@click.group()
def events() -> None:
    """Look at events.

    Filters can be given as options, or in one line as on the console's pages: `type:ticket outcome:dead`.
    """


@events.command("list")
@click.argument("words", nargs=-1, metavar="[FILTER…]")
@installation_option
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Only those that go there.")
@click.option(
    "--type", default="", metavar="TYPE", help="Only this type, or all of a kind: ticket, postback."
)
@click.option(
    "--customer", default="", metavar="ADDRESS|ID|SID", help="Only those about this customer, however named."
)
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only those that ended so.")
@click.option("--source", type=click.Choice(SOURCES), help="Only those that came this way.")
@click.option("--lane", type=click.Choice(LANES), help="Only those of this lane.")
@click.option("--reason", default="", help="Only those that ended for this reason.")
@click.option("--since", type=When(), help="Only what arrived then or later: an ISO time, or 2h, 3d ago.")
@click.option("--until", type=When(), help="Only what arrived before.")
@limit_option
@json_option
def list_newest(words: tuple[str, ...], limit: int, as_json: bool, **options: Any) -> None:
    """List events, newest first."""
    with opened() as services:
        wanted = _wanted(services, words, options)
        with services.ledger.reading() as connection:
            names = looking.names(connection)
            found = event_page(connection, wanted, limit=limit).rows
    rows = [summary(row, names) for row in found]
    if as_json:
        print_json(rows)
    else:
        print_events(rows, empty="There are no such events.")


@events.command()
@click.argument("words", nargs=-1, metavar="[FILTER…]")
@json_option
def tail(words: tuple[str, ...], as_json: bool) -> None:
    """Follow events as they are kept, until Ctrl-C. With --json: one JSON record a line.

    FILTER is as for list: type:ticket outcome:dead customer:ann@example.com …
    """
    with opened() as services:
        follower = Follower(_wanted(services, words, {}), services.ledger.micros())
        with services.ledger.reading() as connection:
            names = looking.names(connection)
        try:
            while True:
                _tell(services, follower, names, as_json=as_json)
                time.sleep(LOOK_EVERY_S)
        except KeyboardInterrupt:
            return


def _tell(services: Services, follower: Follower, names: dict[int, str], *, as_json: bool) -> None:
    with services.ledger.reading() as connection:
        found = follower.look(connection)
        if any(row.installation_id not in names for row in found):
            names |= looking.names(connection)
    rows = [summary(row, names) for row in found]
    if not as_json:
        print_events(rows, empty="")
        return
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))


@events.command()
@click.argument("event_id", metavar="ID")
@installation_option
@json_option
def show(event_id: str, installation: str | None, as_json: bool) -> None:
    """Show the event ID end to end: how it came, the facts it made, each attempt, where it ended."""
    with opened() as services:
        number = installation_id(services, installation) if installation else None
        with services.ledger.reading() as connection:
            found = looking.events_with_id(connection, event_id)
            chosen = [row for row in found if number in (None, row.installation_id)]
            if not chosen:
                raise BadSettings([f"there is no event {event_id}; it may be older than RETENTION_DAYS"])
            if len(chosen) > 1:
                raise BadSettings(
                    [f"several installations have an event {event_id}; add --installation NAME"]
                )
            record = event_story(connection, chosen[0], looking.names(connection))
    if as_json:
        print_json(record)
    else:
        print_story(record)


def _wanted(services: Services, words: tuple[str, ...], options: dict[str, Any]) -> EventFilter:
    """The filters out of words and options; an option counts before a word."""
    typed = read_filters(" ".join(words))
    known = {each.name for each in fields(Filters)}
    given = {name: value for name, value in options.items() if value and name in known}
    return event_filter(replace(typed, **given), _numbers(services), services.ledger.now())


def _numbers(services: Services) -> dict[str, int]:
    return {one.name: one.id for one in services.directory.all()}
