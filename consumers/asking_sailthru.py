"""Which calls to Sailthru end which waits for a profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bridge.clock import from_micros
from bridge.deciding.steps import SAILTHRU, SAILTHRU_GET
from bridge.ledger import postbacks, waits
from bridge.ledger.installations import Installation
from bridge.ledger.postbacks import Linkage
from bridge.ledger.waits import Wait
from consumers.answers import Asked
from consumers.asking import Asking
from consumers.parts import Parts
from consumers.patience import PROFILE, due_at
from consumers.profile_answers import Sent, ask_profile, end_unlinked

KINDS = (PROFILE,)


def askings(
    connection: Connection, parts: Parts, installation: Installation, due: Sequence[Wait]
) -> list[Asking]:
    """A call for each profile that has settled; what has not waits on."""
    return list(_askings(connection, parts, installation, due))


def _askings(
    connection: Connection, parts: Parts, installation: Installation, due: Sequence[Wait]
) -> Iterable[Asking]:
    now = parts.clock.now()
    linked = postbacks.linkages(connection, installation.id, [wait.number for wait in due])
    for wait in due:
        asked = Asked(parts, installation, (wait,), SAILTHRU)
        linkage = linked.get(wait.number)
        if linkage is None or linkage.sid is None:
            yield Asking(asked, end_unlinked, SAILTHRU_GET, is_call=False)
            continue
        pushed_at = _pushed_at(linkage)
        settled_at = due_at(wait, parts.patience, not_before=now, pushed_at=pushed_at)
        if settled_at > now:
            waits.put_off(connection, wait, settled_at)
        else:
            yield Asking(asked, partial(ask_profile, sent=Sent(linkage.sid, pushed_at)), SAILTHRU_GET)


def _pushed_at(linkage: Linkage) -> datetime | None:
    return None if linkage.pushed_at is None else from_micros(linkage.pushed_at)
