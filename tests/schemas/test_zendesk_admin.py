"""Webhooks, triggers and apps are read whatever else they hold; junk is `Unreadable` and nothing worse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import zendesk_admin as records
from schemas.errors import Unreadable

READERS = (
    records.webhook, records.trigger, records.app, records.installed_app, records.app_job,
    records.signing_secret, records.tested,
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("id", "app_id", "status", "conditions", "actions", "subscriptions", "signing_secret", "response")


@pytest.mark.parametrize("read", READERS)
@given(record=JSON | st.dictionaries(st.sampled_from(KEYS), JSON))
def test_junk_is_unreadable_and_nothing_worse(read: Callable[[Any], Any], record: Any) -> None:
    try:
        read(record)
    except Unreadable:
        return


def test_a_trigger_shows_whom_it_calls_and_when() -> None:
    record = {
        "id": 7,
        "title": "t",
        "active": True,
        "actions": [{"field": "status"}, {"field": "notification_webhook", "value": ["01H", "{}"]}],
        "conditions": {"all": [{"field": "update_type", "operator": "is", "value": "Create"}], "any": []},
    }
    trigger = records.trigger(record)
    assert (trigger.webhook_id, trigger.body) == ("01H", "{}")
    assert trigger.all_of == {("update_type", "is", "Create")}


def test_a_job_that_is_done_must_name_its_app() -> None:
    with pytest.raises(Unreadable):
        records.app_job({"status": "completed"})
    assert records.app_job({"status": "failed", "message": "no"}).has_failed
