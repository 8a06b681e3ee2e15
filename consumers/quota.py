"""What replies tell of the quotas, written into the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.allowance import names_of
from bridge.ledger import quotas
from bridge.rate_board import RateBoard
from bridge.remotes.rates import RateReading

TELL_EVERY = timedelta(seconds=10)
NEARLY_GONE = 0.005  # of the whole limit, whoever used it: nothing is sent until the count starts anew


class RateNotes:
    """Writes what replies told of the quotas into the ledger."""

    def __init__(self, board: RateBoard) -> None:
        self._board = board
        self._limits: dict[tuple[int, str], int] = {}
        self._told_at: dict[tuple[int, str], datetime] = {}

    def write(self, connection: Connection) -> None:
        """Tell the ledger what changed: a limit, or a quota that is nearly gone."""
        for (installation_id, bucket), reading in sorted(self._board.take().items()):
            self._learn(connection, installation_id, bucket, reading)

    def _learn(self, connection: Connection, installation_id: int, bucket: str, reading: RateReading) -> None:
        if reading.limit and self._limits.get((installation_id, bucket)) != reading.limit:
            for name in names_of(bucket):
                quotas.learn(connection, installation_id, name, reading.limit)
            self._limits[installation_id, bucket] = reading.limit
        if reading.reset_at is not None and _is_nearly_gone(reading):
            quotas.hold(connection, installation_id, bucket, reading.reset_at)
        self._tell(connection, installation_id, bucket, reading)

    def _tell(self, connection: Connection, installation_id: int, bucket: str, reading: RateReading) -> None:
        """For people, and therefore not with every reply."""
        told_at = self._told_at.get((installation_id, bucket))
        if reading.remaining is None or (told_at is not None and reading.at - told_at < TELL_EVERY):
            return
        quotas.note(connection, installation_id, bucket, reading.remaining, reading.at)
        self._told_at[installation_id, bucket] = reading.at


def _is_nearly_gone(reading: RateReading) -> bool:
    if reading.limit is None or reading.remaining is None:
        return False
    return reading.remaining <= max(1, reading.limit * NEARLY_GONE)
