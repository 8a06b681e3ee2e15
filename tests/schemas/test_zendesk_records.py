"""Records of the REST API are spelled as the events are, or a reading would look like a change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import zendesk_records as records
from schemas.errors import Unreadable
from schemas.zendesk_events import read_delivery

ARRIVED = datetime(2026, 11, 22, 10, tzinfo=UTC)
TIMES = {"created_at": "2026-11-22T09:55:16Z", "updated_at": "2026-11-22T09:55:17Z"}


def event_data(kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    envelope = {
        "id": "cbe4028c-7239-495d-b020-f22348516046",
        "type": f"zen:event-type:{kind}.created",
        "time": "2026-11-22T09:55:17.123456789Z",
        "detail": detail,
        "event": {},
    }
    [event] = read_delivery(json.dumps(envelope).encode(), installation="acme", received_at=ARRIVED).events
    data = event.data[kind]
    assert isinstance(data, dict)
    return data


def test_a_public_ticket_reads_as_its_event_tells_it() -> None:
    rest = {
        "id": 991,
        "requester_id": 7,
        "status": "open",
        "subject": "Zażółć ✓",
        "via": {"channel": "web", "source": {}},
        "is_public": True,
        **TIMES,
    }
    told = {**rest, "id": "991", "requester_id": "7", "status": "OPEN", "via": {"channel": "WEB"}}
    assert records.ticket(rest).as_fact() == event_data("ticket", told)


def test_a_ticket_of_which_little_is_known_reads_as_its_event_tells_it() -> None:
    rest = {"id": 991, "requester_id": None, "subject": None, "via": None, "is_public": True}
    assert records.ticket(rest).as_fact() == event_data("ticket", {**rest, "id": "991"})


@pytest.mark.parametrize("public", [False, None, "absent"])
def test_a_ticket_that_is_not_surely_public_has_no_subject(public: Any) -> None:
    rest = {"id": 991, "subject": "my illness"} | ({} if public == "absent" else {"is_public": public})
    ticket = records.ticket(rest)
    assert (ticket.subject, ticket.public) == ("", False)
    assert ticket.as_fact() == event_data("ticket", {**rest, "id": "991"})


def test_a_user_reads_as_its_event_tells_it() -> None:
    rest = {"id": 7, "email": " Anna@Example.COM", "role": "end-user", "active": True, "tags": [], **TIMES}
    told = {**rest, "id": "7", "role": "END_USER"}
    assert records.user(rest).as_fact() == event_data("user", told)


def test_a_user_without_an_address_is_normal() -> None:
    assert records.user({"id": 7, "email": None}).email is None
    assert records.user({"id": 7, "email": ""}).email is None
    assert records.user({"id": 7}).as_fact() == event_data("user", {"id": "7", "email": ""})


@pytest.mark.parametrize(
    ("record", "tags"),
    [({}, None), ({"tags": None}, None), ({"tags": []}, ()), ({"tags": ["vip", "a", "vip"]}, ("a", "vip"))],
)
def test_an_account_without_user_tags_is_not_a_user_without_tags(
    record: dict[str, Any], tags: tuple[str, ...] | None
) -> None:
    assert records.user({"id": 7, **record}).tags == tags


@pytest.mark.parametrize(("active", "read"), [(True, True), (False, False), (None, True)])
def test_only_a_plain_no_means_deleted(active: bool | None, read: bool) -> None:
    assert records.user({"id": 7, "active": active}).active is read


def test_characters_that_no_ledger_stores_are_left_out() -> None:
    ticket = records.ticket({"id": 1, "subject": "a\x00b\ud800c", "is_public": True})
    user = records.user({"id": 7, "email": "a\x00@b.test", "tags": ["v\x00ip"]})
    assert ticket.subject == "abc"
    assert (user.email, user.tags) == ("a@b.test", ("vip",))


@pytest.mark.parametrize("number", [2**63, 10**40, -5, 0, None, "x", 1.5, True, []])
def test_an_id_that_cannot_be_one_is_unreadable(number: Any) -> None:
    for read in (records.user, records.ticket):
        with pytest.raises(Unreadable):
            read({"id": number})


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(), one, max_size=3),
    max_leaves=5,
)
FIELDS = ["id", "email", "role", "active", "tags", "created_at", "updated_at"]
FIELDS += ["requester_id", "status", "subject", "via", "is_public"]


@settings(deadline=None)  # the machine may be busy
@given(
    junk
    | st.dictionaries(st.sampled_from(FIELDS), junk)
    | st.fixed_dictionaries({"id": st.just(7)}, optional=dict.fromkeys(FIELDS[1:], junk))
)
def test_junk_is_read_or_unreadable(record: Any) -> None:
    for read in (records.user, records.ticket):
        try:
            json.dumps(read(record).as_fact()).encode("ascii")
        except Unreadable:
            continue
