"""Keeps postbacks: whom each is about, what is to be read because of it, and its row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.deciding.reading import Meaning, ProfileHint
from bridge.ledger import postbacks
from bridge.ledger.events import IGNORED, KEPT, KeptEvent
from consumers.patience import Cause
from consumers.pointing import Pointed, point
from schemas.event import Event


@dataclass(frozen=True)
class Postbacks:
    """The postbacks of a batch: event id -> the event, and whom it points at."""

    pointed: Mapping[str, tuple[Event, Pointed]]

    @classmethod
    def of(
        cls, connection: Connection, installation_id: int, batch: Iterable[tuple[Event, Meaning | None]]
    ) -> Postbacks:
        """Find out whom they are about; a flood about one customer is looked up once."""
        hinted = [(event, one.profile) for event, one in batch if one is not None and one.profile is not None]
        meant = {hint: _point(connection, installation_id, hint) for _, hint in hinted}
        return cls({event.id: (event, meant[hint]) for event, hint in hinted})

    def numbers(self, ids: Iterable[str] | None = None) -> set[int]:
        """The customers they point at; `ids` narrows to these events."""
        chosen = self.pointed.keys() if ids is None else ids
        found = (self.pointed[one][1].number for one in chosen if one in self.pointed)
        return {number for number in found if number is not None}

    def only(self, ids: Set[str]) -> Postbacks:
        """Those of these events."""
        return Postbacks({name: one for name, one in self.pointed.items() if name in ids})

    def causes(self) -> list[Cause]:
        """Whose profile is to be read."""
        return [
            Cause(one.number, hinted_at=event.received_at)
            for event, one in self.pointed.values()
            if one.number is not None and one.is_to_be_read
        ]

    def to_be_found(self) -> set[int]:
        """Customers without a profile so far: one may have just appeared."""
        return {one.number for _, one in self.pointed.values() if one.number and one.is_to_be_found}

    def kept(self) -> list[KeptEvent]:
        """Their rows. The version that holds what they told of is known only once the profile was read."""
        return [
            KeptEvent(event, one.number, None, IGNORED if one.reason else KEPT, one.reason)
            for event, one in self.pointed.values()
        ]


def _point(connection: Connection, installation_id: int, hint: ProfileHint) -> Pointed:
    by_sid = postbacks.with_sid(connection, installation_id, hint.sid) if hint.sid else []
    by_address = (
        postbacks.with_address(connection, installation_id, hint.address)
        if hint.address and not by_sid
        else []
    )
    return point(by_sid, by_address, hint.address)
