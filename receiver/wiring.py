"""From a process's services to the receiver's parts."""

from __future__ import annotations

import uuid

from bridge.broker.accepting import Acceptance
from bridge.broker.contract import Broker, Publisher
from bridge.errors import Unavailable
from bridge.gauges import Gauges
from bridge.ledger import events
from bridge.ledger.hasty import HastyLedger
from bridge.ledger.ledger import answers
from bridge.services import Services
from receiver.console.parts import ConsoleParts
from receiver.parts import Parts
from receiver.sidebar.parts import SidebarParts

# Of the connections that a process serves at once, this part at most waits for Sailthru or Zendesk.
READS_SHARE = 4
MOST_READS = 32


def parts_of(services: Services) -> Parts:
    """What `create_app` needs. Connects to nothing."""
    publisher = services.broker.publisher()
    return Parts(
        directory=services.directory,
        acceptance=Acceptance(
            publisher,
            services.ledger,
            unapplied=lambda name: _unapplied(services, name),
            share=services.settings.park_above,
        ),
        clock=services.clock,
        new_id=lambda: str(uuid.uuid4()),
        broker_answers=lambda: _answers(services.broker, publisher),
        ledger_answers=lambda: answers(services.ledger),
        sidebar=SidebarParts(
            services.ledger,
            services.remotes,
            services.settings.secret_keys,
            reads_at_once=min(MOST_READS, max(1, services.settings.web_connections // READS_SHARE)),
        ),
        console=console_parts(services, publisher),
        metrics_token=services.settings.metrics_token,
        traces=services.traces,
        collectors=[Gauges(services.ledger, services.broker)],
    )


def console_parts(services: Services, publisher: Publisher) -> ConsoleParts:
    """What the console stands on: the same parts, and a ledger in which nobody looks for long."""
    return ConsoleParts(
        ledger=HastyLedger(services.ledger),
        broker=services.broker,
        publisher=publisher,
        directory=services.directory,
        remotes=services.remotes,
        clock=services.clock,
        secret_keys=services.settings.secret_keys,
    )


def _unapplied(services: Services, name: str) -> int:
    installation = services.directory.get(name)
    if installation is None:
        return 0
    with services.ledger.reading() as connection:
        return events.unapplied(connection, installation.id)


def _answers(broker: Broker, publisher: Publisher) -> bool:
    if publisher.is_away():
        return False
    try:
        broker.depths()
    except Unavailable:
        return False
    return True
