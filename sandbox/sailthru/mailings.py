"""Single mails and campaigns, as far as the postbacks about them lead to questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.sailthru.errors import SailthruError


class Mailings:
    """Which mail went to whom. A receiver of `hardbounce` or `verify` may ask for the mail it names."""

    def __init__(self) -> None:
        self._sends: dict[str, str] = {}
        self._blasts: set[str] = set()

    def sent(self, send_id: str, email: str) -> None:
        self._sends[send_id] = email

    def blasted(self, blast_id: str) -> None:
        self._blasts.add(blast_id)

    def get_send(self, asked: Mapping[str, Any]) -> Any:
        """GET /send. Raises SailthruError 12."""
        number = str(asked.get("send_id"))
        if number not in self._sends:
            raise SailthruError(12, f"Unknown send: {number}")
        return {"send_id": number, "email": self._sends[number], "template": "Sandbox", "status": "sent"}

    def get_blast(self, asked: Mapping[str, Any]) -> Any:
        """GET /blast. Raises SailthruError 13."""
        number = str(asked.get("blast_id"))
        if number not in self._blasts:
            raise SailthruError(13, f"Unknown blast: {number}")
        return {"blast_id": number, "name": "Sandbox", "status": "sent"}
