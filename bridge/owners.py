"""Who owns each field: the one side whose word about it counts, and from which it flows to the other."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.facts import (
    ACTIVE,
    ADDRESS,
    CREATED,
    FORMER_PREFIX,
    GONE,
    HEALTH,
    ROLE,
    SAILTHRU_PREFIX,
    SUSPENDED,
    SYNC,
    TAG_PREFIX,
    TAGS,
    TICKET,
    TICKETS,
)

ZENDESK, SAILTHRU, AGENT = "Zendesk", "Sailthru", "agent"

OWNERS: Mapping[str, str] = {
    ADDRESS: ZENDESK,
    ACTIVE: ZENDESK,
    GONE: ZENDESK,
    ROLE: ZENDESK,
    SUSPENDED: ZENDESK,
    CREATED: ZENDESK,
    TICKET: ZENDESK,
    TICKETS: ZENDESK,
    TAGS: ZENDESK,
    TAG_PREFIX: ZENDESK,
    FORMER_PREFIX: ZENDESK,
    SYNC: AGENT,
    HEALTH: AGENT,
    SAILTHRU_PREFIX: SAILTHRU,
}


def owner_of(field: str) -> str:
    """The owner of a fact's field; raises `KeyError` for one that nobody owns."""
    kind, slash, _ = field.partition("/")
    return OWNERS[kind + slash]
