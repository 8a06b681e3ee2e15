"""What goes to Zendesk: the exact bytes of fields and tags, and every odd answer to a bulk update."""

from __future__ import annotations

from typing import Any

import pytest
from requests_mock import Adapter

from bridge.errors import Refused, SendAgain, TryLater
from bridge.remotes.transport import Transport
from bridge.remotes.zendesk import Zendesk
from bridge.remotes.zendesk_errors import NotFound
from schemas.installation import ZendeskAccount
from tests.bridge.remotes.still_clock import StillClock

HOST = "https://acme.zendesk.test"
API = f"{HOST}/api/v2"
LEGACY = ZendeskAccount(url=HOST, email="ops@acme.test", api_token="t0ken")
MANY = f"{API}/users/update_many"
JOB = f"{API}/job_statuses/ab12"


@pytest.fixture
def zendesk(wire: Adapter) -> Zendesk:
    clock = StillClock()
    return Zendesk(LEGACY, clock=clock, on_rate=lambda _reading: None, transport=Transport(clock, wire))


def sent(wire: Adapter) -> tuple[str, str, str]:
    request = wire.last_request
    assert request is not None
    return request.method, request.path, request.body.decode()


def test_fields_of_one_user_are_set_by_key_and_null_empties(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("PUT", f"{API}/users/7", json={"user": {"id": 7}})
    zendesk.set_user_fields(7, {"sailthru_optout": "all", "sailthru_value_score": None})
    assert sent(wire) == (
        "PUT",
        "/api/v2/users/7",
        '{"user":{"user_fields":{"sailthru_optout":"all","sailthru_value_score":null}}}',
    )


@pytest.mark.parametrize(
    ("verb", "method", "path"),
    [
        ("add_user_tags", "PUT", "/api/v2/users/7/tags"),
        ("remove_user_tags", "DELETE", "/api/v2/users/7/tags"),
        ("add_ticket_tags", "PUT", "/api/v2/tickets/7/tags"),
        ("remove_ticket_tags", "DELETE", "/api/v2/tickets/7/tags"),
    ],
)
def test_tags_are_added_and_removed_and_never_replaced(
    zendesk: Zendesk, wire: Adapter, verb: str, method: str, path: str
) -> None:
    wire.register_uri(method, f"{HOST}{path}", json={"tags": ["vip"]})
    getattr(zendesk, verb)(7, ["sailthru_highvalue"])
    assert sent(wire) == (method, path, '{"tags":["sailthru_highvalue"]}')


def test_many_users_are_set_in_one_call_without_their_tags(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("PUT", MANY, json={"job_status": {"id": "ab12", "status": "queued", "results": None}})
    job = zendesk.set_fields_of_many({8: {"sailthru_optout": "all"}, 7: {"sailthru_optout": None}})
    assert (job.id, job.state, job.is_ended, job.results) == ("ab12", "queued", False, ())
    assert sent(wire)[2] == (
        '{"users":[{"id":8,"user_fields":{"sailthru_optout":"all"}},'
        '{"id":7,"user_fields":{"sailthru_optout":null}}]}'
    )


def test_more_than_a_hundred_are_never_sent_at_once(zendesk: Zendesk, wire: Adapter) -> None:
    for numbers in (range(0), range(1, 102)):
        with pytest.raises(ValueError, match="between 1 and 100"):
            zendesk.set_fields_of_many({number: {} for number in numbers})
    assert wire.call_count == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], {"job_status": None}, {"job_status": {"id": 7}}, {"job_status": {"id": "a", "status": "?"}}],
)
def test_a_bulk_update_whose_job_nobody_knows_may_have_been_applied(
    zendesk: Zendesk, wire: Adapter, body: Any
) -> None:
    wire.register_uri("PUT", MANY, json=body)
    with pytest.raises(SendAgain):
        zendesk.set_fields_of_many({7: {}})


