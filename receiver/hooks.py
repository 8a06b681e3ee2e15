"""Where webhooks arrive: take the raw body, verify, read, keep, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from bridge import metrics
from bridge.errors import Rejected, Unavailable
from bridge.ledger.installations import Installation
from receiver.answers import JSON, Answer, accepted, code_of
from receiver.doorkeeper import Doorkeeper
from receiver.incoming import Incoming
from receiver.parts import Parts
from receiver.postback_signatures import verify_postback
from receiver.publishing import publish
from receiver.signatures import BadSignature, verify
from receiver.tally import Told, write
from receiver.ways import way_of
from receiver.wrong_wiring import plain, wrong_wiring
from schemas.delivery import SOURCES, Arrival, Read, unreadable_event
from schemas.errors import Unreadable
from schemas.event import Event
from schemas.form import FORM, TooManyFields
from schemas.postback import read_postback
from schemas.trigger import read_trigger
from schemas.zendesk_events import read_delivery

EVENTS = "zendesk/events"
TRIGGERS = "zendesk/triggers"
POSTBACKS = "sailthru/postbacks"
LARGEST_BODY = 1024 * 1024

# The position of the secret that verified, from 1.
Verify = Callable[[Installation, Incoming, bytes, datetime], int]


@dataclass(frozen=True)
class Kind:
    """What one of the addresses takes: the content type, how it is signed and read, what success is told."""

    path: str
    content_type: str
    verify: Verify
    read: Callable[[Arrival], Read]
    success: int

    @property
    def source(self) -> str:
        """What the events, and the metric, name as their source."""
        return SOURCES[self.path]


def hooks(parts: Parts) -> dict[str, Hook]:
    """The addresses that Zendesk and Sailthru call, for every installation, by the last part of each."""
    doorkeeper = Doorkeeper(parts.directory, parts.clock)
    log = structlog.get_logger(__name__).bind()  # or each line would bind it anew
    return {kind.path: Hook(parts, doorkeeper, kind, log) for kind in _kinds(parts)}


def _kinds(parts: Parts) -> tuple[Kind, ...]:
    def read_events(came: Arrival) -> Read:
        return read_delivery(came.body, installation=came.installation, received_at=came.received_at)

    def hint_reader(read: Callable[..., Read]) -> Callable[[Arrival], Read]:
        return lambda came: read(
            came.body, installation=came.installation, received_at=came.received_at, new_id=parts.new_id
        )

    return (
        Kind(EVENTS, JSON, _verify_webhook, read_events, 202),
        Kind(TRIGGERS, JSON, _verify_webhook, hint_reader(read_trigger), 202),
        Kind(POSTBACKS, FORM, _verify_postback, hint_reader(read_postback), 200),
    )


@dataclass(frozen=True)
class Hook:
    """One address. It knows WSGI and nothing of Flask, whoever calls it: see `receiver.app`."""

    parts: Parts
    doorkeeper: Doorkeeper
    kind: Kind
    log: Any

    @property
    def endpoint(self) -> str:
        """What Flask and the log call it."""
        return f"hooks.{self.kind.source}"

    def receive(self, incoming: Incoming) -> Answer:
        """The answer to a delivery that was taken. Raises what `answers.refusal` turns into 4xx and 503."""
        if self.parts.traces is None:
            return self._receive(incoming)
        with self.parts.traces.serving(f"delivery {self.kind.path}"):
            return self._receive(incoming)

    def _receive(self, incoming: Incoming) -> Answer:
        started = self.parts.clock.monotonic()
        told = Told("unforeseen")
        try:
            told = self._take(incoming)
        except Rejected as error:
            told = Told(error.code, hint=self._wiring(incoming) or error.hint)
            raise
        except Unavailable as error:
            told = Told(f"{error.part}_away", hint=error.detail)
            raise
        except HTTPException as error:
            told = Told(code_of(error), hint=self._wiring(incoming))
            raise
        finally:
            seconds = self.parts.clock.monotonic() - started
            known, path = self._known(incoming.installation), self.kind.path
            metrics.count_delivery(known, source=self.kind.source, outcome=told.outcome)
            about = self._traced(known, told) if self.parts.traces else {}
            duration_ms = round(seconds * 1000, 1)
            write(self.log, told, installation=known, hook=path, duration_ms=duration_ms, **about)
        return accepted(self.kind.success, told.accepted, told.ignored)

    def _take(self, incoming: Incoming) -> Told:
        # The raw body before anything else: whoever asks for a form first leaves nothing to verify.
        body = incoming.body(most=LARGEST_BODY)
        if plain(incoming.content_type) != self.kind.content_type:
            raise UnsupportedMediaType
        received_at = self.parts.clock.now()
        secret = self._admit(incoming, body, received_at)
        name, content_type = incoming.installation, incoming.content_type
        arrival = Arrival(name, self.kind.path, body, content_type, received_at)
        return self._keep(arrival, way_of(incoming, secret))

    def _admit(self, incoming: Incoming, body: bytes, now: datetime) -> int:
        """Which secret of that installation's account signed the body.

        The installation may have come, or its secrets changed, since it was last read: nobody is told no
        before the ledger was asked.
        """
        known = self.doorkeeper.known(incoming.installation)
        if known is not None:
            with suppress(BadSignature):
                return self.kind.verify(known, incoming, body, now)
        asked = self.doorkeeper.asked(incoming.installation)
        if asked is None:
            raise Rejected("unknown_installation", 404, "No installation has the name in this address.")
        return self.kind.verify(asked, incoming, body, now)

    def _keep(self, arrival: Arrival, way: Mapping[str, Any]) -> Told:
        try:
            read = self.kind.read(arrival)
        except Unreadable as error:
            # A repeat would be just as unreadable: it is accepted, and an operator finds it as a dead letter.
            self._publish(unreadable_event(error, arrival, id=self.parts.new_id()), way)
            return Told("unreadable", accepted=1, hint=f"{error.fault} {error.hint}".strip())
        told = [self._publish(event, way) for event in read.events]
        return Told(told[0] if told else "ignored", accepted=len(told), ignored=read.ignored)

    def _publish(self, event: Event, way: Mapping[str, Any]) -> str:
        return publish(replace(event, delivery=way), self.parts.acceptance, self.parts.traces)

    def _traced(self, installation: str, told: Told) -> Mapping[str, str]:
        """What the log says of the trace."""
        assert self.parts.traces is not None
        return self.parts.traces.note(installation=installation, outcome=told.outcome)

    def _wiring(self, incoming: Incoming) -> str:
        """What an operator should know when something quite else came than belongs to this address."""
        return wrong_wiring(self.kind.path, incoming, installation=self._known(incoming.installation))

    def _known(self, name: str) -> str:
        """The name, if it is an installation's: strangers choose no label and no words in our log."""
        with suppress(Unavailable):
            return name if self.doorkeeper.known(name) else ""
        return ""


def _verify_webhook(installation: Installation, incoming: Incoming, body: bytes, now: datetime) -> int:
    return verify(incoming, body, secrets=installation.settings.zendesk.webhook_secrets, now=now)


def _verify_postback(installation: Installation, _incoming: Incoming, body: bytes, _now: datetime) -> int:
    try:
        return verify_postback(body, installation.settings.sailthru)
    except TooManyFields:
        raise RequestEntityTooLarge from None
