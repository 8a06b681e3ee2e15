"""What the broker gave up on gets one more try, alone; what fails then is a dead letter."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bridge.broker.contract import Broker, Message
from bridge.clock import Clock, to_micros
from bridge.deciding.reading import meaning
from bridge.directory import Directory
from bridge.errors import Unavailable
from bridge.ledger import dead
from bridge.ledger.ledger import Ledger
from consumers import unreadable
from consumers.admitting import Meant, is_forgotten
from consumers.keeping import keep_events
from consumers.patience import PATIENT, Patience
from schemas.errors import Unreadable
from schemas.event import Event, from_bytes

log = structlog.get_logger(__name__)


@dataclass
class LastTries:
    """The clock's pass over the `.dead` queues."""

    ledger: Ledger
    directory: Directory
    broker: Broker
    clock: Clock
    patience: Patience = PATIENT

    def step(self) -> None:
        """One message at a time.

        Before it is tried the dead letter is written: if the try ends the whole process, the letter is there,
        and the message is not tried again.
        """
        for message in self.broker.given_up(10):
            self._try(message)
            self.broker.settle_given_up([message])

    def _try(self, message: Message) -> None:
        try:
            event = from_bytes(message.body)
        except Unreadable as error:
            unreadable.bury(self.ledger, self.directory, message, error, self.clock)
            return
        installation = self.directory.get(event.installation) or self.directory.ask_now(event.installation)
        if installation is None:
            return
        if not self._write_intent(installation.id, message, event):
            return
        try:
            with self.ledger.writing() as connection:
                batch, now, gone = [Meant(event, meaning(event))], self.clock.now(), self.directory.forgotten
                keep_events(connection, installation.id, batch, now, self.patience, forgotten=gone)
                dead.close_event(connection, installation.id, event.id)
        except Unavailable:
            raise
        except Exception:  # it failed to the end: the dead letter stands
            log.exception("The last try failed.", action="event_failed", outcome="dead", type=event.type)

    def _write_intent(self, installation_id: int, message: Message, event: Event) -> bool:
        """The dead letter that stands unless the try succeeds; False when an earlier try left one already."""
        letter = dead.DeadLetter(
            installation_id,
            lane=message.lane,
            type=event.type,
            reason="given_up",
            error="A process that took this event ended each time; the broker gave it up.",
            event_id=event.id,
            attempts=message.deliveries,
            data={"event": message.body.decode("ascii")},
        )
        with self.ledger.writing() as connection:
            if dead.of_event(connection, installation_id, event.id) is not None:
                return False
            if is_forgotten(connection, installation_id, event, self.directory.forgotten):
                return False
            dead.bury(connection, letter, to_micros(self.clock.now()))
        return True
