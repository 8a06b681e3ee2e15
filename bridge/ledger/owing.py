"""Which installations have somebody to push to now, and when the next one comes due.

Every pusher asks this before each step, so it must not cost more with thousands of installations, nor with a
crowd that is owed something tomorrow. Both tables of what is owed have the columns that it looks at.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from bridge.ledger.prepared import Prepared

SOONEST = 1000  # due rows that are looked at before every installation is asked for its own

# `owed` is written out: the databases use a partial index only for the very condition it was made with.
_IS_DUE = "owed AND due_at <= :now AND (lease_until IS NULL OR lease_until <= :now)"
_OF_SOONEST = """
    SELECT installation_id, count(*) FROM (
        SELECT installation_id FROM {table} WHERE {is_due} ORDER BY due_at LIMIT {soonest}
    ) AS soonest
    GROUP BY installation_id ORDER BY installation_id
    """
_OF_ALL = """
    WITH RECURSIVE owing(id) AS (
        SELECT min(installation_id) FROM {table} WHERE owed
        UNION ALL
        SELECT (SELECT min(installation_id) FROM {table} WHERE owed AND installation_id > owing.id)
        FROM owing WHERE owing.id IS NOT NULL
    )
    SELECT id FROM owing
    WHERE id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE installation_id = owing.id AND {is_due})
    """
_NEXT = "SELECT min(due_at) FROM {table} WHERE owed AND due_at > :after"


@dataclass(frozen=True)
class Owing:
    """The questions about one table, put together once. `soonest` rows are looked at before all."""

    soonest: int
    of_soonest: Prepared
    of_all: Prepared
    next: Prepared

    @classmethod
    def of(cls, table: str, *, soonest: int = SOONEST) -> Owing:
        """For the table of this name."""
        names = {"table": table, "is_due": _IS_DUE, "soonest": soonest}
        texts = (each.format(**names) for each in (_OF_SOONEST, _OF_ALL, _NEXT))
        return cls(soonest, *(Prepared(text(each)) for each in texts))

    def installations_due(self, connection: Connection, now: int) -> list[int]:
        """The installations with a row that is due and that nobody pushes, in order.

        Where so many are due that the first of them may be of one installation, each is asked for its own: a
        crowd hides nobody.
        """
        found = self.of_soonest.rows(connection, {"now": now})
        if sum(count for _, count in found) < self.soonest:
            return [number for number, _ in found]
        return [number for (number,) in self.of_all.rows(connection, {"now": now})]

    def next_due(self, connection: Connection, after: int) -> int | None:
        """When the first one after that moment comes due; None when nobody does."""
        micros: int | None = self.next.value(connection, {"after": after})
        return micros
