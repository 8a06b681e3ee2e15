"""Webhooks, triggers and apps as Zendesk's REST API answers them. Tolerant of whatever else they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Unreadable
from schemas.spelling import zendesk_id

ACTION = "notification_webhook"
_FAILED = ("failed", "killed")


@dataclass(frozen=True)
class WebhookRecord:
    """One webhook. `subscriptions` are spelled as Zendesk shows them; its secret is asked for apart."""

    id: str
    name: str
    endpoint: str
    is_active: bool
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class TriggerRecord:
    """One trigger. Of its actions the first that calls a webhook: which, and with what body.

    `all_of` and `any_of` are its conditions as (field, operator, value).
    """

    id: int
    title: str
    is_active: bool
    webhook_id: str
    body: str
    all_of: frozenset[tuple[str, str, str]]
    any_of: frozenset[tuple[str, str, str]]


@dataclass(frozen=True)
class AppRecord:
    """An app that the account owns."""

    id: int
    name: str


@dataclass(frozen=True)
class InstalledAppRecord:
    """An app in use."""

    id: int
    app_id: int


@dataclass(frozen=True)
class AppJob:
    """How the making of an app stands. `app_id` comes with its success, `message` with its failure."""

    is_done: bool
    has_failed: bool
    app_id: int | None
    message: str


@dataclass(frozen=True)
class WebhookReply:
    """What the receiver answered to a test delivery: HTTP status and body."""

    status: int
    body: str


def webhook(record: Any) -> WebhookRecord:
    """Read one webhook. Raises `Unreadable`."""
    known = _object(record, "webhook")
    return WebhookRecord(
        _text(known, "id"),
        str(known.get("name") or ""),
        str(known.get("endpoint") or ""),
        known.get("status") != "inactive",
        tuple(str(name) for name in known.get("subscriptions") or ()),
    )


def trigger(record: Any) -> TriggerRecord:
    """Read one trigger. Raises `Unreadable`."""
    known = _object(record, "trigger")
    conditions = known.get("conditions")
    conditions = conditions if isinstance(conditions, Mapping) else {}
    webhook_id, body = _notification(known.get("actions"))
    return TriggerRecord(
        _id(known),
        str(known.get("title") or ""),
        known.get("active") is not False,
        webhook_id,
        body,
        _conditions(conditions.get("all")),
        _conditions(conditions.get("any")),
    )


def app(record: Any) -> AppRecord:
    """Read one app. Raises `Unreadable`."""
    known = _object(record, "app")
    return AppRecord(_id(known), str(known.get("name") or ""))


def installed_app(record: Any) -> InstalledAppRecord:
    """Read one installation of an app. Raises `Unreadable`."""
    known = _object(record, "installation")
    return InstalledAppRecord(_id(known), _id(known, "app_id"))


def app_job(record: Any) -> AppJob:
    """Read how a job stands. Raises `Unreadable`; also for one that is done and names no app."""
    known = _object(record, "job")
    state = str(known.get("status") or "").lower()
    number = zendesk_id(known.get("app_id")) if known.get("app_id") else None
    if state == "completed" and number is None:
        raise Unreadable("The job is done and names no app.")
    return AppJob(state == "completed", state in _FAILED, number, str(known.get("message") or ""))


def signing_secret(record: Any) -> str:
    """Read a signing secret. Raises `Unreadable`."""
    return _text(_object(_object(record, "reply").get("signing_secret"), "signing secret"), "secret")


def tested(record: Any) -> WebhookReply:
    """Read what became of a test. Raises `Unreadable`."""
    known = _object(_object(record, "reply").get("response"), "response")
    status = known.get("status_code")
    if not isinstance(status, int):
        raise Unreadable("The reply does not say how the test was answered.")
    return WebhookReply(status, str(known.get("payload") or ""))


def _notification(actions: Any) -> tuple[str, str]:
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, Mapping) and action.get("field") == ACTION:
            value = action.get("value")
            texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
            return texts[0] if texts else "", texts[1] if len(texts) > 1 else ""
    return "", ""


def _conditions(rows: Any) -> frozenset[tuple[str, str, str]]:
    found = rows if isinstance(rows, list) else ()
    return frozenset(
        (str(row.get("field")), str(row.get("operator")), str(row.get("value")))
        for row in found
        if isinstance(row, Mapping)
    )


def _object(record: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        raise Unreadable(f"The reply holds no {what}.")
    return record


def _id(record: Mapping[str, Any], name: str = "id") -> int:
    number = zendesk_id(record.get(name))
    if number is None:
        raise Unreadable(f"The record has no {name}.")
    return number


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"The record has no {name}.")
    return value
