"""Ids that only we can have given out: of sessions in cookies, of links in addresses, of forms in pages."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from itsdangerous import BadSignature, Signer

SALT = "sailthru-zendesk-bridge/console"
SESSION, LINK, FORM = "session", "link", "form"
LONGEST = 256


class SignedIds:
    """Signs and reads ids for one purpose. The newest of `secret_keys` (the first) signs, every one reads."""

    def __init__(self, secret_keys: Sequence[str], purpose: str) -> None:
        self._signer = Signer(
            list(reversed(secret_keys)),  # the library wants the newest last
            salt=f"{SALT}/{purpose}/1",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )

    def signed(self, id: str) -> str:  # noqa: A002 - what it is
        """An id with our signature."""
        return self._signer.sign(id).decode("ascii")

    def read(self, signed: str) -> str | None:
        """The id; None when it is not ours."""
        if len(signed) > LONGEST or not signed.isascii():
            return None
        try:
            return self._signer.unsign(signed).decode("ascii")
        except BadSignature:
            return None


def new_id() -> str:
    """A random id that nobody can guess."""
    return secrets.token_urlsafe(24)
