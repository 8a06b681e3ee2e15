"""Passwords, hashed with Argon2id by argon2-cffi, at its own parameters (RFC 9106, low memory)."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


@dataclass
class Passwords:
    """Hashes and compares. One comparison takes some 64 MiB and a core for a twentieth of a second."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _nobodys: str = ""

    def hashed(self, password: str) -> str:
        """What is kept of a password."""
        return self.hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is that password. Where nobody has the name, as much time passes."""
        try:
            self.hasher.verify(kept or self._of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self.hasher.check_needs_rehash(kept)

    def _of_nobody(self) -> str:
        self._nobodys = self._nobodys or self.hasher.hash("the password of nobody")
        return self._nobodys
