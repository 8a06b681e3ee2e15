"""What the page was shown of a profile, sealed: it comes back with an action and was surely ours."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from itsdangerous import BadData, URLSafeSerializer

from schemas.agent_action import Seen

SALT = "sailthru-zendesk-bridge/sidebar-seen/1"


class Seals:
    """Seals and opens what was seen. The newest of `secret_keys` (the first) seals, every one opens."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(secret_keys)),
            salt=SALT,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sealed(self, seen: Seen, installation_id: int, zendesk_id: int) -> str:
        """What was shown of this customer's profile."""
        return str(self._serializer.dumps([installation_id, zendesk_id, seen.to_record()]))

    def opened(self, seal: str, installation_id: int, zendesk_id: int) -> Seen | None:
        """What was shown; None when the seal is not ours, or of another customer."""
        try:
            of_installation, of_customer, record = self._serializer.loads(seal)
            seen = Seen.from_record(record)
        except (BadData, ValueError, TypeError, KeyError, AttributeError):
            return None
        return seen if (of_installation, of_customer) == (installation_id, zendesk_id) else None
