"""What only an admin may do: manage the account, and export it."""

from __future__ import annotations

from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.rest.errors import RestError

# Of these even reading; of the others an agent may read.
ALL_OF = ("/api/v2/webhooks", "/api/v2/incremental", "/api/v2/apps", "/api/apps", "/api/support/apps")
WRITES_OF = ("/api/v2/triggers", "/api/v2/user_fields")


def require_rights(method: str, path: str, oddities: ZendeskOddities) -> None:
    """Raises RestError 403 when the account's credentials do not allow this."""
    if oddities.our_role == "admin":
        return
    if path.startswith(ALL_OF) or (method != "GET" and path.startswith(WRITES_OF)):
        raise RestError(403, "Forbidden", "You do not have access to this page")
