"""The account's lists, natural and smart, and the endpoint that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.moments import mail_date
from sandbox.sailthru.account import SailthruAccount
from sandbox.sailthru.errors import SailthruError
from sandbox.sailthru.profiles import Profiles


class Lists:
    """Names of natural lists; POST /user adds unknown ones. `smart` is shown, but nobody joins by hand."""

    def __init__(self, profiles: Profiles, account: SailthruAccount) -> None:
        self.names: set[str] = set()
        self.smart: set[str] = set()
        self._profiles = profiles
        self._account = account

    def get(self, asked: Mapping[str, Any]) -> Any:
        """All lists, or the one named. Raises SailthruError 15."""
        name = asked.get("list")
        if name is None:
            return {"lists": [self._row(each) for each in sorted(self.names | self.smart)]}
        if name not in self.names | self.smart:
            raise SailthruError(15, f"Unknown list: {name}")
        row = self._row(name)
        return {
            "list_id": row["list_id"],
            "list": name,
            "create_time": row["create_time"],
            "send_time": None,
            "count": row["email_count"],
            "type": row["type"],
            "primary": 0,
        }

    def post(self, asked: Mapping[str, Any]) -> Any:
        name = asked.get("list")
        if not isinstance(name, str) or not name or "$" in name:
            raise SailthruError(2, "Missing required parameter: list")
        self.names.add(name)
        return {"ok": True, "list": name}

    def delete(self, asked: Mapping[str, Any]) -> Any:
        name = asked.get("list")
        if name not in self.names:
            raise SailthruError(15, f"Unknown list: {name}")
        self.names.discard(str(name))
        return {"ok": True, "list": name}

    def _row(self, name: str) -> dict[str, Any]:
        smart = name in self.smart
        members = sum(name in (each.smart_lists if smart else each.lists) for each in self._profiles)
        return {
            "list_id": name.encode().hex()[:24].ljust(24, "0"),
            "name": name,
            "email_count": members,
            "valid_count": members,
            "create_time": mail_date(self._profiles.now(), offset_hours=self._account.utc_offset_hours),
            "type": "smart" if smart else "normal",
        }