def test_a_job_tells_how_each_user_fared(zendesk: Zendesk, wire: Adapter) -> None:
    results = [
        {"index": 0, "id": 8, "action": "update", "status": "Updated", "success": True},
        {"index": 1, "success": False, "error": "RecordInvalid", "details": {"base": ["is odd"]}},
        {"id": "9", "error": "RecordNotFound"},
        "odd",
    ]
    status = {"id": "ab12", "status": "Completed", "results": results}
    wire.register_uri("GET", JOB, json={"job_status": status})
    job = zendesk.job_status("ab12")
    assert job.is_ended
    fared = [job.of(number, index) for index, number in enumerate((8, 7, 9, 6))]
    assert [one and one.is_done for one in fared] == [True, False, False, None]
    assert fared[1] is not None
    assert (fared[1].error, fared[1].details) == ("RecordInvalid", "base is odd")


def test_a_result_that_names_another_user_at_our_index_says_nothing_of_ours(
    zendesk: Zendesk, wire: Adapter
) -> None:
    results = [{"index": 0, "id": 9, "success": True}]
    wire.register_uri("GET", JOB, json={"job_status": {"id": "a", "status": "completed", "results": results}})
    assert zendesk.job_status("ab12").of(7, 0) is None


@pytest.mark.parametrize("body", [{}, {"job_status": {"id": "ab12"}}, {"job_status": {"status": "working"}}])
def test_a_job_that_cannot_be_read_is_asked_again(zendesk: Zendesk, wire: Adapter, body: Any) -> None:
    wire.register_uri("GET", JOB, json=body)
    with pytest.raises(TryLater):
        zendesk.job_status("ab12")


def test_a_job_that_is_forgotten_is_not_found(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", JOB, status_code=404, json={"error": "RecordNotFound"})
    with pytest.raises(NotFound):
        zendesk.job_status("ab12")


def test_a_job_id_cannot_lead_elsewhere(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri(
        "GET", f"{API}/job_statuses/..%2Fusers%2F7", json={"job_status": {"id": "a", "status": "working"}}
    )
    zendesk.job_status("../users/7")


def test_all_pages_of_user_fields_are_read(zendesk: Zendesk, wire: Adapter) -> None:
    first = {
        "user_fields": [{"key": "a", "type": "text"}, {"key": None}, 7, {"key": "b", "active": False}],
        "meta": {"has_more": True, "after_cursor": "c2"},
    }
    second = {"user_fields": [{"key": "c", "type": "date"}], "meta": {"has_more": False}}
    wire.register_uri("GET", f"{API}/user_fields", [{"json": first}, {"json": second}])
    fields = zendesk.user_fields()
    assert [(one.key, one.type, one.is_active) for one in fields] == [
        ("a", "text", True),
        ("b", "", False),
        ("c", "date", True),
    ]
    assert wire.last_request is not None
    assert "page%5bafter%5d=c2" in wire.last_request.query


def test_an_endless_list_of_fields_comes_to_an_end(zendesk: Zendesk, wire: Adapter) -> None:
    def page(_request: Any, _context: Any) -> dict[str, Any]:
        return {"user_fields": [], "meta": {"has_more": True, "after_cursor": f"c{wire.call_count}"}}

    wire.register_uri("GET", f"{API}/user_fields", json=page)
    assert zendesk.user_fields() == ()
    assert wire.call_count < 50


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (422, Refused), (429, TryLater), (504, SendAgain)]
)
def test_a_write_that_fails_says_what_happens_next(
    zendesk: Zendesk, wire: Adapter, status: int, kind: type[Exception]
) -> None:
    details = {"sailthru_value_score": [{"description": "is no number", "error": "InvalidValue"}]}
    wire.register_uri("PUT", f"{API}/users/7", status_code=status, json={"error": "x", "details": details})
    with pytest.raises(kind) as caught:
        zendesk.set_user_fields(7, {"sailthru_value_score": 4})
    assert "sailthru_value_score" in str(caught.value)
