"""Whom a postback is about: by the profile's id, else by the address. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.customer import EMAIL, NOT_IN_ZENDESK, STAFF
from bridge.ledger.postbacks import Linkage

NOBODY = "not in Zendesk"
UNLINKED = "no profile"


@dataclass(frozen=True)
class Pointed:
    """Customer `number`, whose profile is to be read; unlinked, its profile is to be looked for instead.

    `reason` says why the postback comes to nothing, empty when it does not.
    """

    number: int | None
    reason: str = ""

    @property
    def is_to_be_read(self) -> bool:
        return self.number is not None and not self.reason

    @property
    def is_to_be_found(self) -> bool:
        return self.reason == UNLINKED


def point(by_sid: Sequence[Linkage], by_address: Sequence[Linkage], address: str | None) -> Pointed:
    """The customer meant.

    Of several at one address it is the one whose profile is there, then the one whose address it is.
    """
    if by_sid:
        return Pointed(by_sid[0].zendesk_id)
    here = [one for one in by_address if _may_be_at(one, address)]
    if here:
        return Pointed(here[0].zendesk_id)
    owners = [one for one in by_address if one.address == address]
    linked = [one for one in owners if one.sid is not None]
    if linked:
        return Pointed(linked[0].zendesk_id)
    return _unlinked(owners)


def _may_be_at(one: Linkage, address: str | None) -> bool:
    """Whether its profile is at the address, or may be while it is on the move."""
    if one.sid is None or address is None:
        return False
    digest, _at, keys = json.loads(one.known).get(EMAIL, ("", 0, ()))
    return address in ([digest] if digest else keys)


def _unlinked(owners: Sequence[Linkage]) -> Pointed:
    for one in owners:
        if one.state == STAFF:
            return Pointed(one.zendesk_id, "staff")
        if one.state != NOT_IN_ZENDESK:
            return Pointed(one.zendesk_id, UNLINKED)
    return Pointed(None, NOBODY)
