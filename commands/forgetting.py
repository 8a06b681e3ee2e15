"""`bridge customers forget`: one customer's erasure, on request of whom it is about."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import click

from bridge.clock import from_micros, iso
from bridge.errors import BadSettings
from bridge.forgotten import Forgotten
from bridge.ledger import erasing, looking
from bridge.ledger.installations import Installation
from bridge.services import Services
from commands.opening import installation_id, installation_option, json_option, opened, operator
from commands.output import print_fields, print_json
from consumers.clearing import Cleared
from consumers.forgetting import Forgetting


@dataclass(frozen=True)
class Whom:
    """One customer of one installation; `forgotten_at` (ISO 8601): was forgotten before."""

    installation: Installation
    number: int
    forgotten_at: str | None = None


@click.command()
@click.argument("wanted", metavar="ADDRESS|ID|SID")
@installation_option
@click.option("--sailthru", "in_sailthru", is_flag=True, help="Clear the zendesk_* vars in Sailthru too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(wanted: str, installation: str | None, in_sailthru: bool, yes: bool, as_json: bool) -> None:
    """Erase a customer: everything that the bridge keeps of it, for good.

    Whatever comes later of the same Zendesk user is left out. Cannot be undone.
    """
    with opened() as services:
        whom = _whom(services, wanted, installation)
        if not yes and sys.stdin.isatty():
            click.confirm(_question(whom, in_sailthru), abort=True, err=True)
        record = _forget(services, whom, in_sailthru=in_sailthru)
    if as_json:
        print_json(record)
    else:
        print_fields(record)
    if record["sailthru"] and record["sailthru"]["left"]:
        left = ", ".join(record["sailthru"]["left"])
        click.echo(f"Sailthru still holds {left}. Next: clear them in Sailthru by hand.", err=True)
        raise SystemExit(1)


def _forget(services: Services, whom: Whom, *, in_sailthru: bool) -> dict[str, Any]:
    forgetting = Forgetting(
        services.ledger,
        services.remotes,
        services.directory.forgotten,
        services.clock,
        pause=time.sleep,
        settle_s=services.settings.sailthru_settle_s,
        tell=lambda sentence: click.echo(sentence, err=True),
    )
    cleared = forgetting.clear(whom.installation, whom.number) if in_sailthru else None
    detail = {"sailthru": None if cleared is None else _told(cleared)}
    rows = forgetting.erase(whom.installation, whom.number, operator=operator(), detail=detail)
    return {
        "installation": whom.installation.name,
        "zendesk_id": whom.number,
        "forgotten_before": whom.forgotten_at,
        "removed": {name: count for name, count in sorted(rows.items()) if count},
        "sailthru": detail["sailthru"],
    }


def _told(cleared: Cleared) -> dict[str, list[str]]:
    return {name: list(names) for name, names in asdict(cleared).items()}


def _whom(services: Services, wanted: str, name: str | None) -> Whom:
    """The one customer that is meant. Raises `BadSettings` for nobody and for several."""
    number = installation_id(services, name) if name else None
    known = {one.id: one for one in services.directory.all()}
    with services.ledger.reading() as connection:
        found = {*looking.customers_known_as(connection, wanted, installation_id=number)}
        found |= {one for one in erasing.known_at(connection, wanted) if number in (None, one[0])}
    mine = sorted(one for one in found if one[0] in known)
    if len(mine) > 1:
        raise BadSettings([_several(wanted, [(known[of].name, one) for of, one in mine])])
    if mine:
        return Whom(known[mine[0][0]], mine[0][1])
    return _unknown(services, wanted, [known[number]] if number else list(known.values()))


def _unknown(services: Services, wanted: str, installations: list[Installation]) -> Whom:
    """Whom the ledger does not know may be on the way into it: a Zendesk id is forgotten all the same."""
    if not looking.is_zendesk_id(wanted):
        raise BadSettings([f"no customer is known by {wanted}; forget it by its Zendesk id"])
    if len(installations) != 1:
        raise BadSettings([f"no customer is known by {wanted}; say whose it is with --installation NAME"])
    (one,) = installations
    return Whom(one, int(wanted), _forgotten_at(services, services.directory.forgotten, one, int(wanted)))


def _forgotten_at(
    services: Services, forgotten: Forgotten, installation: Installation, number: int
) -> str | None:
    with services.ledger.reading() as connection:
        at = forgotten.since(connection, installation.id, number)
    return None if at is None else iso(from_micros(at))


def _several(wanted: str, found: list[tuple[str, int]]) -> str:
    named = ", ".join(f"{number} of {name}" for name, number in found)
    return (
        f"several customers are known by {wanted}: {named}; name one by its Zendesk id, with --installation"
    )


def _question(whom: Whom, in_sailthru: bool) -> str:
    also = ", and clear its vars in Sailthru" if in_sailthru else ""
    return f"Forget customer {whom.number} of {whom.installation.name} for good{also}?"
