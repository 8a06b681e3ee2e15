"""An installation's settings in two: what may be shown, and what is kept encrypted and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A Sailthru api_key only names the account, as a user name does.
SECRET_KEYS: Mapping[str, tuple[str, ...]] = {
    "zendesk": ("oauth_client_secret", "api_token", "webhook_secrets"),
    "sailthru": ("api_secret",),
}


def split(record: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`as_record` in two: what may be shown, and what is secret."""
    public = {
        section: {key: value for key, value in content.items() if key not in SECRET_KEYS.get(section, ())}
        for section, content in record.items()
    }
    secret = {section: {key: record[section][key] for key in keys} for section, keys in SECRET_KEYS.items()}
    return public, secret


def joined(
    public: Mapping[str, Mapping[str, Any]], secret: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What `split` took apart."""
    return {section: {**content, **secret.get(section, {})} for section, content in public.items()}
