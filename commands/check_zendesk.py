"""What `bridge check` looks at in an installation's Zendesk account."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.errors import BridgeError, Refused
from bridge.ledger import learning
from bridge.ledger.installations import Installation
from bridge.remotes.zendesk import Me, Zendesk
from bridge.services import Services
from commands.findings import FAULT, OK, WARNING, Finding, refused
from consumers.to_zendesk.account import learn_fields

MOST_SKEW_S = 60.0  # a delivery's signature may be 300 s old, and its way takes time too
STAFF = ("admin", "agent")
READABLE = "everybody who works in Zendesk can read them"


def look_at_zendesk(services: Services, one: Installation) -> Iterator[Finding]:
    """Who we are there, its clock, and how the way back is written: by which tags, into which fields."""
    zendesk = services.remotes.zendesk(one)
    try:
        me = zendesk.me()
    except BridgeError as error:
        yield refused(one, "zendesk", error)
        return
    yield from look_at_us(me, one)
    try:
        yield _tagging(services, zendesk, one)
        yield from _fields(services, zendesk, one)
    except BridgeError as error:
        yield refused(one, "zendesk", error)


def look_at_us(me: Me, one: Installation) -> Iterator[Finding]:
    """Who we are in Zendesk, and whether its clock agrees with ours."""
    yield from _rights(me, one)
    yield from _clock(me, one)


def _rights(me: Me, one: Installation) -> Iterator[Finding]:
    if me.user.role not in STAFF:
        yield Finding(
            FAULT,
            one.name,
            f"signs in to Zendesk as {me.user.role}, who may not read all users and tickets",
            "let an admin own the OAuth client or API token",
        )
    else:
        yield Finding(OK, one.name, f"Zendesk lets us in as {me.user.role}")


def _clock(me: Me, one: Installation) -> Iterator[Finding]:
    if me.skew_s is not None and abs(me.skew_s) > MOST_SKEW_S:
        yield Finding(
            FAULT,
            one.name,
            f"this machine's clock differs from Zendesk's by {abs(me.skew_s):.0f} s",
            "set this machine's clock (NTP); from 300 s on every delivery is answered 401",
        )


def _tagging(services: Services, zendesk: Zendesk, one: Installation) -> Finding:
    if _has_user_tags(services, zendesk, one):
        return Finding(OK, one.name, f"valuable customers are tagged as users: {HIGH_VALUE_TAG}")
    return Finding(
        WARNING,
        one.name,
        f"users have no tags here: open tickets of valuable customers are tagged {HIGH_VALUE_TAG}",
        "if you want them on users, switch on tags on users and organizations in Zendesk's Admin Center",
    )


def _has_user_tags(services: Services, zendesk: Zendesk, one: Installation) -> bool:
    """As the account's settings say; where they do not, as its users showed."""
    try:
        settings = zendesk.get("/api/v2/account/settings").value
        told = settings["settings"]["active_features"]["user_tagging"]
    except (Refused, KeyError, TypeError):
        told = None
    if isinstance(told, bool):
        return told
    with services.ledger.reading() as connection:
        return learning.zendesk_ways(learning.learned(connection, one.id)).has_user_tags


def _fields(services: Services, zendesk: Zendesk, one: Installation) -> Iterator[Finding]:
    found = zendesk.user_fields()
    with services.ledger.writing() as connection:
        # So fields just made are written from now on, not only after the next day's look.
        learn_fields(connection, one, found, "", now=services.ledger.micros())
    there = {field.key: field.type for field in found if field.is_active}
    ours = [field for field in USER_FIELDS if field.key in there]
    missing = [f"{field.key} ({field.type})" for field in USER_FIELDS if field.key not in there]
    if ours:
        names = ", ".join(field.key for field in ours)
        yield Finding(OK, one.name, f"user fields kept current: {names}; {READABLE}")
    if missing:
        yield Finding(
            WARNING if ours else OK,
            one.name,
            f"user fields that this account lacks, so nothing is written to them: {', '.join(missing)}",
            f"if you want them: bridge setup {one.name} --public-url URL --fields; {READABLE}",
        )
    for field in ours:
        if there[field.key] and there[field.key] != field.type:
            yield Finding(
                WARNING,
                one.name,
                f"the user field {field.key} is of type {there[field.key]}; Zendesk may refuse its values",
                f"make it anew with the type {field.type}",
            )
