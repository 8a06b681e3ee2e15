"""The way back for one customer as the ledger holds it: what Zendesk surely holds of its profile.

Values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bridge.customer import Known

# In `ZendeskUser.known`, beside the keys of the user fields:
TAG = "tag"
REFUSED = "refused"  # the values that Zendesk refused: they are not sent again until they change


@dataclass(frozen=True)
class ZendeskUser:
    """One row of the table `zendesk_users`; see there for the columns.

    Times are microseconds since the epoch. `opened` are tickets just opened, each to be tagged once.
    """

    installation_id: int
    zendesk_id: int
    read_at: int | None = None
    refresh_at: int | None = None
    has_open: bool = False
    wanted: int = 0
    paid: int = 0
    owed: bool = False
    owed_at: int | None = None
    due_at: int | None = None
    not_before: int = 0
    lease: int = 0
    lease_until: int | None = None
    known: Mapping[str, Known] = field(default_factory=dict)
    opened: tuple[int, ...] = ()
    failures: int = 0
    failing_since: int | None = None
    pushed_at: int | None = None

    def doubting(self, names: Iterable[str]) -> dict[str, Known]:
        """What is known once these are about to be sent."""
        doubted = {name: Known("", self.known[name].at if name in self.known else 0) for name in names}
        return {**self.known, **doubted}
