"""`bridge installations`: the pairs of accounts. Secrets go in by a file, and never come out."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from typing import Any, BinaryIO

import click

from bridge import installation_health
from bridge.clock import iso
from bridge.errors import BadSettings
from bridge.installation_health import Health
from bridge.ledger import actions, set_ups
from bridge.ledger import installations as kept
from bridge.ledger.installations import Installation, SameAccount
from bridge.services import Services
from commands.opening import json_option, opened, operator
from commands.output import moment, print_fields, print_json, print_rows
from schemas.installation import (
    BadInstallation,
    InstallationSettings,
    as_record,
    changed,
    installation_settings,
)
from schemas.installation_secrets import SECRET_KEYS

MOST_EXPLAINED = 20

from_option = click.option(
    "--from",
    "file",
    type=click.File("rb"),
    required=True,
    metavar="FILE|-",
    help="A TOML file; - for standard input.",
)


@click.group()
def installations() -> None:
    """Add, show, change and remove pairs of accounts."""


@installations.command()
@click.argument("name")
@from_option
@json_option
def add(name: str, file: BinaryIO, as_json: bool) -> None:
    """Add the installation NAME from a file."""
    record = _read(file)
    with opened() as services:
        settings = _checked(lambda: installation_settings(record))
        with services.ledger.writing() as connection:
            same = kept.same_accounts(connection, settings)
            now = services.ledger.now()
            made = kept.add(connection, services.vault, name=name, settings=settings, at=now)
            _note(connection, services, made, "installation_added")
    _warn(same)
    in_use = f"Installation {name} is kept and in use within five seconds."
    _say(made, as_json, f"{in_use} Next: bridge setup {name} --public-url URL")


@installations.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List all installations with how they are doing, trouble first.

    State: halted (a system refuses the credentials), down (it does not answer), paused (by somebody), ok.
    """
    with opened() as services, services.ledger.reading() as connection:
        found = installation_health.look(connection)
    if as_json:
        print_json([_health(one) for one in found])
        return
    print_rows(
        [_short(one) for one in found],
        empty="There are none yet. Next: bridge installations add NAME --from FILE",
    )
    for one in found[:MOST_EXPLAINED]:
        if one.because:
            click.echo(f"{one.name} is {one.state} since {moment(one.since)}: {one.because}")


def _health(one: Health) -> dict[str, Any]:
    times = {name: moment(getattr(one, name)) for name in ("since", "last_event_at", "updated_at")}
    return {**asdict(one), "because": one.because or None, **times}


def _short(one: Health) -> dict[str, Any]:
    """What fits into a line."""
    return {
        "name": one.name,
        "state": one.state,
        "owed": one.owed,
        "dead": one.dead,
        "drift": one.drift,
        "last event": moment(one.last_event_at),
        "zendesk": one.zendesk,
    }


@installations.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the installation NAME; of secrets only whether they are set."""
    with opened() as services, services.ledger.reading() as connection:
        found = _found(kept.by_name(connection, services.vault, name=name), name)
    if as_json:
        print_json(_shown(found))
        return
    print_fields({"name": found.name, "updated_at": iso(found.updated_at)})
    for section, keys in _shown(found)["settings"].items():
        click.echo(f"\n[{section}]")
        print_fields(keys)


@installations.command("set")
@click.argument("name")
@from_option
@json_option
def set_keys(name: str, file: BinaryIO, as_json: bool) -> None:
    """Change the keys of NAME that a file gives; the others stay."""
    record = _read(file)
    with opened() as services, services.ledger.writing() as connection:
        found = _found(kept.by_name(connection, services.vault, name=name), name)
        settings = _checked(lambda: changed(found.settings, record))
        kept.replace(connection, services.vault, id=found.id, settings=settings, at=services.ledger.now())
        same = kept.same_accounts(connection, settings, besides=[found.id])
        _note(connection, services, found, "installation_changed")
        now = _found(kept.by_name(connection, services.vault, name=name), name)
    _warn(same)
    _say(now, as_json, f"Installation {name} is changed; in use within five seconds.")


@installations.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(name: str, yes: bool, as_json: bool) -> None:
    """Remove the installation NAME: its secrets at once, its records by and by."""
    with opened() as services:
        with services.ledger.reading() as connection:
            number = next((key for key, (one, _) in kept.versions(connection).items() if one == name), None)
        if number is None:
            raise BadSettings([_nobody(name)])
        _warn_of_set_up(services, number, name)
        if not yes:
            click.confirm(f"Remove {name}? Its deliveries will be answered 404.", abort=True, err=True)
        with services.ledger.writing() as connection:
            kept.remove(connection, number, at=services.ledger.now())
            actions.note(
                connection,
                services.ledger.micros(),
                operator=operator(),
                action="installation_removed",
                target=name,
                installation_id=number,
            )
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(f"Installation {name} is removed.")


def _read(file: BinaryIO) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettings([f"the file is not TOML ({_place_only(error)})"]) from None


def _place_only(error: Exception) -> str:
    # Where it went wrong, not what stood there: that may be a secret.
    return (
        str(error).rpartition("(")[2].rstrip(")")
        if isinstance(error, tomllib.TOMLDecodeError)
        else "not UTF-8"
    )


def _checked(make: Any) -> InstallationSettings:
    try:
        settings: InstallationSettings = make()
    except BadInstallation as error:
        raise BadSettings(error.faults) from None
    return settings


def _found(one: Installation | None, name: str) -> Installation:
    if one is None:
        raise BadSettings([_nobody(name)])
    return one


def _nobody(name: str) -> str:
    return f"there is no installation named {name}; see: bridge installations list"


def _note(connection: Any, services: Services, one: Installation, action: str) -> None:
    actions.note(
        connection,
        services.ledger.micros(),
        operator=operator(),
        action=action,
        target=one.name,
        installation_id=one.id,
    )


def _warn(same: list[SameAccount]) -> None:
    for one in same:
        click.echo(
            f"Warning: {one.name} has the same {one.system.capitalize()} account; both will write to it.",
            err=True,
        )


def _warn_of_set_up(services: Services, number: int, name: str) -> None:
    with services.ledger.reading() as connection:
        made = [one for one in set_ups.parts_of(connection, number).values() if one.state != set_ups.FOUND]
    if made:
        click.echo(
            f"Warning: setup made {len(made)} things in Zendesk, and they stay there. "
            f"To take them away first: bridge setup {name} --remove",
            err=True,
        )


def _say(one: Installation, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(_shown(one))
    else:
        click.echo(sentence)


def _shown(one: Installation) -> dict[str, Any]:
    settings = {
        section: {key: _hidden(section, key, value) for key, value in keys.items()}
        for section, keys in as_record(one.settings).items()
    }
    return {"name": one.name, "updated_at": iso(one.updated_at), "settings": settings}


def _hidden(section: str, key: str, value: Any) -> Any:
    if key not in SECRET_KEYS.get(section, ()):
        return value
    if isinstance(value, list):
        return f"{len(value)} set" if value else "not set"
    return "set" if value else "not set"
