"""Tokens of forms: a form that another site made has none, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from bridge.errors import Rejected
from bridge.people.signed_ids import FORM, SignedIds

FIELD = "form_token"
HEADER = "X-Form-Token"  # of calls that scripts make
BAD_FORM = "bad_form"


@dataclass(frozen=True)
class Forms:
    """Makes the token of a session's forms, and looks for it. It is the session's id under another key."""

    ids: SignedIds

    @classmethod
    def of(cls, secret_keys: Sequence[str]) -> Forms:
        """With these keys, newest first."""
        return cls(SignedIds(secret_keys, FORM))

    def token(self, session: str) -> str:
        """What every form of this session carries."""
        return self.ids.signed(session).rpartition(".")[2]

    def check(self, session: str) -> None:
        """Return if this request carries the session's token; else raise `Rejected` (403)."""
        given = request.form.get(FIELD, "") or request.headers.get(HEADER, "")
        if self.ids.read(f"{session}.{given}") is None:
            raise Rejected(BAD_FORM, 403, "The form is not of this session: load the page anew.")

    def check_against(self, cookie: str) -> None:
        """The same before anybody is signed in: the cookie stands for the session."""
        if not cookie:
            raise Rejected(BAD_FORM, 403, "The browser sent no cookie: allow cookies, load the page anew.")
        self.check(cookie)
