"""Who gets in: a name with its password, or a link that works once."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.errors import Rejected
from bridge.greenlets import aside
from bridge.ledger import operators, sessions, sign_in_tries
from bridge.ledger.ledger import Ledger
from bridge.ledger.operators import Operator
from bridge.ledger.sessions import Link
from bridge.ledger.sign_in_tries import Limit
from bridge.people.passwords import Passwords
from bridge.people.roles import MOST_PASSWORD, is_name
from bridge.people.signed_ids import SignedIds
from receiver.turnstile import Turnstile


class NotLetIn(Rejected):
    """Nobody gets in.

    `code` is `wrong` (name or password), `too_many` (tries; the next one in `after_s` seconds) or `bad_link`
    (used already, too old, or not ours).
    """

    def __init__(self, code: str, status: int, after_s: float = 0.0) -> None:
        super().__init__(code, status)
        self.after_s = after_s


@dataclass
class Doors:
    """Lets people in. Comparing a password is slow by design, so one is compared at a time."""

    ledger: Ledger
    links: SignedIds
    passwords: Passwords = field(default_factory=Passwords)
    _comparing: Turnstile = field(default_factory=lambda: Turnstile(1))

    def by_password(self, name: str, password: str, address: str) -> Operator:
        """Who that is. Raises `NotLetIn`; a try is counted before it is made, and never told apart."""
        limits = [sign_in_tries.of_address(address)]
        if is_name(name):
            limits.append(sign_in_tries.of_name(name))
        self._count(limits)
        with self.ledger.reading() as connection:
            found = operators.one(connection, name) if is_name(name) else None
        if not self._fits(password[:MOST_PASSWORD], found) or found is None:
            raise NotLetIn("wrong", 401)
        with self.ledger.writing() as connection:
            sign_in_tries.forgive(connection, limits[-1])
        return found

    def by_link(self, token: str) -> Link:
        """For whom the link was made; it is used up. Raises `NotLetIn`."""
        id_ = self.links.read(token)
        if id_ is not None:
            with self.ledger.writing() as connection:
                used = sessions.use_link(connection, id_, self.ledger.micros())
            if used is not None:
                return used
        raise NotLetIn("bad_link", 401)

    def _count(self, limits: list[Limit]) -> None:
        with self.ledger.writing() as connection:
            wait_s = sign_in_tries.take(connection, limits, self.ledger.micros())
        if wait_s > 0:
            raise NotLetIn("too_many", 429, after_s=wait_s)

    def _fits(self, password: str, found: Operator | None) -> bool:
        """Compare in another thread where one serves all: it takes a twentieth of a second."""
        answers: list[bool] = []
        kept = None if found is None else found.password
        with self._comparing.passing() as may_pass:
            if not may_pass:
                raise NotLetIn("too_many", 429, after_s=1.0)
            aside(lambda: answers.append(self.passwords.fits(password, kept)))
        return answers == [True]
