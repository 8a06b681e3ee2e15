from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from bridge.remotes.rates import (
    LIMIT_HEADERS,
    LONGEST_WAIT_S,
    REMAINING_HEADERS,
    RESET_HEADERS,
    http_date,
    rate_reading,
    wait_s,
)

AT = datetime(2026, 11, 22, 9, 55, 10, tzinfo=UTC)


def test_what_remains_is_never_taken_for_a_time() -> None:
    assert wait_s(CaseInsensitiveDict({"X-Rate-Limit-Remaining": "3"}), server_at=AT) is None


def test_a_reset_that_is_past_asks_for_no_wait() -> None:
    reset = str(int(AT.timestamp()) - 5)
    assert wait_s(CaseInsensitiveDict({"X-Rate-Limit-Reset": reset}), server_at=AT) == 0


def test_retry_after_goes_before_the_reset() -> None:
    headers = CaseInsensitiveDict({"Retry-After": "7", "X-Rate-Limit-Reset": "41"})
    assert wait_s(headers, server_at=AT) == 7


def test_no_header_silences_us_for_good() -> None:
    for name, far in (("Retry-After", "99999999"), ("X-Rate-Limit-Reset", "99999999999")):
        assert wait_s(CaseInsensitiveDict({name: far}), server_at=AT) == LONGEST_WAIT_S


def test_the_reset_is_told_on_our_clock() -> None:
    # given a server that is ten minutes ahead
    server_at = AT + timedelta(minutes=10)
    reset = str(int(server_at.timestamp()) + 30)
    headers = CaseInsensitiveDict({"X-Rate-Limit-Limit": "5", "X-Rate-Limit-Reset": reset})
    reading = rate_reading("sailthru", "sailthru.user.get", headers=headers, at=AT, server_at=server_at)
    assert reading is not None
    assert reading.reset_at == AT + timedelta(seconds=30)


def test_a_date_is_read_in_the_form_of_http() -> None:
    assert http_date("Sun, 22 Nov 2026 09:55:10 GMT") == AT
    assert http_date("Sun, 22 Nov 2026 09:55:10 -0000") == AT
    assert http_date("Sun, 22 Nov 2026 10:55:10 +0100") == AT


NAMES = st.sampled_from([*LIMIT_HEADERS, *REMAINING_HEADERS, *RESET_HEADERS, "retry-after", "date"])


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(NAMES, st.text() | st.integers().map(str)))
def test_no_header_however_odd_breaks_anything(headers: dict[str, str]) -> None:
    odd = CaseInsensitiveDict(headers)
    wait = wait_s(odd, server_at=AT)
    assert wait is None or 0 <= wait <= LONGEST_WAIT_S
    http_date(headers.get("date", ""))
    reading = rate_reading("zendesk", "zendesk", headers=odd, at=AT, server_at=None)
    if reading is not None and reading.reset_at is not None:
        assert AT <= reading.reset_at <= AT + timedelta(seconds=LONGEST_WAIT_S)
