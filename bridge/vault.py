"""Secrets at rest: sealed with a key derived from `SECRET_KEY`, opened with any of its keys."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bridge.errors import BadSettings

PURPOSE = b"sailthru-zendesk-bridge/installation-secrets/1"


class Vault:
    """Seals and opens texts. The first key seals; every key opens."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        ferns = [Fernet(_derived(key)) for key in secret_keys]
        self._newest = ferns[0]
        self._all = MultiFernet(ferns)

    def seal(self, text: str) -> str:
        """Encrypt `text` with the newest key."""
        return self._newest.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Decrypt with whichever key fits. Raises `BadSettings` when none does."""
        try:
            return self._all.decrypt(sealed).decode()
        except InvalidToken:
            raise BadSettings([KEY_IS_GONE]) from None

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key alone opens it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def rewrap(self, sealed: str) -> str:
        """The same secret under the newest key. Raises `BadSettings` when no key opens it."""
        return self.seal(self.open(sealed))


KEY_IS_GONE = (
    "SECRET_KEY: none of its keys opens the stored secrets; put the key they were stored with behind the "
    "new one (SECRET_KEY=<new>,<old>), or remove the installation and add it again: "
    "bridge installations remove NAME"
)


def _derived(secret_key: str) -> bytes:
    # SECRET_KEY serves other purposes too; a key derived for this one alone keeps them apart.
    return urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode()))
