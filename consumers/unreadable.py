"""A message that is none of our events, or of an unknown version: kept as a dead letter, body and all."""

from __future__ import annotations

import hashlib
import json

import structlog

from bridge.broker.contract import Message
from bridge.clock import Clock, to_micros
from bridge.directory import Directory
from bridge.ledger import dead
from bridge.ledger.ledger import Ledger

log = structlog.get_logger(__name__)

NOBODYS = 0  # the letter's installation, when the message names none that we know
LONGEST_BODY = 16_384


def bury(ledger: Ledger, directory: Directory, message: Message, error: Exception, clock: Clock) -> None:
    """Keep the message as a dead letter; the same one again is the same letter."""
    log.error(str(error), action="message_unreadable", outcome="dead", reason="unreadable", lane=message.lane)
    letter = dead.DeadLetter(
        _installation(directory, message.body),
        lane=message.lane,
        type="message",
        reason="unreadable",
        error=str(error),
        event_id=f"message:{hashlib.blake2b(message.body, digest_size=12).hexdigest()}",
        attempts=message.deliveries,
        data={"body": message.body[:LONGEST_BODY].decode("utf-8", "backslashreplace")},
    )
    with ledger.writing() as connection:
        dead.bury(connection, letter, to_micros(clock.now()))


def _installation(directory: Directory, body: bytes) -> int:
    """Whose message it seems to be: it may still be JSON that names an installation."""
    known = directory.all()
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        record = None
    named = record.get("installation") if isinstance(record, dict) else None
    mine = [one for one in known if one.name == named] or (known if len(known) == 1 else [])
    return mine[0].id if mine else NOBODYS
