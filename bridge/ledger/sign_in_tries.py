"""How often somebody may try to sign in, counted in the ledger so that all processes count together.

One number a name and one a network address: the moment until which the tries made so far count. A try moves
it on, and is refused while it lies too far ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from bridge.ledger.tables import sign_in_tries
from bridge.ledger.writing import upsert

SECOND = 1_000_000


@dataclass(frozen=True)
class Limit:
    """`burst` tries at once, then one every `every_s` seconds."""

    who: str
    burst: int
    every_s: int


def of_name(name: str) -> Limit:
    """Five guesses at a password, then one a minute: sixty-five in the first hour."""
    return Limit(f"name:{name}", burst=5, every_s=60)


def of_address(address: str) -> Limit:
    """More for one network address: a whole team may come through one proxy."""
    return Limit(f"from:{address}", burst=20, every_s=6)


def take(connection: Connection, limits: Sequence[Limit], now: int) -> float:
    """Count a try. 0 when it may be made; else the seconds after which it may, and nothing is counted."""
    standing = _standing(connection, limits)
    wait_s = max(_wait_s(limit, standing.get(limit.who, 0), now) for limit in limits)
    if wait_s > 0:
        return wait_s
    rows = [
        {"who": one.who, "used_up_at": max(standing.get(one.who, 0), now) + one.every_s * SECOND}
        for one in limits
    ]
    upsert(connection, sign_in_tries, rows, replace=("used_up_at",))
    return 0.0


def forgive(connection: Connection, limit: Limit) -> None:
    """Start counting anew, once the right person got in."""
    connection.execute(delete(sign_in_tries).where(sign_in_tries.c.who == limit.who))


def _standing(connection: Connection, limits: Sequence[Limit]) -> dict[str, int]:
    names = [limit.who for limit in limits]
    query = select(sign_in_tries).where(sign_in_tries.c.who.in_(names)).order_by(sign_in_tries.c.who)
    return {row.who: row.used_up_at for row in connection.execute(query.with_for_update())}


def _wait_s(limit: Limit, used_up_at: int, now: int) -> float:
    ahead = (used_up_at - now) / SECOND
    return max(0.0, ahead - (limit.burst - 1) * limit.every_s)
