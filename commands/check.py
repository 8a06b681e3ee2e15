"""`bridge check`: looks at all that must be right before the bridge can work, and says what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click
from sqlalchemy import select

from bridge.broker.contract import Broker
from bridge.errors import BadSettings, Unavailable
from bridge.ledger import installations, keys
from bridge.ledger.installations import Installation
from bridge.ledger.revision import require_current
from bridge.ledger.tables import installations as table
from bridge.services import Services, build
from bridge.settings import load_settings
from commands.check_processes import look_at_processes
from commands.check_sailthru import look_at_sailthru
from commands.check_zendesk import look_at_zendesk
from commands.findings import FAULT, OK, WARNING, Finding, say_finding
from commands.opening import json_option
from commands.output import print_json

EMBEDDED = "embedded://"


@click.command()
@json_option
def check(as_json: bool) -> None:
    """Check settings, ledger, broker and every installation's accounts; exit status 1 when one is wrong."""
    findings: list[Finding] = []
    for finding in look():
        findings.append(finding)
        if not as_json:
            say_finding(finding)
    faults = sum(finding.state == FAULT for finding in findings)
    if as_json:
        print_json({"ok": not faults, "findings": [asdict(finding) for finding in findings]})
    else:
        click.echo(f"\n{faults} faults." if faults else "\nAll is well.")
    raise SystemExit(1 if faults else 0)


def look() -> Iterator[Finding]:
    """Everything, in the order in which it is needed."""
    try:
        services = build(load_settings())
    except BadSettings as error:
        yield from (Finding(FAULT, "settings", fault, "see docs/configuration.md") for fault in error.faults)
        return
    yield Finding(OK, "settings", "can be read")
    try:
        ledger = _ledger(services)
        yield ledger
        # The embedded broker lives in the ledger: of tables that are not there it could only say the same.
        if ledger.state == OK or services.settings.broker_url != EMBEDDED:
            yield _broker(services.broker)
        if ledger.state == OK:
            yield from look_at_processes(services.ledger)
            yield from _installations(services)
    finally:
        services.close()


def _ledger(services: Services) -> Finding:
    try:
        require_current(services.ledger)
    except BadSettings as error:
        return Finding(FAULT, "ledger", error.faults[0], "bridge migrate")
    except Unavailable as error:
        return Finding(FAULT, "ledger", str(error), "start the database, or correct DATABASE_URL")
    return Finding(OK, "ledger", "answers, and its tables are current")


def _broker(broker: Broker) -> Finding:
    try:
        broker.declare()
        broker.depths()
    except BadSettings as error:
        return Finding(FAULT, "broker", error.faults[0], "; ".join(error.faults[1:]) or "as it says")
    except Unavailable as error:
        return Finding(FAULT, "broker", str(error), "start the broker, or correct BROKER_URL")
    return Finding(OK, "broker", "answers, and its queues are as they must be")


def _installations(services: Services) -> Iterator[Finding]:
    with services.ledger.reading() as connection:
        sealed = {
            row.name: row.secrets
            for row in connection.execute(select(table).where(table.c.removed_at.is_(None)))
        }
        numbers = {name: number for number, (name, _version) in installations.versions(connection).items()}
        opened = installations.opened(connection, services.vault, ids=numbers.values())
        are_newest = keys.are_newest(connection, services.vault)
    if not sealed:
        yield Finding(WARNING, "installations", "there are none", "bridge installations add NAME --from FILE")
    if not are_newest:
        yield Finding(WARNING, "ledger", "its own keys are sealed with an older SECRET_KEY", "bridge migrate")
    for name in sorted(sealed):
        one = opened[numbers[name]]
        if one is None:
            yield Finding(
                FAULT,
                name,
                "no key of SECRET_KEY opens its secrets",
                "put the key they were sealed with behind the new one in SECRET_KEY",
            )
            continue
        if not services.vault.is_newest(sealed[name]):
            yield Finding(WARNING, name, "its secrets are sealed with an older SECRET_KEY", "bridge migrate")
        yield from _installation(services, one)


def _installation(services: Services, one: Installation) -> Iterator[Finding]:
    yield from _same(services, one)
    yield from _doors(one)
    yield from look_at_zendesk(services, one)
    yield from look_at_sailthru(services, one)


def _same(services: Services, one: Installation) -> Iterator[Finding]:
    with services.ledger.reading() as connection:
        same = installations.same_accounts(connection, one.settings, besides=[one.id])
    for other in same:
        yield Finding(
            FAULT,
            one.name,
            f"{other.name} has the same {other.system.capitalize()} account",
            f"bridge installations remove {other.name} (or {one.name})",
        )


def _doors(one: Installation) -> Iterator[Finding]:
    zendesk, set_up = one.settings.zendesk, f"bridge setup {one.name} --public-url URL"
    if not zendesk.webhook_secrets:
        yield Finding(
            FAULT, one.name, "zendesk.webhook_secrets are missing: deliveries are answered 401", set_up
        )
    for key in ("app_public_key", "app_audience"):
        if not getattr(zendesk, key):
            missing = f"zendesk.{key} is missing: the sidebar answers 401"
            yield Finding(WARNING, one.name, missing, f"{set_up} --app")
    if zendesk.api_token:
        yield Finding(
            WARNING,
            one.name,
            "signs in to Zendesk with an API token, which Zendesk ends on 2027-04-30",
            "make an OAuth client (client_credentials), then: "
            f"bridge installations set {one.name} --from FILE",
        )
