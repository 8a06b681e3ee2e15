"""What may be sent, by account and endpoint: our share, and a reserve in it for agents."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.clock import Clock
from bridge.ledger import quotas
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import database_now
from bridge.ledger.quotas import Drawing, Grant

# Until the vendor's reply says otherwise: Sailthru's documented limit of /user, Zendesk's smallest plan.
DEFAULT_PER_MINUTE = {"sailthru.user.get": 18_000, "sailthru.user.post": 18_000, "zendesk": 200}
EXPORTS = "zendesk.export"  # counted apart by Zendesk, and never told in a reply
EXPORTS_PER_MINUTE = 10
OTHER_PER_MINUTE = 2_400

AGENT_RESERVE = 0.02  # of our share: an agent's click never waits behind other work
SIGHT_SHARE = 0.5  # of our share of Zendesk: first sights never use up what known customers need
AUDIT_SHARE = 0.25  # of our share of Sailthru: audits leave most of it to what happens now
BACKFILL_SHARE = 0.5  # of our share of Sailthru: what happens now never waits for what happened long ago


@dataclass(frozen=True)
class Allowance:
    """Takes calls out of one installation's buckets inside the caller's transaction."""

    connection: Connection
    installation: Installation
    clock: Clock

    def take(self, bucket: str, asked: int) -> Grant:
        """Up to `asked` calls for ordinary work."""
        now = database_now(self.connection, self.clock)
        return quotas.take(self.connection, self._work(bucket), self._whole(bucket), asked=asked, now=now)

    def take_for_sight(self, asked: int) -> Grant:
        """Up to `asked` calls to Zendesk for customers never read before."""
        sight = self._drawing("zendesk.sight", "zendesk", SIGHT_SHARE)
        now = database_now(self.connection, self.clock)
        return quotas.take(self.connection, sight, self._whole("zendesk"), asked=asked, now=now)

    def take_for_export(self, asked: int) -> Grant:
        """Up to `asked` pages of Zendesk's exports, one after the other at even distances."""
        options = self.installation.settings.options
        share = options.zendesk_share * options.exports_per_minute / EXPORTS_PER_MINUTE
        export = Drawing(self.installation.id, EXPORTS, share, EXPORTS_PER_MINUTE, at_once=1.0)
        now = database_now(self.connection, self.clock)
        return quotas.take(
            self.connection, export, self._work("zendesk"), self._whole("zendesk"), asked=asked, now=now
        )

    def take_for_backfill(self, bucket: str, asked: int) -> Grant:
        """Up to `asked` customers of a backfill, whose pushes draw on `bucket` when their turn comes."""
        slow = self._drawing(f"{bucket}.backfill", bucket, BACKFILL_SHARE * (1 - AGENT_RESERVE))
        now = database_now(self.connection, self.clock)
        return quotas.take(self.connection, slow, asked=asked, now=now)

    def take_for_audit(self, bucket: str, asked: int) -> Grant:
        """Up to `asked` calls of an audit, which hurries nobody."""
        slow = self._drawing(f"{bucket}.audit", bucket, AUDIT_SHARE * (1 - AGENT_RESERVE))
        now = database_now(self.connection, self.clock)
        work, whole = self._work(bucket), self._whole(bucket)
        return quotas.take(self.connection, slow, work, whole, asked=asked, now=now)

    def take_for_agent(self, bucket: str, asked: int) -> Grant:
        """Up to `asked` calls that an agent waits for: the reserve is theirs too."""
        now = database_now(self.connection, self.clock)
        return quotas.take(self.connection, self._whole(bucket), asked=asked, now=now)

    def room(self, bucket: str, asked: int) -> Grant:
        """What `take` would grant now."""
        now = database_now(self.connection, self.clock)
        return quotas.room(self.connection, self._work(bucket), self._whole(bucket), asked=asked, now=now)

    def _work(self, bucket: str) -> Drawing:
        return self._drawing(f"{bucket}.work", bucket, 1 - AGENT_RESERVE)

    def _whole(self, bucket: str) -> Drawing:
        return self._drawing(bucket, bucket, 1.0)

    def _drawing(self, name: str, bucket: str, part: float) -> Drawing:
        default = DEFAULT_PER_MINUTE.get(bucket, OTHER_PER_MINUTE)
        return Drawing(self.installation.id, name, self._share(bucket) * part, default)

    def _share(self, bucket: str) -> float:
        options = self.installation.settings.options
        return options.zendesk_share if bucket == "zendesk" else options.sailthru_share


def names_of(bucket: str) -> tuple[str, ...]:
    """The rows in the ledger that draw on one of the vendor's counts."""
    special = {"zendesk": "sight", "sailthru.user.post": "backfill", "sailthru.user.get": "audit"}
    parts = ["work", special[bucket]] if bucket in special else ["work"]
    return (bucket, *(f"{bucket}.{part}" for part in parts))
