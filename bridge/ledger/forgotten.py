"""Who was forgotten, by digests that name nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select

from bridge.ledger.prepared import Prepared, PreparedList
from bridge.ledger.tables import forgotten
from bridge.ledger.writing import upsert

CUSTOMER = "customer"
PLACE = "place"


def is_any(connection: Connection, installation_id: int) -> bool:
    """Whether anybody of this installation ever was: asked with every batch, and mostly that is all."""
    return _IS_ANY.value(connection, {"of": installation_id}) is not None


def erased_at(connection: Connection, installation_id: int, digests: Iterable[str]) -> dict[str, int]:
    """When what these digests stand for was forgotten (microseconds); what never was is left out."""
    return {str(digest): int(at) for digest, at in _FOUND.rows(connection, digests, {"of": installation_id})}


def add(connection: Connection, installation_id: int, kinds: Mapping[str, str], at: int) -> None:
    """Remember that what these digests stand for is forgotten from now on: digest -> its kind."""
    rows = [
        {"installation_id": installation_id, "digest": digest, "kind": kind, "erased_at": at}
        for digest, kind in kinds.items()
    ]
    upsert(connection, forgotten, rows, replace=("erased_at",))


_OF = forgotten.c.installation_id == bindparam("of")
_IS_ANY = Prepared(select(forgotten.c.erased_at).where(_OF).limit(1))
_FOUND = PreparedList(
    lambda listed: select(forgotten.c.digest, forgotten.c.erased_at).where(
        _OF, forgotten.c.digest.in_(listed)
    )
)
