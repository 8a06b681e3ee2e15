"""`bridge backfill`: everybody who is in Zendesk already."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from bridge.clock import from_micros, iso
from bridge.errors import BadSettings
from bridge.holder import new_holder
from bridge.ledger import backfills
from bridge.ledger.backfills import Backfill
from bridge.ledger.installations import Installation
from bridge.services import Services
from bridge.when import Ago, Then
from commands.backfill_shown import Shown, forecast_record, say_forecast
from commands.opening import installation_named, json_option, opened
from commands.output import print_json
from commands.reconcile import parts_of
from commands.when import When
from consumers.exporting.backfilling import Backfilling, begin
from consumers.exporting.forecasting import Forecast, Forecasting
from consumers.pusher import Pusher
from consumers.stopping import told_by_signals

PUSHES_AT_ONCE = 32
NO_PUSH_S = 60.0  # without one, the rest is left to the consumer


@click.command()
@click.argument("name")
@click.option("--since", type=When(), help="Only what changed then or later: an ISO time, or 2h, 3d ago.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of the profiles; change nothing.")
@click.option("--anew", is_flag=True, help="Begin anew instead of going on with the one under way.")
@click.option("--yes", is_flag=True, help="Do not ask, and do not compare first.")
@json_option
def backfill(
    name: str, since: Ago | Then | None, dry_run: bool, anew: bool, yes: bool, as_json: bool
) -> None:
    """Bring all users and tickets of installation NAME, and push what Sailthru does not hold.

    It can be stopped at any time; the same command goes on. Nobody is put on a list, and no opt-out changes.
    """
    with opened() as services, told_by_signals() as stop:
        installation = installation_named(services, name)
        from_then = since.at(services.ledger.now()) if since else None
        is_asking = not yes and not as_json and sys.stdin.isatty()
        if dry_run or (is_asking and not _is_under_way(services, installation)):
            forecast = _forecast(services, installation, from_then, stop, is_quiet=as_json)
            if dry_run or stop.is_set():
                _end_dry_run(forecast, stop, as_json=as_json)
                return
            say_forecast(forecast)
            click.confirm("Go on", abort=True)
        elif not yes and not is_asking:
            raise BadSettings(["nobody is there to be asked: add --yes, or --dry-run to see the numbers"])
        done = _run(services, installation, from_then, anew=anew, stop=stop, is_quiet=as_json)
        record = _summary(services, installation, done)
    _say(record, done, as_json=as_json)


def _is_under_way(services: Services, installation: Installation) -> bool:
    with services.ledger.reading() as connection:
        found = backfills.one(connection, installation.id)
    return found is not None and not found.is_done


def _forecast(
    services: Services,
    installation: Installation,
    since: datetime | None,
    stop: threading.Event,
    *,
    is_quiet: bool,
) -> Forecast:
    with Shown(is_quiet=is_quiet) as shown:
        work = Forecasting(parts_of(services), installation, stop, told=shown.compared)
        return work.run(since)


def _end_dry_run(forecast: Forecast, stop: threading.Event, *, as_json: bool) -> None:
    if stop.is_set():
        click.echo("Stopped before the end: these are the numbers so far.", err=True)
    if as_json:
        print_json(forecast_record(forecast))
    else:
        say_forecast(forecast)


def _run(
    services: Services,
    installation: Installation,
    since: datetime | None,
    *,
    anew: bool,
    stop: threading.Event,
    is_quiet: bool,
) -> Backfill:
    with services.ledger.writing() as connection:
        begin(connection, installation.id, since=since, anew=anew, now=services.ledger.now())
    with Shown(is_quiet=is_quiet) as shown:
        work = Backfilling(parts_of(services), installation, new_holder(), stop, told=shown.went_on)
        try:
            with _pushing(services):
                done = work.run()
                if done.is_done and not work.await_pushes(NO_PUSH_S):
                    shown.say("Some customers still wait for their push; the consumer goes on with them.")
        finally:
            work.let_go()
    return done


@contextmanager
def _pushing(services: Services) -> Iterator[None]:
    """This process pushes too while it is here, so that it takes no other one to see an end."""
    stop, pool = threading.Event(), ThreadPoolExecutor(PUSHES_AT_ONCE, thread_name_prefix="push")
    pusher = Pusher(parts_of(services), pool, PUSHES_AT_ONCE)
    thread = threading.Thread(target=pusher.run, args=(stop,), name="pusher")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        pusher.wake.set()
        thread.join()
        pool.shutdown()


def _summary(services: Services, installation: Installation, done: Backfill) -> dict[str, Any]:
    with services.ledger.reading() as connection:
        outcomes = backfills.outcomes(connection, installation.id, "backfill", done.started_at)
    return {
        "installation": installation.name,
        "stage": done.stage,
        "since": iso(from_micros(done.since)) if done.since else None,
        "started_at": iso(from_micros(done.started_at)),
        "finished_at": iso(from_micros(done.finished_at)) if done.finished_at else None,
        "handed_over": done.released,
        "unchanged": done.unchanged,
        "outcomes": outcomes,
    }


def _say(record: dict[str, Any], done: Backfill, *, as_json: bool) -> None:
    if as_json:
        print_json(record)
    if not done.is_done:
        click.echo("Stopped. What came so far is kept; the same command goes on where it stopped.", err=True)
        raise SystemExit(1)
    if as_json:
        return
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(record["outcomes"].items()))
    click.echo(
        f"Handed over {done.released} customers ({counted or 'none'}); {done.unchanged} needed nothing."
    )
    click.echo("Results of each: bridge events list --source backfill --outcome refused")
