"""What `bridge check` and `bridge setup` look at in an installation's Sailthru account."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.errors import BridgeError
from bridge.ledger.installations import Installation
from bridge.services import Services
from commands.findings import OK, Finding, refused


def look_at_sailthru(services: Services, one: Installation) -> Iterator[Finding]:
    """Whether its credentials work."""
    try:
        services.remotes.sailthru(one).settings()
    except BridgeError as error:
        yield refused(one, "sailthru", error)
    else:
        yield Finding(OK, one.name, "Sailthru lets us in")
