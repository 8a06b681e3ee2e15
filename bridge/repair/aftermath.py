"""What became of a letter after its replay: did it help? Reads only."""

from __future__ import annotations

from sqlalchemy import Connection

from bridge.ledger import customers, looking, zendesk_users
from bridge.ledger.dead import CLOSED, DROPPED, OPEN, REPLAYED, DeadLetter
from bridge.ledger.events import APPLIED, DEAD, KEPT, TO_SAILTHRU
from bridge.ledger.letters import DeadFilter, some

UNDER_WAY = "under way"
DONE = "done"
DIED_AGAIN = "died again"


def aftermath(connection: Connection, letter: DeadLetter) -> str:
    """`under way`, `done`, `died again`, `ignored`; of one that was not replayed its state."""
    if letter.state == OPEN:
        return DIED_AGAIN if letter.died_again else OPEN
    if letter.state == DROPPED:
        return DROPPED
    if letter.state == CLOSED:
        return DONE
    return _after_replay(connection, letter)


def _after_replay(connection: Connection, letter: DeadLetter) -> str:
    assert letter.state == REPLAYED
    if letter.event_id is not None:
        event = looking.event(connection, letter.installation_id, letter.event_id)
        # Dead it still is from before: had it died once more, the letter would be open.
        if event is None or event.outcome in (KEPT, DEAD):
            return UNDER_WAY
        return DONE if event.outcome == APPLIED else str(event.outcome)
    if _has_another(connection, letter):
        return DIED_AGAIN
    return UNDER_WAY if _is_owed(connection, letter) else DONE


def _has_another(connection: Connection, letter: DeadLetter) -> bool:
    """Whether the customer died of something else instead."""
    if letter.zendesk_id is None:
        return False
    wanted = DeadFilter(
        installation_id=letter.installation_id,
        zendesk_id=letter.zendesk_id,
        lane=letter.lane,
        since=letter.replayed_at,
    )
    return any(one.event_id is None for one in some(connection, wanted, limit=5))


def _is_owed(connection: Connection, letter: DeadLetter) -> bool:
    number = letter.zendesk_id
    if number is None:
        return False
    if letter.lane in TO_SAILTHRU:
        customer = customers.one(connection, letter.installation_id, number)
        return customer is not None and customer.owed
    user = zendesk_users.one(connection, letter.installation_id, number)
    return user is not None and user.owed
