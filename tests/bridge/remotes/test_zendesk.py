from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests_mock import Adapter
from structlog.testing import capture_logs

from bridge.errors import BadCredentials, BridgeError, Refused, SendAgain, TryLater
from bridge.remotes.rates import RateReading
from bridge.remotes.transport import Transport
from bridge.remotes.zendesk import Zendesk
from bridge.remotes.zendesk_token import OAuthToken
from schemas.installation import ZendeskAccount
from tests.bridge.remotes.still_clock import NOW, StillClock

HOST = "https://acme.zendesk.test"
TOKEN_URL = f"{HOST}/oauth/tokens"
USER_URL = f"{HOST}/api/v2/users/7"
OAUTH = ZendeskAccount(url=HOST, oauth_client_id="bridge", oauth_client_secret="c1ient-s3cret")
LEGACY = ZendeskAccount(url=HOST, email="ops@acme.test", api_token="t0ken")
SERVER_DATE = "Sun, 22 Nov 2026 09:55:10 GMT"
SERVER_AT = datetime(2026, 11, 22, 9, 55, 10, tzinfo=UTC)
ANNA = {"id": 7, "email": " Anna@Example.com", "role": "end-user", "active": True, "tags": ["vip"]}


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def readings() -> list[RateReading]:
    return []


@pytest.fixture
def zendesk(wire: Adapter, clock: StillClock, readings: list[RateReading]) -> Zendesk:
    return Zendesk(LEGACY, clock=clock, on_rate=readings.append, transport=Transport(clock, wire))


@pytest.fixture
def oauth_zendesk(wire: Adapter, clock: StillClock) -> Zendesk:
    return Zendesk(OAUTH, clock=clock, on_rate=lambda _reading: None, transport=Transport(clock, wire))


def last(wire: Adapter) -> Any:
    assert wire.last_request is not None
    return wire.last_request


def test_a_user_is_read_in_the_events_spelling(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", USER_URL, json={"user": ANNA}, headers={"Date": SERVER_DATE})

    reading = zendesk.user(7)

    assert reading is not None
    assert (reading.value.id, reading.value.email, reading.value.tags) == (7, "anna@example.com", ("vip",))
    assert reading.sent_at == SERVER_AT


def test_a_reading_is_dated_when_its_request_was_sent(
    zendesk: Zendesk, wire: Adapter, clock: StillClock
) -> None:
    def answer_after_three_seconds(_request: Any, context: Any) -> dict[str, Any]:
        clock.move(3)
        context.headers["Date"] = SERVER_DATE
        return {"user": ANNA}

    wire.register_uri("GET", USER_URL, json=answer_after_three_seconds)
    reading = zendesk.user(7)
    assert reading is not None
    assert reading.sent_at == SERVER_AT - timedelta(seconds=3)


def test_without_a_date_our_own_clock_stands(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", USER_URL, json={"user": ANNA}, headers={"Date": "yesterday"})
    reading = zendesk.user(7)
    assert reading is not None
    assert reading.sent_at == NOW


@pytest.mark.parametrize("body", ['{"error": "RecordNotFound", "description": "Not found"}', ""])
def test_a_missing_record_reads_as_none(zendesk: Zendesk, wire: Adapter, body: str) -> None:
    for path in ("users/7", "tickets/991", "users/7/tickets/requested"):
        wire.register_uri("GET", f"{HOST}/api/v2/{path}", status_code=404, text=body)
    assert zendesk.user(7) is None
    assert zendesk.ticket(991) is None
    assert zendesk.tickets_of(7) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "<html>Help Center Closed"},
        {"json": {"error": {"title": "No help desk at acme", "message": "There is none at this address"}}},
    ],
)
def test_a_404_that_is_not_about_the_record_does_not_read_as_none(
    zendesk: Zendesk, wire: Adapter, answer: dict[str, Any]
) -> None:
    wire.register_uri("GET", USER_URL, status_code=404, **answer)
    with pytest.raises(TryLater):
        zendesk.user(7)


