"""When the clock has whose profile read again: everybody at a moment of its own, so that it is even. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from bridge.clock import from_micros, to_micros

MICROSECOND = timedelta(microseconds=1)


def next_turn(installation_id: int, number: int, every: timedelta, now: datetime) -> datetime:
    """The first turn of customer `number` after `now`; its turns are `every` apart.

    A place of its own, told by its number alone: whoever's turn was missed does not drag others along, and
    a thousand customers linked in one minute are a thousand places.
    """
    length = every // MICROSECOND
    place = int(_share(installation_id, number) * length)
    rounds = (to_micros(now) - place) // length + 1
    return from_micros(rounds * length + place)


def _share(installation_id: int, number: int) -> float:
    digest = hashlib.blake2b(f"{installation_id}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
