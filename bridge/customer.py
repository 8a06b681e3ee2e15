"""One customer as the ledger holds it: its profile in Sailthru, what that surely holds, and what is owed.

Values only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

EMAIL = "email"  # in `Customer.known`, beside the names of the vars

# States, for people. What decides is `owed`, `read_at`, `sid` and `link`.
WAITING = "waiting"  # its user was not read yet
OK = "ok"
NO_EMAIL = "no_email"
NO_PROFILE = "no_profile"
PROFILE_GONE = "profile_gone"
STAFF = "staff"
SYNC_OFF = "sync_off"
NOT_IN_ZENDESK = "not_in_zendesk"
PUSHING = "pushing"
REFUSED = "refused"
TAKEN = "taken"  # another customer owns the profile at its address
EMAIL_CONFLICT = "email_conflict"
EMAIL_TAKEN = "email_taken"

# Nothing of ours is late while a customer is in one of these: they wait for somebody outside.
AT_REST = (OK, NO_EMAIL, NO_PROFILE, PROFILE_GONE, STAFF, SYNC_OFF, NOT_IN_ZENDESK, REFUSED, TAKEN)


@dataclass(frozen=True)
class Conflict:
    """The address of the facts is held by another profile in Sailthru.

    `step` says what comes next: `ask` who holds it, `wait` until its owner has moved (try again at `until`,
    microseconds), `check` in Zendesk whether the holder is inactive, `merge`, `aside` (move to `aside`, an
    address of the customer's own, out of a circle), or `blocked` (a dead letter; a person decides). `asides`
    are the stepping stones tried; `rounds` counts the refusals. `is_apart`: of a blocked one, a person
    decided that the two profiles stay two.
    """

    address: str
    step: str = "ask"
    reason: str = ""
    holder_sid: str | None = None
    holder_id: int | None = None
    until: int = 0
    aside: str | None = None
    asides: tuple[str, ...] = ()
    rounds: int = 0
    is_apart: bool = False


@dataclass(frozen=True)
class Link:
    """What is known about the customer's profile besides its `sid`.

    `once` stays true after the first link, so that a vanished profile is never created again; `last_sid` is
    that link, to be asked for when no address leads to a profile. `made_sid` is a profile that the bridge
    itself created for this customer. `tried` holds the addresses that the search or the link has accounted
    for; `looked_at` (microseconds) when a search ended without a profile, 0 while one is open.
    """

    once: bool = False
    last_sid: str | None = None
    made_sid: str | None = None
    tried: tuple[str, ...] = ()
    is_taken: bool = False  # the search met a profile that another customer owns
    looked_at: int = 0
    conflict: Conflict | None = None
    since: int = 0  # when the place where the profile was found was the customer's; microseconds
    gone_keys: tuple[str, ...] = ()  # tickets that left the profile, to be looked for at `check_at`
    check_at: int = 0

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Link:
        """Read what `to_record` wrote."""
        known = {name: value for name, value in record.items() if name in cls.__dataclass_fields__}
        for name in ("tried", "gone_keys"):
            known[name] = tuple(known.get(name, ()))
        if known.get("conflict"):
            conflict = dict(known["conflict"])
            conflict["asides"] = tuple(conflict.get("asides", ()))
            known["conflict"] = Conflict(**conflict)
        return cls(**known)

    def to_record(self) -> dict[str, Any]:
        return {**vars(self), "conflict": self.conflict and asdict(self.conflict)}


class Known(NamedTuple):
    """What Sailthru surely holds in one field.

    `digest` of the value (of `email` the address itself), `at` since when, and of an object its `keys`.

    An empty digest is doubt: a write was under way. `keys` then are all that may be there: of an object those
    before and those sent, of `email` the addresses before and after.
    """

    digest: str
    at: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Customer:
    """One row of the table of that name; see there for the columns.

    Times are microseconds since the epoch.
    """

    installation_id: int
    zendesk_id: int
    address: str | None = None
    sid: str | None = None
    state: str = WAITING
    read_at: int | None = None
    seen_at: int | None = None
    wanted: int = 0
    paid: int = 0
    owed: bool = False
    owed_at: int | None = None
    due_at: int | None = None
    not_before: int = 0
    lease: int = 0
    lease_until: int | None = None
    known: Mapping[str, Known] = field(default_factory=dict)
    link: Link = Link()
    failures: int = 0
    failing_since: int | None = None
    pushed_at: int | None = None

    def but(self, **changes: Any) -> Customer:
        """As `dataclasses.replace`, in a tenth of the time: a push makes half a dozen of these."""
        if not changes.keys() <= self.__dict__.keys():
            raise TypeError(f"a customer has no {', '.join(changes.keys() - self.__dict__.keys())}")
        changed = object.__new__(Customer)
        changed.__dict__.update(self.__dict__, **changes)
        return changed

    @property
    def is_only_exported(self) -> bool:
        """Whether nothing but an export told of it, whose tickets did not all come yet; nothing is owed."""
        return self.read_at is not None and self.seen_at is None and self.wanted == 0

    def known_address(self) -> str | None:
        """The address that the profile surely has."""
        known = self.known.get(EMAIL)
        return known.digest or None if known else None

    def possible_addresses(self) -> tuple[str, ...]:
        """Where the profile may be while a move is under way; else where it is."""
        known = self.known.get(EMAIL)
        if known is None:
            return ()
        return (known.digest,) if known.digest else known.keys

    def doubting(self, sent: Mapping[str, Sequence[str]]) -> dict[str, Known]:
        """What is known once these fields, with these keys, are about to be sent."""
        return {**self.known, **{name: self._doubted(name, keys) for name, keys in sent.items()}}

    def _doubted(self, name: str, keys: Sequence[str]) -> Known:
        known = self.known.get(name, Known("", 0))
        before = self.possible_addresses() if name == EMAIL else known.keys
        return Known("", known.at, tuple(dict.fromkeys([*before, *keys])))
