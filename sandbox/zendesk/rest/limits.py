"""Zendesk's rate limits and the several spellings of the headers that tell of them."""

from __future__ import annotations

from sandbox.quota import Allowance, Quota
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.rest.errors import RestError

ACCOUNT = "account"
EXPORTS = "incremental"
USER_UPDATE = "user_update"
TICKET_UPDATE = "ticket_update"
LIMITS: dict[str, int | None] = {ACCOUNT: 700, EXPORTS: 10, USER_UPDATE: 5, TICKET_UPDATE: 100}


def charge(quota: Quota, path: str, oddities: ZendeskOddities) -> dict[str, str]:
    """Counts one request against the limits it falls under; the rate headers. Raises RestError 429."""
    allowance = quota.take(ACCOUNT)
    headers = {} if allowance is None else _headers(allowance, oddities)
    _refuse(allowance, headers)
    if path.startswith("/api/v2/incremental/"):
        _refuse(quota.take(EXPORTS, path), headers)
    return headers


def charge_user(quota: Quota, user_id: int) -> None:
    """Counts one write to a user's fields or tags against what one user may get in a minute.

    Raises RestError 429. Bulk updates are not counted.
    """
    _refuse(quota.take(USER_UPDATE, f"{USER_UPDATE} {user_id}"), {})


def charge_ticket(quota: Quota) -> None:
    """Counts one write to any ticket against the account's limit for those. Raises RestError 429."""
    _refuse(quota.take(TICKET_UPDATE), {})


def _refuse(allowance: Allowance | None, headers: dict[str, str]) -> None:
    if allowance is not None and not allowance.granted:
        waiting = {**headers, "Retry-After": str(max(1, allowance.resets_in_s))}
        words = "Number of allowed API requests per minute exceeded"
        raise RestError(429, "APIRateLimitExceeded", words, headers=waiting)


def _headers(allowance: Allowance, oddities: ZendeskOddities) -> dict[str, str]:
    limit, left, reset = str(allowance.limit), str(allowance.remaining), str(allowance.resets_in_s)
    spellings = {
        "x-rate-limit": {"X-Rate-Limit": limit, "X-Rate-Limit-Remaining": left},
        "rate-limit": {"Rate-Limit": limit, "Rate-Limit-Remaining": left, "Rate-Limit-Reset": reset},
        "ratelimit": {"RateLimit-Limit": limit, "RateLimit-Remaining": left, "RateLimit-Reset": reset},
        "none": {},
    }
    if oddities.rate_headers != "all":
        return spellings[oddities.rate_headers]
    account = {"Zendesk-RateLimit-Account": f"total={limit}; remaining={left}; resets={reset}"}
    return {**spellings["x-rate-limit"], **spellings["rate-limit"], **spellings["ratelimit"], **account}
