"""Sessions: a signed cookie, and a row in the ledger that can be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.wrappers import Response

from bridge.ledger import actions, sessions
from bridge.ledger.ledger import Ledger
from bridge.ledger.sessions import Session
from bridge.people.signed_ids import SESSION, SignedIds, new_id
from receiver.console import cookies
from receiver.console.forms import Forms
from receiver.console.signed_in import SignedIn

COOKIE = "session"
LIFE_S = 12 * 3600  # one working day; there is no renewing
SECOND = 1_000_000


@dataclass(frozen=True)
class Sessions:
    """Begins, reads and ends sessions."""

    ledger: Ledger
    ids: SignedIds
    forms: Forms

    @classmethod
    def of(cls, ledger: Ledger, secret_keys: Sequence[str]) -> Sessions:
        """With these keys, newest first."""
        return cls(ledger, SignedIds(secret_keys, SESSION), Forms.of(secret_keys))

    def current(self) -> SignedIn | None:
        """Who sends this request; None when nobody is signed in. Raises `Unavailable`."""
        id_ = self.ids.read(cookies.read(COOKIE))
        if id_ is None:
            return None
        with self.ledger.reading() as connection:
            found = sessions.standing(connection, id_, self.ledger.micros())
        return None if found is None else SignedIn(found.name, found.role, found.id, self.forms.token(id_))

    def begin(self, response: Response, *, name: str, role: str, via: str) -> None:
        """Sign somebody in. A new id each time: one that somebody else planted is worth nothing."""
        now = self.ledger.micros()
        new = Session(new_id(), name, role, via, created_at=now, expires_at=now + LIFE_S * SECOND)
        with self.ledger.writing() as connection:
            sessions.begin(connection, new)
            detail = {"by": via, "role": role}
            actions.note(
                connection,
                now,
                operator=name,
                action="signed_in",
                target=name,
                detail=detail,
                via=actions.CONSOLE,
            )
        cookies.put(response, COOKIE, self.ids.signed(new.id), life_s=LIFE_S)

    def end(self, response: Response, operator: SignedIn) -> None:
        """Sign this browser out."""
        with self.ledger.writing() as connection:
            sessions.end(connection, operator.session)
        cookies.take_away(response, COOKIE)