def test_an_address_that_zendesk_does_not_know_is_our_mistake(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", USER_URL, status_code=404, json={"error": "InvalidEndpoint"})
    with pytest.raises(Refused) as caught:
        zendesk.user(7)
    assert caught.value.reason == "bad_request"


def test_several_users_are_read_in_one_call(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", f"{HOST}/api/v2/users/show_many", json={"users": [ANNA, {**ANNA, "id": 8}]})
    reading = zendesk.users([7, 8, 9])
    assert [user.id for user in reading.value] == [7, 8]
    assert last(wire).url == f"{HOST}/api/v2/users/show_many?ids=7%2C8%2C9"


@pytest.mark.parametrize("count", [0, 101])
def test_no_call_reads_none_or_more_than_a_hundred(zendesk: Zendesk, wire: Adapter, count: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 100"):
        zendesk.users(range(count))
    assert wire.call_count == 0


def test_tickets_are_read_page_by_page(zendesk: Zendesk, wire: Adapter) -> None:
    url = f"{HOST}/api/v2/users/7/tickets/requested"
    pages = [
        {"tickets": [{"id": 1}], "meta": {"has_more": True, "after_cursor": "a=="}},
        {"tickets": [{"id": 2}], "meta": {"has_more": False, "after_cursor": "b=="}},
    ]
    wire.register_uri("GET", url, [{"json": page} for page in pages])

    first = zendesk.tickets_of(7)
    assert first is not None
    second = zendesk.tickets_of(7, first.value.after)

    assert second is not None
    assert [ticket.id for ticket in first.value.items + second.value.items] == [1, 2]
    assert (first.value.after, second.value.after) == ("a==", None)
    urls = [request.url for request in wire.request_history]
    assert urls == [f"{url}?page%5Bsize%5D=100", f"{url}?page%5Bsize%5D=100&page%5Bafter%5D=a%3D%3D"]


@pytest.mark.parametrize(
    "rest",
    [
        {"meta": {"has_more": True}},
        {"meta": {"has_more": True, "after_cursor": "same"}},
        {"next_page": f"{HOST}/api/v2/users/7/tickets/requested?page=2"},
    ],
)
def test_a_list_that_is_not_surely_complete_never_looks_complete(
    zendesk: Zendesk, wire: Adapter, rest: dict[str, Any]
) -> None:
    wire.register_uri("GET", f"{HOST}/api/v2/users/7/tickets/requested", json={"tickets": [], **rest})
    with pytest.raises(TryLater) as caught:
        zendesk.tickets_of(7, "same")
    assert caught.value.reason == "garbled"


STATUSES: list[tuple[int, type[BridgeError], type[BridgeError], str]] = [
    (302, TryLater, TryLater, "redirected"),
    (400, Refused, Refused, "bad_request"),
    (401, BadCredentials, BadCredentials, ""),
    (403, Refused, Refused, "forbidden"),
    (408, TryLater, TryLater, "timeout"),
    (409, TryLater, TryLater, "conflict"),
    (413, Refused, Refused, "too_large"),
    (422, Refused, Refused, "invalid"),
    (429, TryLater, TryLater, "rate_limited"),
    (500, TryLater, TryLater, "server_error"),
    (502, TryLater, SendAgain, "server_error"),
    (503, TryLater, TryLater, "server_error"),
    (504, TryLater, SendAgain, "server_error"),
]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(("status", "reading", "writing", "reason"), STATUSES)
def test_every_status_says_what_follows(
    zendesk: Zendesk,
    wire: Adapter,
    method: str,
    status: int,
    reading: type[BridgeError],
    writing: type[BridgeError],
    reason: str,
) -> None:
    wire.register_uri(method, USER_URL, status_code=status, json={"error": "Some", "description": "words"})
    with pytest.raises(BridgeError) as caught:
        call(zendesk, method)
    assert type(caught.value) is (reading if method == "GET" else writing)
    assert getattr(caught.value, "reason", "") == reason
    assert wire.call_count == 1


def test_a_403_that_names_the_token_is_about_the_credentials(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", USER_URL, status_code=403, json={"error": "invalid_token"})
    with pytest.raises(BadCredentials):
        zendesk.user(7)


def test_a_refused_write_names_the_field_and_hides_the_address(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri(
        "PUT",
        USER_URL,
        status_code=422,
        json={
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {"email": [{"description": "Email: jo@doe.test is taken", "error": "DuplicateValue"}]},
        },
    )
    with pytest.raises(Refused) as caught:
        call(zendesk, "PUT")
    assert (caught.value.reason, caught.value.code) == ("invalid", "RecordInvalid")
    assert caught.value.detail == "HTTP 422: email DuplicateValue Email: *** is taken"


def test_the_webhooks_apis_errors_are_read_too(zendesk: Zendesk, wire: Adapter) -> None:
    errors = [{"code": "InvalidEventSubscription", "title": "Bad", "detail": "no such type"}]
    wire.register_uri("POST", f"{HOST}/api/v2/webhooks", status_code=400, json={"errors": errors})
    with pytest.raises(Refused) as caught:
        zendesk.post("/api/v2/webhooks", {})
    assert caught.value.code == "InvalidEventSubscription"
    assert "no such type" in caught.value.detail


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [("93", 93.0), ("Sun, 22 Nov 2026 09:55:40 GMT", 30.0), ("soon", None), ("-5", None), ("9" * 30, None)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_seconds_or_a_date(
    zendesk: Zendesk, wire: Adapter, status: int, asked: str, wait_s: float | None
) -> None:
    headers = {"Retry-After": asked, "Date": SERVER_DATE}
    wire.register_uri("GET", USER_URL, status_code=status, json={}, headers=headers)
    with pytest.raises(TryLater) as caught:
        zendesk.user(7)
    assert caught.value.after_s == wait_s


SPELLINGS = [
    {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699"},
    {"x-rate-limit-limit": "700", "x-rate-limit-remaining": "699", "x-rate-limit-reset": "41"},
    {"rate-limit": "700", "rate-limit-remaining": "699"},
    {"ratelimit-limit": "700, 700;w=60", "ratelimit-remaining": "699", "ratelimit-reset": "41"},
    {"zendesk-rate-limit-limit": "700", "zendesk-rate-limit-remaining": "699"},
    {"zendesk-ratelimit-limit": "700", "zendesk-ratelimit-remaining": "699", "zendesk-ratelimit-reset": "41"},
]


@pytest.mark.parametrize("headers", SPELLINGS)
def test_every_spelling_of_the_quota_is_read(
    zendesk: Zendesk, wire: Adapter, readings: list[RateReading], headers: dict[str, str]
) -> None:
    wire.register_uri("GET", USER_URL, json={"user": ANNA}, headers=headers)
    zendesk.user(7)
    [reading] = readings
    assert (reading.system, reading.bucket, reading.limit, reading.remaining) == (
        "zendesk",
        "zendesk",
        700,
        699,
    )
    assert reading.reset_at in (None, NOW + timedelta(seconds=41))
    assert (reading.reset_at is None) == (not any("reset" in name for name in headers))


def test_a_write_sends_json_and_reads_an_empty_reply(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("DELETE", f"{USER_URL}/tags", status_code=204)
    reading = zendesk.delete("/api/v2/users/7/tags", {"tags": ["sailthru_highvalue"]})
    assert reading.value is None
    assert last(wire).json() == {"tags": ["sailthru_highvalue"]}
    assert last(wire).headers["Content-Type"] == "application/json"


def test_me_tells_who_we_are_and_how_far_the_clocks_are_apart(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri(
        "GET",
        f"{HOST}/api/v2/users/me",
        json={"user": {"id": 1, "role": "admin", "email": "ops@acme.test"}},
        headers={"Date": SERVER_DATE},
    )
    me = zendesk.me()
    assert me.user.role == "admin"
    assert me.skew_s == -290  # 9:55:10 there, 10:00:00 here


def test_an_anonymous_me_is_bad_credentials(zendesk: Zendesk, wire: Adapter) -> None:
    wire.register_uri("GET", f"{HOST}/api/v2/users/me", json={"user": {"id": None, "role": "end-user"}})
    with pytest.raises(BadCredentials):
        zendesk.me()


JUNK = [b"", b"<html>", b"null", b"[]", b'{"user": []}', b'{"user": {"id": "x"}}', b"[" * 100_000, b"\xff"]
JUNK += [b'{"user": {"id": 9223372036854775808}}', b'{"user": {"id": 7, "created_at": "yesterday"}}']


@pytest.mark.parametrize("body", JUNK)
def test_junk_is_read_again_later(zendesk: Zendesk, wire: Adapter, body: bytes) -> None:
    wire.register_uri("GET", USER_URL, content=body)
    with pytest.raises(TryLater) as caught:
        zendesk.user(7)
    assert caught.value.reason == "garbled"


class AnnouncingLock:
    """A lock that tells when somebody comes to it."""

    def __init__(self, arrivals: threading.Semaphore) -> None:
        self._lock = threading.Lock()
        self._arrivals = arrivals

    def __enter__(self) -> None:
        self._arrivals.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class TestSigningIn:
    def test_the_legacy_token_is_basic_and_warns_once(self, zendesk: Zendesk, wire: Adapter) -> None:
        wire.register_uri("GET", USER_URL, json={"user": ANNA})
        with capture_logs() as logs:
            zendesk.user(7)
            zendesk.user(7)
        pair = base64.b64encode(b"ops@acme.test/token:t0ken").decode()
        assert last(wire).headers["Authorization"] == f"Basic {pair}"
        assert [line["action"] for line in logs] == ["api_token_used"]
        assert "2027-04-30" in logs[0]["event"]
        assert "t0ken" not in str(logs)

    def test_no_way_to_sign_in_is_bad_credentials(self, wire: Adapter, clock: StillClock) -> None:
        account = ZendeskAccount(url=HOST)
        nobody = Zendesk(account, clock=clock, on_rate=print, transport=Transport(clock, wire))
        with pytest.raises(BadCredentials):
            nobody.user(7)
        assert wire.call_count == 0

    def test_one_token_serves_many_calls_until_a_minute_before_its_end(
        self, oauth_zendesk: Zendesk, wire: Adapter, clock: StillClock
    ) -> None:
        tokens = wire.register_uri(
            "POST", TOKEN_URL, [{"json": {"access_token": f"t{n}", "expires_in": 300}} for n in (1, 2)]
        )
        wire.register_uri("GET", USER_URL, json={"user": ANNA})

        oauth_zendesk.user(7)
        clock.move(239)
        oauth_zendesk.user(7)
        assert tokens.call_count == 1
        assert last(wire).headers["Authorization"] == "Bearer t1"

        clock.move(1)
        oauth_zendesk.user(7)
        assert tokens.call_count == 2
        assert last(wire).headers["Authorization"] == "Bearer t2"
        assert wire.request_history[0].json() == {
            "grant_type": "client_credentials",
            "client_id": "bridge",
            "client_secret": "c1ient-s3cret",
            "scope": "read write",
        }

    @pytest.mark.parametrize("life", [None, "soon", 0, -1, True, float("1e300")])
    def test_a_token_of_unknown_life_is_good_for_half_an_hour(
        self, oauth_zendesk: Zendesk, wire: Adapter, clock: StillClock, life: Any
    ) -> None:
        tokens = wire.register_uri("POST", TOKEN_URL, json={"access_token": "t", "expires_in": life})
        wire.register_uri("GET", USER_URL, json={"user": ANNA})
        oauth_zendesk.user(7)
        clock.move(1739)
        oauth_zendesk.user(7)
        assert tokens.call_count == 1
        clock.move(1)
        oauth_zendesk.user(7)
        assert tokens.call_count == 2

    def test_a_401_renews_the_token_once(self, oauth_zendesk: Zendesk, wire: Adapter) -> None:
        wire.register_uri("POST", TOKEN_URL, [{"json": {"access_token": f"t{n}"}} for n in (1, 2)])
        wire.register_uri("PUT", USER_URL, [{"status_code": 401, "json": {}}, {"json": {"user": ANNA}}])
        oauth_zendesk.put("/api/v2/users/7", {"user": {}})
        assert last(wire).headers["Authorization"] == "Bearer t2"
        assert wire.call_count == 4

    def test_a_second_401_is_bad_credentials(self, oauth_zendesk: Zendesk, wire: Adapter) -> None:
        tokens = wire.register_uri("POST", TOKEN_URL, json={"access_token": "t1"})
        wire.register_uri("GET", USER_URL, status_code=401, json={"error": "Couldn't authenticate you"})
        with pytest.raises(BadCredentials):
            oauth_zendesk.user(7)
        assert tokens.call_count == 2

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ({"status_code": 401, "json": {"error": "invalid_client"}}, BadCredentials),
            ({"status_code": 400, "json": {"error": "invalid_grant"}}, BadCredentials),
            ({"status_code": 404, "json": {"error": "RecordNotFound"}}, BadCredentials),
            ({"status_code": 429, "json": {}}, TryLater),
            ({"status_code": 502, "text": "<html>"}, TryLater),
            ({"json": {}}, TryLater),
            ({"json": {"access_token": "one\r\ntwo"}}, TryLater),
            ({"text": "<html>"}, TryLater),
            ({"exc": TimeoutError}, TryLater),
        ],
    )
    def test_a_token_that_is_not_had_says_nothing_about_the_user(
        self, oauth_zendesk: Zendesk, wire: Adapter, answer: dict[str, Any], kind: type[BridgeError]
    ) -> None:
        wire.register_uri("POST", TOKEN_URL, **answer)
        for attempt in (lambda: oauth_zendesk.user(7), lambda: oauth_zendesk.put("/api/v2/users/7", {})):
            with pytest.raises(BridgeError) as caught:
                attempt()
            assert type(caught.value) is kind
            assert "c1ient-s3cret" not in str(caught.value)

    def test_threads_that_wait_for_a_renewal_share_its_failure(
        self, wire: Adapter, clock: StillClock
    ) -> None:
        # given a token address that fails while nine threads wait for the tenth
        held, asked = threading.Event(), threading.Event()

        def fail_when_let_go(_request: Any, context: Any) -> dict[str, Any]:
            asked.set()
            held.wait(10)
            context.status_code = 503
            return {}

        tokens = wire.register_uri("POST", TOKEN_URL, json=fail_when_let_go)
        keeper = OAuthToken(OAUTH, transport=Transport(clock, wire), clock=clock)
        at_the_lock = threading.Semaphore(0)
        keeper._lock = AnnouncingLock(at_the_lock)  # type: ignore[assignment]
        errors: list[BridgeError] = []

        def sign_in() -> None:
            try:
                keeper.header()
            except BridgeError as error:
                errors.append(error)

        threads = [threading.Thread(target=sign_in) for _ in range(10)]
        threads[0].start()
        assert asked.wait(10)
        for thread in threads[1:]:
            thread.start()
        for _ in threads:  # each has seen that no renewal has ended yet, and comes to the lock
            assert at_the_lock.acquire(timeout=10)
        held.set()
        for thread in threads:
            thread.join(10)

        assert len(errors) == 10
        assert all(isinstance(error, TryLater) for error in errors)
        assert tokens.call_count == 1


def call(zendesk: Zendesk, method: str) -> None:
    if method == "GET":
        zendesk.get("/api/v2/users/7")
    elif method == "POST":
        zendesk.post("/api/v2/users/7", {"user": {}})
    elif method == "PUT":
        zendesk.put("/api/v2/users/7", {"user": {}})
    else:
        zendesk.delete("/api/v2/users/7")
