"""What all commands need: the services, an installation by its name, who is at the keyboard."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from bridge.errors import BadSettings
from bridge.ledger.installations import Installation
from bridge.ledger.revision import require_current
from bridge.services import Services, build
from bridge.settings import load_settings


@contextmanager
def opened() -> Iterator[Services]:
    """The services over a ledger with current tables."""
    with opened_as_it_is() as services:
        require_current(services.ledger)
        yield services


@contextmanager
def opened_as_it_is() -> Iterator[Services]:
    """The services, whatever state the ledger is in."""
    services = build(load_settings())
    try:
        yield services
    finally:
        services.close()


def installation_named(services: Services, name: str) -> Installation:
    """The installation of that name. Raises `BadSettings`."""
    found = services.directory.get(name)
    if found is None:
        raise BadSettings([f"there is no installation named {name}; see: bridge installations list"])
    return found


def installation_id(services: Services, name: str) -> int:
    """The id of the installation of that name. Raises `BadSettings`."""
    return installation_named(services, name).id


def operator() -> str:
    """Who is at the keyboard, for the record of actions."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output, nothing else."
)
installation_option = click.option(
    "--installation", "installation", metavar="NAME", help="Only this installation."
)
limit_option = click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
