"""Where webhooks arrive: take the raw body, verify, read, keep, answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from bridge.broker.contract import Outgoing
from bridge.errors import Rejected, Unavailable
from bridge.ledger.installations import Installation
from receiver.answers import JSON, answer, code_of
from receiver.doorkeeper import Doorkeeper
from receiver.parts import Parts
from receiver.signatures import BadSignature, verify
from receiver.tally import Told, note
from schemas.delivery import Arrival, Read, unreadable_event
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

EVENTS = "zendesk/events"
TRIGGERS = "zendesk/triggers"
LARGEST_BODY = 1024 * 1024


def zendesk_hooks(parts: Parts) -> Blueprint:
    """The two addresses that Zendesk calls, for every installation."""
    blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")
    doorkeeper = Doorkeeper(parts.directory, parts.clock)

    def read_events(arrival: Arrival) -> Read:
        return read_delivery(arrival.body, installation=arrival.installation, received_at=arrival.received_at)

    def read_hint(arrival: Arrival) -> Read:
        return read_trigger(
            arrival.body,
            installation=arrival.installation,
            received_at=arrival.received_at,
            new_id=parts.new_id,
        )

    for path, source, read in ((EVENTS, "webhook", read_events), (TRIGGERS, "trigger", read_hint)):
        blueprint.add_url_rule(
            f"/<installation>/{path}",
            endpoint=source,
            view_func=Hook(parts, doorkeeper, path, source, read).receive,
            methods=["POST"],
            provide_automatic_options=False,
        )
    return blueprint


@dataclass(frozen=True)
class Hook:
    """One address: what comes to it, and how its body is read."""

    parts: Parts
    doorkeeper: Doorkeeper
    path: str
    source: str
    read: Callable[[Arrival], Read]

    def receive(self, installation: str) -> Response:
        """The view. Raises what `receiver.answers` turns into 4xx and 503."""
        started = self.parts.clock.monotonic()
        told = Told("unforeseen")
        try:
            told = self._take(installation)
        except Rejected as error:
            told = Told(error.code, hint=error.hint)
            raise
        except Unavailable as error:
            told = Told(f"{error.part}_away", hint=error.detail)
            raise
        except HTTPException as error:
            told = Told(code_of(error))
            raise
        finally:
            seconds = self.parts.clock.monotonic() - started
            note(told, self._known(installation), path=self.path, source=self.source, seconds=seconds)
        return answer(202, accepted=told.accepted, ignored=told.ignored)

    def _take(self, name: str) -> Told:
        # The raw body before anything else: whoever asks for a form first leaves nothing to verify.
        body = request.get_data(cache=False)
        if len(body) > LARGEST_BODY:
            raise RequestEntityTooLarge
        content_type = request.environ.get("CONTENT_TYPE", "")
        if content_type.partition(";")[0].strip().lower() != JSON:
            raise UnsupportedMediaType
        received_at = self.parts.clock.now()
        self._admit(name, body, received_at)
        return self._keep(Arrival(name, self.path, body, content_type, received_at))

    def _admit(self, name: str, body: bytes, now: datetime) -> None:
        """Return if a secret of that installation signed the body.

        The installation may have come, or its secrets changed, since it was last read: nobody is told no
        before the ledger was asked.
        """
        known = self.doorkeeper.known(name)
        if known is not None:
            with suppress(BadSignature):
                return _verify(known, body, now)
        asked = self.doorkeeper.asked(name)
        if asked is None:
            raise Rejected("unknown_installation", 404, "No installation has the name in this address.")
        return _verify(asked, body, now)

    def _keep(self, arrival: Arrival) -> Told:
        try:
            read = self.read(arrival)
        except Unreadable as error:
            # A repeat would be just as unreadable: it is accepted, and an operator finds it as a dead letter.
            self._publish(unreadable_event(error, arrival, id=self.parts.new_id()))
            return Told("unreadable", accepted=1, hint=f"{error.fault} {error.hint}".strip())
        ways = [self._publish(event) for event in read.events]
        return Told(ways[0] if ways else "ignored", accepted=len(ways), ignored=read.ignored)

    def _publish(self, event: Event) -> str:
        return self.parts.acceptance.keep(
            Outgoing(
                lane=event.lane,
                body=event.to_bytes(),
                message_id=event.id,
                type=event.type,
                installation=event.installation,
            )
        )

    def _known(self, name: str) -> str:
        """The name, if it is an installation's: strangers choose no label and no words in our log."""
        with suppress(Unavailable):
            return name if self.doorkeeper.known(name) else ""
        return ""


def _verify(installation: Installation, body: bytes, now: datetime) -> None:
    verify(request.headers, body, secrets=installation.settings.zendesk.webhook_secrets, now=now)
