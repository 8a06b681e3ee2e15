"""`bridge console`: who may use the on-call pages, and links that sign in once."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from bridge.clock import iso
from bridge.ledger import operators, sessions
from bridge.people.managing import LINK_LIFE_S, People
from bridge.people.roles import OPERATOR, ROLES, VIEWER
from bridge.services import Services
from commands.opening import json_option, opened, operator
from commands.output import moment, print_json, print_rows

HOW_PASSWORDS_COME = "The password is asked for; from a pipe, it is the first line."


@click.group()
def console() -> None:
    """Say who may use the console, the on-call pages at /console/."""


@console.group()
def users() -> None:
    """Add, list and remove people, and set their passwords."""


@users.command(epilog=HOW_PASSWORDS_COME)
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), default=VIEWER, show_default=True, help="Look, or look and act."
)
@json_option
def add(name: str, role: str, as_json: bool) -> None:
    """Add the operator NAME."""
    with opened() as services:
        _people(services).add(name, role, _password())
    _say({"name": name, "role": role}, as_json, f"{name} may sign in at /console/ as {role}.")


@users.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List the operators, and where they are signed in."""
    with opened() as services, services.ledger.reading() as connection:
        signed_in = [one.name for one in sessions.every(connection, services.ledger.micros())]
        rows = [
            {
                "name": one.name,
                "role": one.role,
                "created_at": moment(one.created_at),
                "password_set_at": moment(one.changed_at),
                "signed_in": signed_in.count(one.name),
            }
            for one in operators.every(connection)
        ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, empty="There are none yet. Next: bridge console users add NAME --role operator")


@users.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Remove the operator NAME, and sign them out."""
    with opened() as services:
        ended = _people(services).remove(name)
    _say({"name": name, "removed": True, "signed_out": ended}, as_json, f"{name} is removed and signed out.")


@users.command(epilog=HOW_PASSWORDS_COME)
@click.argument("name")
@json_option
def password(name: str, as_json: bool) -> None:
    """Give the operator NAME another password, and sign them out."""
    with opened() as services:
        ended = _people(services).set_password(name, _password())
    _say({"name": name, "signed_out": ended}, as_json, f"{name} has another password and is signed out.")


@console.command()
@click.option("--role", type=click.Choice(ROLES), default=OPERATOR, show_default=True)
@click.option("--url", help="Where browsers reach the receiver, by default http://127.0.0.1:PORT.")
@json_option
def link(role: str, url: str | None, as_json: bool) -> None:
    """Print an address that signs in once, for whoever holds the server."""
    with opened() as services:
        address = _base(services, url) + _people(services).make_link(role, services.settings.secret_keys)
        until = iso(services.clock.now() + timedelta(seconds=LINK_LIFE_S))
    if as_json:
        print_json({"url": address, "role": role, "expires_at": until})
        return
    click.echo(address)
    click.echo(f"It signs in once, as {role}, until {until}.", err=True)


@console.command("sign-out")
@click.argument("name", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody; unused links end too.")
@json_option
def sign_out(name: str | None, everybody: bool, as_json: bool) -> None:
    """Sign NAME out in every browser."""
    if (name is None) != everybody:
        raise click.UsageError("Give a NAME, or --all.")
    with opened() as services:
        ended = _people(services).sign_out(name)
    _say({"signed_out": ended}, as_json, f"Signed out in {ended} browsers.")


def _people(services: Services) -> People:
    return People(services.ledger, operator())


def _base(services: Services, url: str | None) -> str:
    return (url or f"http://127.0.0.1:{services.settings.port}").rstrip("/")


def _password() -> str:
    """Asked for at a terminal, else the first line of standard input; never an argument, which others see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    return given


def _say(record: dict[str, object], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(record)
    else:
        click.echo(sentence)
